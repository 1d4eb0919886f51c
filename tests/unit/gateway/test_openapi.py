"""The description of the API is valid, whole, and says what the contract says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi import document
from gateway.routes import all_routes
from tests.unit.gateway.conftest import Client, MakeClient
from tests.unit.gateway.test_api import create


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document()


def test_the_document_is_valid(described: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(described).validate()


def test_every_route_is_described_with_words(described: dict[str, Any]) -> None:
    for route in all_routes():
        operation = described["paths"][route.shown][route.http_method.lower()]

        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        in_path = {each["name"] for each in operation["parameters"] if each.get("in") == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", route.shown))


def test_operations_have_names_of_their_own(described: dict[str, Any]) -> None:
    names = [each["operationId"] for item in described["paths"].values() for each in item.values()]

    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    for reference in re.findall(r"'\$ref': '#/components/(\w+)/([\w.-]+)'", str(described)):
        assert reference[1] in described["components"][reference[0]]


def test_bounds_are_those_of_the_contract(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    notice = schemas["NoticeInput"]

    assert notice["required"] == ["kind", "format", "title", "body"]
    assert notice["additionalProperties"] is False
    assert notice["properties"]["title"] | {"description": ""} == {
        "type": "string",
        "minLength": 3,
        "maxLength": 120,
        "description": "",
    }
    assert notice["properties"]["themes"]["maxItems"] == 10
    assert "KIND_UNSPECIFIED" not in notice["properties"]["kind"]["enum"]
    assert notice["properties"]["startDate"]["anyOf"][1]["format"] == "date"
    assert notice["properties"]["state"]["readOnly"] is True
    assert "required" not in schemas["NoticePatch"]
    assert "password" not in schemas["Person"]["properties"]
    assert schemas["PersonInput"]["properties"]["password"]["writeOnly"] is True


def test_answers_name_the_fields_that_are_always_there(described: dict[str, Any]) -> None:
    notice = described["components"]["schemas"]["Notice"]

    assert {"openInterests", "themes", "state"} <= set(notice["required"])
    assert not {"createTime", "place", "consent"} & set(notice["required"])


def test_only_what_the_contract_calls_public_needs_no_token(described: dict[str, Any]) -> None:
    paths = described["paths"]

    assert {} in paths["/v1/sessions"]["post"]["security"]
    assert {} in paths["/v1/notices/{notice}"]["get"]["security"]
    assert {} not in paths["/v1/notices"]["post"]["security"]
    assert {} not in paths["/v1/me"]["get"]["security"]


def test_the_document_and_its_page_are_served_and_saved(client: Client) -> None:
    for path, kind in (
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/docs.css", "text/css; charset=utf-8"),
        ("/docs/docs.js", "text/javascript; charset=utf-8"),
    ):
        answer = client.get(path)
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})

        assert answer.status_code == 200
        assert answer.content_type == kind
        assert again.status_code == 304


def test_the_page_loads_nothing_from_elsewhere_and_shows_every_route(client: Client) -> None:
    answer = client.get("/docs")

    assert not re.findall(r'(?:src|href)="(?!/|#)', answer.text)
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    for route in all_routes():
        assert f"<code>{route.shown}</code>" in answer.text
    ids = re.findall(r' id="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    assert answer.text.count("<h1>") == 1


def test_answers_are_as_described(a_client: MakeClient, described: dict[str, Any]) -> None:
    client = a_client()
    shown = client.get(f"/v1/{create(client)}").json

    schema = {"$ref": "#/components/schemas/Notice", "components": described["components"]}
    Draft202012Validator(schema).validate(shown)
