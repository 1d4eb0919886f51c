"""The contract in the protos: complete, bounded, explained, and every call of it has a rule."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from google.api.annotations_pb2 import http
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from interchange.common.v1.events_pb2 import subject

from cli.settings import SERVICES

IMAGE = FileDescriptorSet.FromString(
    files("interchange").joinpath("descriptors.binpb").read_bytes()
)
OURS = [file for file in IMAGE.file if file.name.startswith("interchange/")]
SHARED = "interchange.common.v1"
# Fields of a page's request and answer, by AIP-158.
PAGE_SIZE, PAGE_TOKEN, NEXT_PAGE_TOKEN = "page_size", "page_token", "next_page_token"
TEXT = FieldDescriptorProto.TYPE_STRING


def program_of(file: FileDescriptorProto) -> str:
    return file.package.split(".")[1]


def messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    def walk(prefix: str, message: DescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
        yield f"{prefix}.{message.name}", message
        for nested in message.nested_type:
            yield from walk(f"{prefix}.{message.name}", nested)

    for message in file.message_type:
        yield from walk(file.package, message)


def methods(program: str) -> set[str]:
    """Every RPC that a program answers, the shared ones too."""
    return {
        method.name
        for file in OURS
        if program_of(file) == program or file.package == SHARED
        for service in file.service
        for method in service.method
    }


@pytest.mark.parametrize("program", SERVICES)
def test_every_call_has_a_rule_and_every_rule_a_call(program: str) -> None:
    rules = importlib.import_module(f"services.{program}.policy").RULES

    assert set(rules) == methods(program)


def test_method_names_are_unique_in_a_program() -> None:
    for program in SERVICES:
        names = [
            method.name
            for file in OURS
            if program_of(file) == program
            for service in file.service
            for method in service.method
        ]
        assert len(names) == len(set(names))


def test_every_list_is_paged() -> None:
    for file in OURS:
        known = {message.name: message for message in file.message_type}
        for service in file.service:
            for method in service.method:
                if not method.name.startswith(("List", "Search", "Suggest")):
                    continue
                if method.name in {"ListSigningKeys"}:  # a handful by nature
                    continue
                asked = {field.name for field in known[f"{method.name}Request"].field}
                answered = {field.name for field in known[f"{method.name}Response"].field}
                assert {PAGE_SIZE, PAGE_TOKEN} <= asked, method.name
                assert NEXT_PAGE_TOKEN in answered, method.name


def test_everything_is_explained() -> None:
    """Each message, field, enum value and method has a comment."""
    unexplained = []
    for file in OURS:
        for location in file.source_code_info.location:
            if _is_declaration(list(location.path)) and not location.leading_comments.strip():
                unexplained.append(f"{file.name}:{location.span[0] + 1}")
    assert not unexplained


def test_every_text_and_list_that_callers_send_is_bounded() -> None:
    from buf.validate.validate_pb2 import field as rules

    unbounded = []
    for file in OURS:
        for name, message in messages(file):
            if not name.endswith("Request") or name.endswith(".Request"):  # a resource's name
                continue
            for field in message.field:
                constraint = field.options.Extensions[rules]
                if field.type == TEXT and field.label != FieldDescriptorProto.LABEL_REPEATED:
                    text = constraint.string
                    bounded = text.max_len or text.pattern or getattr(text, "in") or text.len
                    if not bounded:
                        unbounded.append(f"{name}.{field.name}")
                is_list = field.label == FieldDescriptorProto.LABEL_REPEATED
                if is_list and not constraint.repeated.max_items:
                    unbounded.append(f"{name}.{field.name}")
    assert not unbounded


def test_every_event_has_a_subject_of_its_own() -> None:
    subjects = []
    for file in OURS:
        if not file.name.endswith("/events.proto") or file.package == SHARED:
            continue
        for message in file.message_type:
            if message.name.endswith("Facts"):
                continue
            announced = message.options.Extensions[subject]
            assert announced, message.name
            subjects.append(f"evt.{program_of(file)}.{announced}")
    assert len(subjects) == len(set(subjects)) > 30


def test_no_event_has_room_for_a_name_or_an_address() -> None:
    """People travel as ids: no event has a field in which their details could stand."""
    telling = {"display_name", "email", "job_title", "phone", "password"}
    for file in OURS:
        if file.name.endswith("/events.proto"):
            for name, message in messages(file):
                assert not telling & {field.name for field in message.field}, name


def test_what_changes_something_is_no_get() -> None:
    for file in OURS:
        for service in file.service:
            for method in service.method:
                rule = method.options.Extensions[http]
                if rule.get:
                    reads = ("Get", "List", "Search", "Suggest", "Export", "Verify")
                    assert method.name.startswith(reads), method.name


def _is_declaration(path: list[int]) -> bool:
    """Paths of descriptor.proto: message 4, enum 5, service 6; field 2, nested 3, value 2, method 2."""
    if not path:
        return False
    if path[0] == 4:
        rest = path[2:]
        while len(rest) >= 2 and rest[0] == 3:
            rest = rest[2:]
        return (
            not rest or (rest[0] == 2 and len(rest) == 2) or (rest[0] == 4 and len(rest) in (2, 4))
        )
    if path[0] == 5:
        return len(path) == 2 or (len(path) == 4 and path[2] == 2)
    if path[0] == 6:
        return len(path) == 2 or (len(path) == 4 and path[2] == 2)
    return False
