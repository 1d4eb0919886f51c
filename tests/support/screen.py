"""A browser with a screen: pages are used in a real Chromium, looked over by axe, and kept as pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Program
from playwright.sync_api import BrowserContext, Locator, Response, sync_playwright
from playwright.sync_api import Page as Tab

from tests.support import chromium
from tests.support.pages import Browser, Page, look_over

DESKTOP = (1280, 900)
NARROW = (320, 640)  # a small phone, and a desktop's window at 400 %
WITHIN_MS = 15_000
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
# Everything that WCAG 2.2 asks at A and AA and a program can see, and what axe holds to be good practice.
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = "options => axe.run(document, options)"
OPTIONS = {"runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"]}
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > width + 1)
    .map(each => each.outerHTML.slice(0, 120));
}"""
FIELDS = ("input", "select", "textarea")


@dataclass
class Gallery:
    """Where pictures are hung, by who sees what in which language, and what was found wrong on them."""

    folder: Path
    numbers: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seen: dict[int, set[str]] = field(default_factory=dict)  # languages, by the page's make

    def languages(self, page: Page) -> set[str]:
        """In which languages a page of the same make was looked at: other words make no other page."""
        make = hash(tuple((each.tag, each.get("class")) for each in page.root.iter()))
        return self.seen.setdefault(make, set())

    def name(self, who: str, url: str) -> Path:
        """A picture's place, after the path without what differs from run to run."""
        path = re.sub(r"^https?://[^/]+|[?#].*$", "", url)
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "one", path).strip("/") or "start"
        key = f"{who}/{path.replace('/', '_')}"
        self.numbers[key] = self.numbers.get(key, 0) + 1
        return self.folder / f"{key}.{self.numbers[key]}"


class Screen(Browser):
    """One person at a real browser: what Browser does, by hand and by eye."""

    def __init__(
        self, program: Program, gallery: Gallery, url: str, language: str = "en", who: str = ""
    ) -> None:
        super().__init__(url, language)
        self._gallery, self._language = gallery, language
        self._who = f"{language}/{who or 'visitor'}"
        self.context: BrowserContext = program.new_context(
            locale="cy-GB" if language == "cy" else "en-GB",
            viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(WITHIN_MS)
        self.tab: Tab = self.context.new_page()
        self._heard: list[str] = []
        self.tab.on("console", lambda said: self._hear(said.type, said.text))
        self.tab.on("pageerror", lambda problem: self._heard.append(str(problem)))

    def get(self, path: str, status: int = 200) -> Page:
        answer = self.tab.goto(self.url + path if path.startswith("/") else path)
        return self._saw("GET", answer, status)

    def send(self, status: int = 200, action: str = "", **values: Any) -> Page:
        form = self.form(action)
        for name, value in values.items():
            _fill(form.locator(f'[name="{name}"]'), value)
        with self.tab.expect_navigation() as went:
            form.locator('button[type="submit"]').first.click()
        return self._saw("POST", went.value, status)

    def form(self, action: str) -> Locator:
        """The page's form, or the one with this action."""
        ends = f'[action$="{action}"]' if action else ""
        return self.tab.locator(f'main form[method="post"]{ends}').first

    def resize(self, size: tuple[int, int]) -> None:
        self.tab.set_viewport_size({"width": size[0], "height": size[1]})

    def focused(self) -> str:
        """What the keyboard would act upon: its id, or its text."""
        return str(
            self.tab.evaluate("document.activeElement.id || document.activeElement.innerText")
        )

    def expect_focus(self, on: str) -> None:
        assert on in self.focused()

    def _saw(self, method: str, answer: Response | None, status: int) -> Page:
        assert answer
        page = look_over(method, answer.url, answer.status, answer.body(), answer.headers)
        self._keep(page, status)
        languages = self._gallery.languages(page)
        if self._language not in languages:
            self.look(colours=not languages)  # which are the same in all languages
            languages.add(self._language)
        return page

    def look(self, *, colours: bool = True) -> None:
        """axe on the page on the desktop and on a phone, a picture of each, and nothing wider than that."""
        where = f"{self._who} {self.tab.url}"
        picture = self._gallery.name(self._who, self.tab.url)
        self._picture(picture.with_name(f"{picture.name}.desktop.jpg"))
        self._axe(where, colours)
        too_wide = {DESKTOP[0]: self.tab.evaluate(TOO_WIDE)}
        self.resize(NARROW)
        if colours:
            self._axe(f"{where} at {NARROW[0]} px", False)
        too_wide[NARROW[0]] = self.tab.evaluate(TOO_WIDE)
        self._picture(picture.with_name(f"{picture.name}.phone.jpg"))
        self.resize(DESKTOP)
        for width, found in too_wide.items():
            if found:
                self._gallery.faults.append(f"{where} is wider than {width} px: {found}")
        self._gallery.faults += [f"{where}: {each}" for each in self._heard]
        self._heard.clear()

    def _axe(self, where: str, colours: bool) -> None:
        if not self.tab.evaluate("typeof axe === 'object'"):
            self.tab.evaluate(chromium.axe())
        rules = {"color-contrast": {"enabled": colours}}  # by far the slowest
        found = self.tab.evaluate(AXE, {**OPTIONS, "rules": rules})["violations"]
        self._gallery.faults += [f"{where}: {_told(each)}" for each in found]

    def _picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.tab.screenshot(path=path, full_page=True, type="jpeg", quality=60)

    def _hear(self, kind: str, text: str) -> None:
        # A page that is answered with an error is told here too; the status is looked at elsewhere.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self._heard.append(text)


def _told(violation: Mapping[str, Any]) -> str:
    nodes = [node["html"][:200] for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']} {nodes}"


def _fill(fields: Locator, value: Any) -> None:
    kind = str(fields.first.evaluate("each => each.type"))
    if kind in ("radio", "checkbox"):
        for each in value if isinstance(value, list) else [value]:
            if each:
                fields.and_(fields.page.locator(f'[value="{each}"]')).check(force=True)
    elif kind.startswith("select"):
        fields.select_option(value)
    elif kind == "file":
        name, content = value
        fields.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    else:
        for at, each in enumerate(value if isinstance(value, list) else [value]):
            fields.nth(at).fill(str(each))


@contextmanager
def running() -> Iterator[Program]:
    """A Chromium without a window, for the whole session."""
    found = chromium.find()
    assert found, chromium.HOW_TO
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(
            executable_path=str(found.program),
            args=FLAGS,
            env={**os.environ, **found.environment},
        )
        yield program
        program.close()
