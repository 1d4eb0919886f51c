"""A browser without a screen: keeps cookies, sends forms as they stand on the page, and checks every page it gets."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import html5lib
import requests

from cli.ports import free_port
from tests.support import servers

TIMEOUT_S = 20
LARGEST = 100_000  # bytes
FIELDS = ("input", "select", "textarea")
UNLABELLED = ("hidden", "submit")


@dataclass(frozen=True)
class Page:
    """A page that was looked over."""

    status: int
    url: str
    text: str
    root: Element
    headers: requests.structures.CaseInsensitiveDict[str]

    def all(self, tag: str, **attributes: str) -> list[Element]:
        return [
            each
            for each in self.root.iter(tag)
            if all(each.get(name.rstrip("_")) == value for name, value in attributes.items())
        ]

    @property
    def heading(self) -> str:
        return words(self.all("h1")[0])

    @property
    def path(self) -> str:
        return re.sub(r"^https?://[^/]+", "", self.url)

    @property
    def errors(self) -> list[str]:
        """What the summary of errors says."""
        lists = [
            each
            for each in self.all("ul")
            if "govuk-error-summary__list" in (each.get("class") or "")
        ]
        return [words(item) for each in lists for item in each.iter("li")]

    def value(self, field: str) -> str:
        """What stands in a field."""
        found = next(each for tag in FIELDS for each in self.all(tag, name=field))
        return found.get("value") or found.text or ""

    def says(self, text: str) -> bool:
        return text in words(self.root)


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def look_over(
    method: str, url: str, status: int, content: bytes, headers: Mapping[str, str]
) -> Page:
    """The page, if it is as all pages must be."""
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(content)
    read = requests.structures.CaseInsensitiveDict(headers)
    page = Page(status, url, content.decode(), root, read)
    where = f"{method} {page.path}"
    assert len(content) < LARGEST, f"{where}: {len(content)} bytes"
    assert len(page.all("h1")) == 1 and page.heading, where
    assert words(page.all("title")[0]).endswith("– Interchange"), where
    assert page.all("html")[0].get("lang") == page.headers["Content-Language"], where
    _ids_are_unique(page, where)
    _fields_have_labels(page, where)
    _policy_holds(page, where)
    return page


def _ids_are_unique(page: Page, where: str) -> None:
    ids = [each.get("id") for each in page.root.iter() if each.get("id")]
    assert len(ids) == len(set(ids)), f"{where}: {sorted(i for i in ids if ids.count(i) > 1)}"
    links = [each.get("href") or "" for each in page.all("a")]
    lost = [link for link in links if link.startswith("#") and link[1:] not in ids]
    assert not lost, f"{where}: {lost}"


def _fields_have_labels(page: Page, where: str) -> None:
    labelled = {each.get("for") for each in page.all("label")}
    for tag in FIELDS:
        for each in page.all(tag):
            is_labelled = each.get("id") in labelled or each.get("type") in UNLABELLED
            assert is_labelled, f"{where}: {each.attrib}"


def _policy_holds(page: Page, where: str) -> None:
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy, where
    for script in page.all("script"):
        assert f"'nonce-{script.get('nonce')}'" in policy, where
    forbidden = [
        name
        for each in page.root.iter()
        for name in each.attrib
        if name == "style" or name.startswith("on")
    ]
    assert not forbidden and not page.all("style"), f"{where}: {forbidden}"


class Browser:
    """One person at their pages."""

    def __init__(self, url: str, language: str = "en") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = language
        self.page: Page | None = None

    def get(self, path: str, status: int = 200) -> Page:
        return self._take(self.session.get(urljoin(self.url, path), timeout=TIMEOUT_S), status)

    def send(self, status: int = 200, action: str = "", **values: Any) -> Page:
        """The page's form with these values; the one with this action where there are several."""
        assert self.page
        form = self._form(action)
        files = {name: value for name, value in values.items() if isinstance(value, tuple)}
        typed = {name: value for name, value in values.items() if name not in files}
        data = [*_standing(form, without=values), *_pairs(typed)]
        where = urljoin(self.page.url, form.get("action") or self.page.url)
        answer = self.session.post(where, data=data, files=files, timeout=TIMEOUT_S)
        return self._take(answer, status)

    def sign_in(self, email: str, password: str) -> Page:
        self.get("/sign-in")
        return self.send(email=email, password=password)

    def sign_in_fails(self, email: str, password: str) -> bool:
        """Whether nobody can sign in with these any more."""
        self.get("/sign-in")
        return bool(self.send(422, email=email, password=password).errors)

    def _form(self, action: str) -> Element:
        assert self.page
        forms = [
            each
            for each in self.page.all("form", method="post")
            if (each.get("action") or "").endswith(action)
        ]
        assert forms, f"{self.page.path} has no form {action}: {words(self.page.root)[:2000]}"
        return forms[0]

    def _take(self, answer: requests.Response, status: int) -> Page:
        method = str(answer.request.method)
        return self._keep(
            look_over(method, answer.url, answer.status_code, answer.content, answer.headers),
            status,
        )

    def _keep(self, page: Page, status: int) -> Page:
        assert page.status == status, f"{page.path}: {page.status} {words(page.root)[:2000]}"
        self.page = page
        return page


def _standing(form: Element, without: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is sent when nothing is changed."""
    for each in form.iter():
        name = each.get("name") or ""
        if each.tag not in FIELDS or name in without:
            continue
        if each.get("type") in ("radio", "checkbox") and each.get("checked") is None:
            continue
        yield name, _value(each)


def _value(field: Element) -> str:
    if field.tag != "select":
        return field.get("value") or field.text or ""
    options = list(field.iter("option"))
    chosen = [each for each in options if each.get("selected") is not None] or options
    return chosen[0].get("value") or ""


def _pairs(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, str(each)


@contextmanager
def pages(folder: Path, gateway_url: str, redis_url: str, **settings: object) -> Iterator[str]:
    """The pages' program against a gateway; its address."""
    port = free_port()
    told = {
        "INTERCHANGE_PORT": port,
        "INTERCHANGE_GATEWAY_URL": gateway_url,
        "INTERCHANGE_REDIS_URL": redis_url,
        **{f"INTERCHANGE_{name.upper()}": value for name, value in settings.items()},
    }
    with _told(told), servers.running([sys.executable, "-m", "web"], port, folder / "web.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _told(settings: dict[str, object]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in settings.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
