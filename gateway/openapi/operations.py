"""Routes as OpenAPI operations: parameters, body, answers, who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.empty_pb2 import Empty

from gateway import contract
from gateway.etags import NOT_MODIFIED
from gateway.masks import is_mask
from gateway.openapi.bounds import Schema
from gateway.openapi.schemas import Schemas, Use, is_required
from gateway.operation import CREATED, NEXT_PAGE, NO_CONTENT, OK, holds_token
from gateway.query import Parameter, parameters
from gateway.routes import WHOLE, Route
from gateway.templates import STAR
from gateway.transcoder import ETAG, etag_holder, given_elsewhere

# What the contract's comments say of methods that need no token.
OPEN_TO_ALL = re.compile(r"\bpublic\b|\bAnyone may\b", re.IGNORECASE)
TOKEN = "accessToken"  # noqa: S105  # the scheme's name
ALWAYS = (400, 401, 403, 414, 429, 431, 500, 503, 504)


def operation(route: Route, schemas: Schemas, operation_id: str) -> Schema:
    """One route."""
    said = contract.comments().get(route.method.full_name, "")
    summary, _, rest = said.partition(". ")
    described: Schema = {
        "operationId": operation_id,
        "tags": [tag(route)],
        "summary": summary.removesuffix("."),
        "description": rest or said,
        "security": [{}, {TOKEN: []}] if OPEN_TO_ALL.search(said) else [{TOKEN: []}],
        "parameters": [*_path_parameters(route), *_query(route, schemas), *_headers(route)],
        "responses": _responses(route, schemas),
    }
    if route.body:
        described["requestBody"] = _body(route, schemas)
    return described


def tag(route: Route) -> str:
    """What an operation is filed under: its service."""
    return str(route.method.containing_service.name).removesuffix("Service")


def _path_parameters(route: Route) -> Iterator[Schema]:
    before = ""
    for part, name in route.named_segments():
        if part == STAR:
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": f"What stands for the star in `{before}/*`.",
                "schema": {"type": "string", "minLength": 1, "pattern": "^[^/:]+$"},
            }
        before = part


def _query(route: Route, schemas: Schemas) -> Iterator[Schema]:
    for parameter in parameters(route.method.input_type, without=given_elsewhere(route)):
        yield _query_parameter(parameter, schemas)


def _query_parameter(parameter: Parameter, schemas: Schemas) -> Schema:
    schema = schemas.sent(parameter.field)
    message = parameter.field.message_type
    more = " Names in camel case, separated by commas." if message and is_mask(message) else ""
    return {
        "name": parameter.name,
        "in": "query",
        "required": is_required(parameter.field),
        "description": schema.pop("description", "") + more,
        "schema": schema,
    }


def _headers(route: Route) -> Iterator[Schema]:
    answer = route.method.output_type
    if route.http_method == "POST" and not holds_token(answer):
        yield _parameter_ref("IdempotencyKey")
    if route.http_method == "GET" and ETAG in answer.fields_by_name:
        yield _parameter_ref("IfNoneMatch")
    if route.http_method != "GET" and etag_holder(route) is not None:
        yield _parameter_ref("IfMatch")


def _parameter_ref(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _body(route: Route, schemas: Schemas) -> Schema:
    schema = _body_schema(route, schemas)
    field = route.body_field
    said = contract.comments().get(field.full_name, "") if field else ""
    return {
        "required": bool(schemas.resolved(schema).get("required")),
        **({"description": said} if said else {}),
        "content": {"application/json": {"schema": schema}},
    }


def _body_schema(route: Route, schemas: Schemas) -> Schema:
    request: Descriptor = route.method.input_type
    if route.body == WHOLE:
        in_path = {each.field for each in route.template.variables}
        return schemas.message(request, Use.INPUT, without=in_path)
    field = route.body_field
    assert field and field.message_type  # noqa: S101  # a body is a message
    use = Use.PATCH if route.http_method == "PATCH" else Use.INPUT
    return schemas.ref(field.message_type, use)


def _responses(route: Route, schemas: Schemas) -> Schema:
    found: dict[str, Any] = dict([_success(route, schemas)])
    if route.http_method == "GET" and ETAG in route.method.output_type.fields_by_name:
        found[str(NOT_MODIFIED)] = {"$ref": "#/components/responses/NotModified"}
    for status in sorted({*ALWAYS, *_refusals(route)}):
        found[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return found


def _refusals(route: Route) -> Iterator[int]:
    if route.template.variables or route.body:  # what a body names may not be there either
        yield 404
    if route.body:
        yield from (413, 415)
    if route.http_method == "GET":
        return
    yield 409
    if etag_holder(route) is not None:
        yield 412
    if route.http_method == "POST":
        yield 422


def _success(route: Route, schemas: Schemas) -> tuple[str, Schema]:
    answer: Descriptor = route.method.output_type
    if answer.full_name == Empty.DESCRIPTOR.full_name:
        return str(NO_CONTENT), {"description": "Done.", "headers": _header_refs("TraceId")}
    status = CREATED if route.creates else OK
    headers = ["TraceId"]
    headers += ["ETag"] if ETAG in answer.fields_by_name else []
    headers += ["Link"] if NEXT_PAGE in answer.fields_by_name else []
    headers += ["Location"] if route.creates and "name" in answer.fields_by_name else []
    return str(status), {
        "description": contract.comments().get(answer.full_name, "Done."),
        "headers": _header_refs(*headers),
        "content": {"application/json": {"schema": schemas.ref(answer, Use.ANSWER)}},
    }


def _header_refs(*names: str) -> Schema:
    shown = {"TraceId": "Trace-Id"}
    return {shown.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in names}
