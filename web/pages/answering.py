"""Who may answer a notice, and in which words."""

from __future__ import annotations

from web import words
from web.api import Json
from web.sessions import SignIn


def answering(notice: Json, who: SignIn | None) -> str:
    """The verb with which this reader answers this notice; empty when they can't."""
    if who is None or notice["state"] != "PUBLISHED" or manages(notice, who):
        return ""
    return words.answer_verb(notice["kind"])


def manages(notice: Json, who: SignIn | None) -> bool:
    """Whether this reader acts for the organisation that posted it."""
    return who is not None and notice["organisation"] in who.manages
