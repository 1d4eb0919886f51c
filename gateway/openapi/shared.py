"""What every operation shares: problem documents, headers, conventions in words."""

from __future__ import annotations

from http import HTTPStatus

from gateway.errors import PROBLEM
from gateway.openapi.bounds import Schema

CONVENTIONS = """\
How a region's public services and charities exchange people, time and experience.

**Names.** A resource's `name` is its path after `/v1/`, such as `notices/0192…`.

**Signing in.** `POST /v1/sessions` gives an access token for `Authorization: Bearer` and a refresh token
that works once. What needs no token says so.

**Pages.** A listing takes `pageSize` (20, at most 100) and `pageToken`. The next page is in the `Link`
header with `rel="next"` and in `nextPageToken`.

**Changing.** `PATCH` changes the fields that its body holds, or those that `updateMask` names. What only
the service writes is passed over. To change only what you have read, send its `ETag` as `If-Match`, or its
`etag` in the body: if somebody was faster, that is 412.

**Sending once.** Put an `Idempotency-Key` of your own on a `POST`. Sent again with the same body within a
day it gives the same answer, marked `Idempotent-Replayed: true`, and nothing is done twice. With another
body it is 422. While the first is at work, and when nobody can say what became of it, it is 409.

**Errors** are problem documents (RFC 9457). `reason` never changes; `errors` names each field by its path in
the JSON that you sent; `traceId` helps the operator to find what happened.

**Other regions** ask below `/federation/v1/` and read `/.well-known/interchange-region`. What they send is
signed, and not part of this document.

**Numbers** of 64 bits are strings. Moments are RFC 3339 in UTC, days are `YYYY-MM-DD`. Fields that are not
set are written with their default, but for moments, inner objects and optional ones, which are left out.
"""

PROBLEMS = {
    400: "What was sent is not right: `errors` says which fields.",
    401: "Sign in first, or again.",
    403: "Not for you. It may also not exist.",
    404: "There is no such thing.",
    409: "It is not in the state for this, or it is there already.",
    412: "It has changed since you read it.",
    413: "The body is too large.",
    414: "Path and query are too long.",
    415: "The body is not JSON.",
    422: "This idempotency key was sent with another request.",
    429: "Too many requests: see `Retry-After`.",
    431: "The headers are too large.",
    500: "Something went wrong on our side.",
    503: "A part of the service does not answer. Try again in a moment.",
    504: "The answer took too long.",
}

PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "reason", "traceId"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The kind of problem."},
        "title": {"type": "string", "description": "The kind of problem, in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What went wrong this time, for people."},
        "reason": {"type": "string", "description": "What went wrong, for programs."},
        "traceId": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "This request."},
        "errors": {
            "type": "array",
            "description": "The fields at fault.",
            "items": {"$ref": "#/components/schemas/FieldProblem"},
        },
        "metadata": {
            "type": "object",
            "description": "More, for programs.",
            "additionalProperties": {"type": "string"},
        },
    },
}

FIELD_PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "What is wrong with one field.",
    "required": ["field", "reason", "detail"],
    "properties": {
        "field": {"type": "string", "description": "Its path, such as `skills[2].level`."},
        "reason": {"type": "string", "description": "Which rule it breaks."},
        "detail": {"type": "string", "description": "What would be right."},
    },
}

PARAMETERS: Schema = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A key of your own for this request, such as a UUID: sent twice, it is done once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "Only if it is still as it was read: its `ETag`.",
        "schema": {"type": "string", "pattern": '^(\\*|(W/)?"[^",]+")$'},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Only if it is no longer as it was read: its `ETag`.",
        "schema": {"type": "string"},
    },
}

HEADERS: Schema = {
    "TraceId": {"description": "This request's trace.", "schema": {"type": "string"}},
    "ETag": {"description": "This state of the resource.", "schema": {"type": "string"}},
    "Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new resource is.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}

SECURITY_SCHEMES: Schema = {
    "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}


def responses() -> Schema:
    """Every refusal, by its status."""
    not_modified = {"NotModified": {"description": "You hold it already."}}
    return {str(status): _problem(status, text) for status, text in PROBLEMS.items()} | not_modified


def _problem(status: int, text: str) -> Schema:
    headers = {"Trace-Id": {"$ref": "#/components/headers/TraceId"}}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": text, "headers": headers, "content": content}
