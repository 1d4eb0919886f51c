"""The API's own description: the OpenAPI document, and a page to browse it made from the same."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape

from gateway.answers import JSON, Answer
from gateway.codec import dumps
from gateway.openapi import document
from gateway.openapi.schemas import SCHEMAS

HOURS = "public, max-age=300"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
METHODS = ("get", "post", "patch", "put", "delete")

Node = Mapping[str, Any]
Served = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Shown:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    is_open: bool
    parameters: Sequence[Node]
    body: Node
    answers: Sequence[tuple[str, str, Node]]


@cache
def docs() -> dict[str, Served]:
    """What is served at which path. Everything is made once: it changes with the contract only."""
    described = document()
    page = _page(described).encode()
    return {
        "/openapi.json": _served(dumps(described), JSON),
        "/docs": _served(page, "text/html; charset=utf-8", policy=POLICY),
        "/docs/docs.css": _served(_asset("docs.css"), "text/css; charset=utf-8"),
        "/docs/docs.js": _served(_asset("docs.js"), "text/javascript; charset=utf-8"),
    }


def _served(body: bytes, kind: str, *, policy: str = "") -> Served:
    etag = f'"{b64encode(sha256(body).digest()[:9]).decode()}"'
    headers = {"Content-Type": kind, "Cache-Control": HOURS, "ETag": etag}
    if policy:
        headers["Content-Security-Policy"] = policy
    answer = Answer(200, body, headers)
    return lambda: answer


def _asset(name: str) -> bytes:
    return files("gateway").joinpath("assets", name).read_bytes()


def _page(described: Node) -> str:
    environment = Environment(
        loader=PackageLoader("gateway", "assets"),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "line": line, "type": type_of, "bounds": bounds_of}
    return environment.get_template("docs.html").render(
        info=described["info"],
        groups=list(_groups(described)),
        schemas=described["components"]["schemas"],
    )


def _groups(described: Node) -> Iterator[tuple[str, str, Sequence[Shown]]]:
    """Tags with what is said of them and their operations."""
    shown = list(_operations(described))
    for tag in described["tags"]:
        yield tag["name"], tag["description"], [each for name, each in shown if name == tag["name"]]


def _operations(described: Node) -> Iterator[tuple[str, Shown]]:
    shared = described["components"]
    for path, item in described["paths"].items():
        for method in METHODS:
            if method in item:
                yield item[method]["tags"][0], _shown(path, method, item[method], shared)


def _shown(path: str, method: str, operation: Node, shared: Node) -> Shown:
    content = operation.get("requestBody", {}).get("content", {})
    return Shown(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        is_open={} in operation["security"],
        parameters=[_resolved(each, shared) for each in operation["parameters"]],
        body=content.get(JSON, {}).get("schema", {}),
        answers=[
            _answer(status, _resolved(each, shared))
            for status, each in operation["responses"].items()
        ],
    )


def _answer(status: str, response: Node) -> tuple[str, str, Node]:
    kinds: list[Node] = list(response.get("content", {}).values())
    return status, response["description"], kinds[0]["schema"] if kinds else {}


def _resolved(node: Node, shared: Node) -> Node:
    """What a reference into the components stands for."""
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    found: Node = shared[kind][name]
    return found


def type_of(schema: Node) -> Markup:
    """A schema's type in a few words, with a link to what it names."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if schema.get("type") == "array":
        return Markup("list of {}").format(type_of(schema["items"]))
    if "enum" in schema:
        return Markup(", ").join(Markup("<code>{}</code>").format(each) for each in schema["enum"])
    formats = [str(schema[each]) for each in ("type", "format") if each in schema]
    return Markup(" ").join(formats)


BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "minimum": "from {:g}",
    "maximum": "to {:g}",
    "pattern": "like {}",
}


def bounds_of(schema: Node) -> str:
    """A schema's bounds in words."""
    inner = [each for each in schema.get("anyOf", []) if "const" not in each]
    found = {**schema, **(inner[0] if inner else {})}
    said = [text.format(found[name]) for name, text in BOUNDS.items() if name in found]
    return ", ".join(said + (["or empty"] if inner else []))


def prose(text: str) -> Markup:
    """Paragraphs with `code`, **bold** and lists: all the markup that our texts have."""
    return Markup("").join(_paragraph(each) for each in text.strip().split("\n\n") if each)


def line(text: str) -> Markup:
    """One line with `code` and **bold**."""
    safe = str(escape(text))
    coded = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", coded))  # noqa: S704  # escaped above


def _paragraph(text: str) -> Markup:
    if not text.startswith("- "):
        return Markup("<p>{}</p>").format(line(text))
    items = (Markup("<li>{}</li>").format(line(each[2:])) for each in text.split("\n"))
    return Markup("<ul>{}</ul>").format(Markup("").join(items))
