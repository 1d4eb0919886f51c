"""The whole document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway import contract
from gateway.openapi import shared
from gateway.openapi.bounds import Schema
from gateway.openapi.operations import operation, tag
from gateway.openapi.schemas import Schemas
from gateway.routes import Route, all_routes

VERSION = "v1"


def document() -> Schema:
    """OpenAPI 3.1, ready for JSON."""
    routes = sorted(all_routes(), key=lambda route: route.shown)
    schemas = Schemas()
    paths = _paths(routes, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interchange", "version": VERSION, "description": shared.CONVENTIONS},
        "servers": [{"url": "/"}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": shared.PROBLEM_SCHEMA,
                "FieldProblem": shared.FIELD_PROBLEM_SCHEMA,
                **dict(sorted(schemas.components.items())),
            },
            "parameters": shared.PARAMETERS,
            "headers": shared.HEADERS,
            "responses": shared.responses(),
            "securitySchemes": shared.SECURITY_SCHEMES,
        },
    }


def _paths(routes: Sequence[Route], schemas: Schemas) -> Schema:
    paths: Schema = {}
    used: Counter[str] = Counter()
    for route in routes:
        name = route.method.name[0].lower() + route.method.name[1:]
        used[name] += 1
        unique = name if used[name] == 1 else f"{name}{used[name]}"
        item = paths.setdefault(route.shown, {})
        item[route.http_method.lower()] = operation(route, schemas, unique)
    return paths


def _tags(routes: Sequence[Route]) -> list[Schema]:
    said = contract.comments()
    services = {tag(route): route.method.containing_service.full_name for route in routes}
    return [{"name": name, "description": said[full]} for name, full in sorted(services.items())]
