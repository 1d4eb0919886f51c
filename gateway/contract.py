"""The contract as the build left it: every method with its HTTP rule, and what the comments say."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from google.api import resource_pb2
from google.api.annotations_pb2 import http
from google.api.http_pb2 import HttpRule
from google.api.resource_pb2 import ResourceDescriptor
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

OURS = "interchange/"
SHARED = "common"  # the package whose services every program answers for itself
# Where descriptor.proto keeps its parts: source info names places by these numbers.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE = 4, 5, 6
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM = 2, 3, 4
ENUM_VALUE = 2
SERVICE_METHOD = 2

Path = tuple[int, ...]


@cache
def image() -> FileDescriptorSet:
    """The whole contract with its comments."""
    raw = files("interchange").joinpath("descriptors.binpb").read_bytes()
    return FileDescriptorSet.FromString(raw)


@cache
def services() -> tuple[ServiceDescriptor, ...]:
    """Every service in the contract, in the order of the files."""
    ours = [file for file in image().file if file.name.startswith(OURS)]
    for file in ours:  # the generated module registers its types
        importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    pool = descriptor_pool.Default()
    return tuple(
        pool.FindServiceByName(f"{file.package}.{service.name}")
        for file in ours
        for service in file.service
    )


def methods() -> Iterator[MethodDescriptor]:
    """Every method of every service."""
    for service in services():
        yield from service.methods


def rule_of(method: MethodDescriptor) -> HttpRule:
    """The method's HTTP rule; an empty one when it has none."""
    rule: HttpRule = method.GetOptions().Extensions[http]  # type: ignore[index]  # untyped in the stub
    return rule


def program_of(service: ServiceDescriptor) -> str:
    """The program that answers a service: `interchange.identity.v1.PersonService` is identity's."""
    return str(service.full_name).split(".")[1]


@cache
def singulars() -> Mapping[str, str]:
    """What one thing of a collection is called, as the resources' patterns say: `people` is `person`."""
    found: dict[str, str] = {}
    for file in image().file:
        for message in file.message_type:
            resource: ResourceDescriptor = message.options.Extensions[resource_pb2.resource]  # type: ignore[index]
            for pattern in resource.pattern:
                found |= re.findall(r"(\w+)/\{(\w+)\}", pattern)
    return found


def singular(collection: str) -> str:
    """What one thing of a collection is called."""
    plain = collection[:-3] + "y" if collection.endswith("ies") else collection.removesuffix("s")
    return singulars().get(collection, plain)


@cache
def comments() -> Mapping[str, str]:
    """What the contract says of each service, method, message, field, enum and value, by full name."""
    found: dict[str, str] = {}
    for file in image().file:
        if file.name.startswith(OURS):
            said = _said(file)
            found |= {name: said[path] for name, path in _places(file) if path in said}
    return found


def _said(file: FileDescriptorProto) -> dict[Path, str]:
    return {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in file.source_code_info.location
        if place.leading_comments
    }


def _places(file: FileDescriptorProto) -> Iterator[tuple[str, Path]]:
    for index, message in enumerate(file.message_type):
        yield from _in_message(message, f"{file.package}.{message.name}", (FILE_MESSAGE, index))
    for index, enum in enumerate(file.enum_type):
        yield from _in_enum(enum, f"{file.package}.{enum.name}", (FILE_ENUM, index))
    for index, service in enumerate(file.service):
        yield from _in_service(service, f"{file.package}.{service.name}", (FILE_SERVICE, index))


def _in_message(message: DescriptorProto, name: str, path: Path) -> Iterator[tuple[str, Path]]:
    yield name, path
    for index, field in enumerate(message.field):
        yield f"{name}.{field.name}", (*path, MESSAGE_FIELD, index)
    for index, nested in enumerate(message.nested_type):
        yield from _in_message(nested, f"{name}.{nested.name}", (*path, MESSAGE_NESTED, index))
    for index, enum in enumerate(message.enum_type):
        yield from _in_enum(enum, f"{name}.{enum.name}", (*path, MESSAGE_ENUM, index))


def _in_enum(enum: EnumDescriptorProto, name: str, path: Path) -> Iterator[tuple[str, Path]]:
    yield name, path
    for index, value in enumerate(enum.value):
        yield f"{name}.{value.name}", (*path, ENUM_VALUE, index)


def _in_service(
    service: ServiceDescriptorProto, name: str, path: Path
) -> Iterator[tuple[str, Path]]:
    yield name, path
    for index, method in enumerate(service.method):
        yield f"{name}.{method.name}", (*path, SERVICE_METHOD, index)
