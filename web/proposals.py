"""Skills that are found in a text, offered as boxes to tick: nothing is taken over that nobody chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from web.api import Json
from web.asked import api
from web.fields import any_of, let_choose
from web.forms import Asking
from web.languages import lazy
from web.skills import in_words, slugs
from web.words import id_of

BUTTON = "suggest"
MOST_TEXT = 10_000


def boxes() -> Any:
    """The field `proposed` of a form that offers skills."""
    return any_of(
        lazy("Skills found in what you wrote"),
        [],
        lazy("Tick those that are right. From ESCO, © European Union, CC BY 4.0"),
    )


def is_asking() -> bool:
    """Whether the button was pressed that asks for skills; what was typed then stays on the form."""
    return request.method == "POST" and BUTTON in request.form


def offer(form: Asking, text: str, *, named: Sequence[str] = (), at_once: bool = False) -> None:
    """Boxes for what the text is about, when that was asked for, and for what was ticked; else no boxes."""
    ticked = request.form.getlist("proposed")
    choices = {skill: in_words([skill]) for skill in ticked}
    if text.strip() and (is_asking() or at_once):
        with form.told():
            found = api().post("/v1/skills:propose", {"text": text[:MOST_TEXT], "pageSize": 10})
            choices |= {_id(each): each["skill"]["label"] for each in found["skills"]}
    field = form["proposed"]
    let_choose(field, [(skill, label) for skill, label in choices.items() if skill not in named])
    if not field.choices:
        del form.proposed


def chosen(form: Asking) -> list[str]:
    """Ids of those that were ticked."""
    return list(form["proposed"].data or []) if "proposed" in form else []


def with_chosen(form: Asking, typed: str | None) -> list[str]:
    """Ids of what was typed and what was ticked, each once."""
    return list(dict.fromkeys([*slugs(typed), *chosen(form)]))


def _id(proposed: Json) -> str:
    return id_of(proposed["skill"]["name"])
