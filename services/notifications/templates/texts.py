"""Rendering: a template's file is a subject line, an empty line, and paragraphs of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2 import Template as Compiled

from chassis.convert import spelt

SUBJECT = "Subject:"
LONGEST_SUBJECT = 300
FOLDER = Path(str(files("services.notifications.templates")))


@dataclass(frozen=True, slots=True)
class Text:
    """One line, and paragraphs with an empty line between."""

    subject: str
    body: str


class Texts:
    """The templates of a folder. Those of another language than English lie in a folder of its code."""

    def __init__(self, folder: Path = FOLDER) -> None:
        loader = FileSystemLoader(folder)
        self._plain = Environment(  # noqa: S701 - plain text has nothing to escape
            loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._html = Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, language: str, **facts: object) -> Text:
        """A text in this language; in English in those that we do not speak."""
        lines = {key: _line(value, language) for key, value in facts.items()}
        rendered = self._find(self._plain, f"{template}.txt", language).render(lines)
        subject, _, body = rendered.partition("\n")
        return Text(subject.removeprefix(SUBJECT).strip()[:LONGEST_SUBJECT], body.strip())

    def mail(self, *, language: str, **parts: object) -> tuple[str, str]:
        """A mail around texts: plain and as HTML."""
        facts = {**parts, "language": language}
        plain = self._find(self._plain, "layout.txt", language).render(facts)
        html = self._find(self._html, "layout.html", language).render(facts)
        return plain.strip() + "\n", html.strip() + "\n"

    def _find(self, environment: Environment, name: str, language: str) -> Compiled:
        return environment.select_template([f"{language}/{name}", name])


def _line(fact: object, language: str) -> object:
    """Days in words. Titles and names are one line, whatever was put into them: a subject must not grow a second."""
    if isinstance(fact, date):
        return spelt(fact, language)
    return " ".join(fact.split()) if isinstance(fact, str) else fact


def paragraphs(body: str) -> Sequence[str]:
    """What stands between empty lines."""
    return [each.strip() for each in body.split("\n\n") if each.strip()]


# Templates are part of the code, not of what a program is given: they are read once.
texts = Texts()
