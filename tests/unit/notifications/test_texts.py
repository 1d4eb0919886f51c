"""Every template, as an inbox and as a mail show it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.notifications.templates.catalogue import CATALOGUE
from services.notifications.templates.texts import FOLDER, Texts, paragraphs, texts

FACTS = {
    "organisation": "Norfolk & Norwich <Trust>",
    "former_organisation": "Suffolk",
    "notice_organisation": "Suffolk",
    "host": "Suffolk",
    "visitor": "Norfolk",
    "title": "Work shadowing wanted",
    "close_day": date(2027, 2, 1),
    "first_day": date(2027, 2, 1),
    "last_day": date(2027, 2, 26),
    "reason": "FILLED",
    "for_you": False,
    "region": "East of England",
    "yours": True,
    "is_gone": True,
    "count": 3,
    "more": 2,
    "titles": ["Mentoring offered", "Desk offered"],
    "search_title": "Housing",
    "partner_organisation": "Hearth",
    "why": "OUTNUMBERED",
    "left": 9,
    "size": 3,
    "legs": ["Norfolk (Policy officer) → Suffolk (Commissioner)"],
    "deadline": date(2027, 2, 1),
    "gone": "Suffolk",
}
LAYOUT = {"layout.txt", "layout.html"}


def mail(body: str = "Some words.", **parts: object) -> tuple[str, str]:
    return texts.mail(
        language="en",
        **{
            "display_name": "Priya",
            "subject": "A subject",
            "body": body,
            "paragraphs": paragraphs(body),
            "url": "https://interchange.example/notices/1?a=b&c=d",
            "items": [],
            "preferences_url": "https://interchange.example/people/1/preferences",
            **parts,
        },
    )


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("template", CATALOGUE)
def test_each_template_is_a_line_and_some_paragraphs(template: str, language: str) -> None:
    text = texts.render(template, language, **FACTS)

    assert 5 < len(text.subject) < 100
    assert "\n" not in text.subject
    assert text.body.endswith(".")
    assert "\n\n\n" not in text.body
    assert not [line for line in text.body.splitlines() if line.startswith((" ", "Subject:"))]


def test_the_catalogue_and_the_folder_agree() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} - {"layout"} == set(CATALOGUE)
    assert {path.name for path in FOLDER.glob("layout.*")} == LAYOUT
    assert {path.name for path in (FOLDER / "cy").iterdir()} == {
        path.name for path in FOLDER.iterdir() if path.suffix in (".txt", ".html")
    }


def test_days_are_in_the_language_of_the_text() -> None:
    english, welsh = (texts.render("notice-expiring", each, **FACTS).body for each in ("en", "cy"))

    assert "1 February 2027" in english and "1 Chwefror 2027" in welsh


def test_a_closed_notice_says_why() -> None:
    bodies = {
        texts.render("notice-closed", "en", **{**FACTS, "reason": reason}).body
        for reason in ("FILLED", "WITHDRAWN", "EXPIRED", "REMOVED")
    }

    assert len(bodies) == 4


def test_one_thing_is_not_called_things() -> None:
    assert texts.render("digest", "en", count=1).subject == "1 thing to read in Interchange"
    assert texts.render("digest", "en", count=2).subject == "2 things to read in Interchange"


def test_plain_text_is_not_escaped_and_html_is() -> None:
    body = texts.render("organisation-verified", "en", **FACTS).body

    plain, html = mail(body)

    assert "Norfolk & Norwich <Trust>" in plain
    assert "Norfolk &amp; Norwich &lt;Trust&gt;" in html
    assert "https://interchange.example/notices/1?a=b&c=d" in plain


def test_a_plain_mail_reads_from_top_to_bottom() -> None:
    plain, _ = mail("First.\n\nSecond.")

    assert plain == (
        "Dear Priya,\n\nFirst.\n\nSecond.\n\n"
        "https://interchange.example/notices/1?a=b&c=d\n\n-- \n"
        "You get this because you take part in Interchange. Choose how often we write, or that we don't:\n"
        "https://interchange.example/people/1/preferences\n"
    )


def test_another_language_is_used_where_there_is_a_text_in_it(tmp_path: Path) -> None:
    (tmp_path / "cy").mkdir()
    (tmp_path / "hello.txt").write_text("Subject: Hello\n\nGood day.")
    (tmp_path / "bye.txt").write_text("Subject: Bye\n\nFarewell.")
    (tmp_path / "cy" / "hello.txt").write_text("Subject: Helo\n\nBore da.")
    bilingual = Texts(tmp_path)

    assert bilingual.render("hello", "cy").body == "Bore da."
    assert bilingual.render("hello", "en").body == "Good day."
    assert bilingual.render("bye", "cy").body == "Farewell."
