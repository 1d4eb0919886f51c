"""Which method answers which path, as the contract says. `python -m gateway.routes` prints them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from gateway import contract, templates
from gateway.templates import STAR, Template

WHOLE = "*"  # the body is the whole request


@dataclass(frozen=True, slots=True)
class Route:
    """One way to call one method."""

    http_method: str
    template: Template
    body: str  # the field that the body is; "*": the whole request; "": there is none
    method: MethodDescriptor

    @property
    def program(self) -> str:
        """Who answers."""
        return contract.program_of(self.method.containing_service)

    @property
    def rpc(self) -> str:
        """The method's path in gRPC."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def creates(self) -> bool:
        """Whether it makes something new: a standard Create method (AIP-133)."""
        return self.http_method == "POST" and str(self.method.name).startswith("Create")

    @property
    def body_field(self) -> FieldDescriptor | None:
        """The field of the request that the body is."""
        return self.method.input_type.fields_by_name.get(self.body)

    @property
    def shown(self) -> str:
        """The path with a name for each star: `/v1/notices/{notice}:publish`."""
        template = self.template
        parts = [f"{{{name}}}" if name else part for part, name in self.named_segments()]
        return "/" + "/".join(parts) + (f":{template.verb}" if template.verb else "")

    def named_segments(self) -> Iterator[tuple[str, str]]:
        """Each segment with the name of what varies there, or an empty one."""
        before = ""
        for index, part in enumerate(self.template.segments):
            yield part, self._star_name(index, before) if part == STAR else ""
            before = part

    def _star_name(self, index: int, collection: str) -> str:
        alone = self.template.name_of_star(index)
        return alone or contract.singular(collection)


def all_routes() -> Iterator[Route]:
    """Every route of every method that has a rule. What streams has none."""
    for method in contract.methods():
        rule = contract.rule_of(method)
        for each in (rule, *rule.additional_bindings):
            verb = each.WhichOneof("pattern")
            if verb:
                yield _route(each, verb, method)


def _route(rule: HttpRule, verb: str, method: MethodDescriptor) -> Route:
    if verb == "custom" or rule.response_body:
        raise ValueError(f"a rule that the gateway does not know: {method.full_name}")
    return Route(verb.upper(), templates.parse(getattr(rule, verb)), rule.body, method)


class Routed(Protocol):
    """Anything at a route."""

    @property
    def route(self) -> Route: ...


T = TypeVar("T", bound=Routed)


@dataclass
class Node(Generic[T]):
    """A place in the tree of paths: what is one segment further, and what ends here, by verb and HTTP method."""

    further: dict[str, Node[T]] = field(default_factory=dict)
    ends: dict[str, dict[str, T]] = field(default_factory=dict)


class Table(Generic[T]):
    """Finds what a path means. A fixed segment goes before a star."""

    def __init__(self, items: Iterable[T]) -> None:
        self._root: Node[T] = Node()
        for item in items:
            self._add(item)

    def _add(self, item: T) -> None:
        template, node = item.route.template, self._root
        for part in template.segments:
            node = node.further.setdefault(part, Node())
        ends = node.ends.setdefault(template.verb, {})
        if item.route.http_method in ends:
            raise ValueError(f"two methods for {item.route.http_method} {item.route.shown}")
        ends[item.route.http_method] = item

    def find(self, path: str) -> tuple[Mapping[str, T], Sequence[str]] | None:
        """What can be done at a path, by HTTP method, and the path's segments; None: there is no such path."""
        segments = path[1:].split("/")
        segments[-1], colon, verb = segments[-1].partition(":")
        ends = None if colon and not verb else _walk(self._root, segments, 0, verb)
        return (ends, segments) if ends else None


def _walk(node: Node[T], segments: Sequence[str], depth: int, verb: str) -> Mapping[str, T] | None:
    if depth == len(segments):
        return node.ends.get(verb)
    fixed = node.further.get(segments[depth])
    ends = _walk(fixed, segments, depth + 1, verb) if fixed else None
    star = node.further.get(STAR)
    if ends or star is None or not segments[depth]:
        return ends
    return _walk(star, segments, depth + 1, verb)


def lines() -> Iterator[str]:
    """The routes as text, sorted by path."""
    for route in sorted(all_routes(), key=lambda each: (each.shown, each.http_method)):
        service = route.method.containing_service.name
        yield f"{route.http_method:<6} {route.shown:<60} {route.program}.{service}.{route.method.name}"


def main() -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines())


if __name__ == "__main__":
    main()
