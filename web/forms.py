"""Forms: what was sent, refusals of the API at their field, and the pages that ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType, TracebackType
from typing import Any
from uuid import uuid4

from flask import Response, make_response, render_template, request
from wtforms import DateField, Field, Form

from web.api import Away, Json, Refused
from web.keeping import put_back
from web.languages import gettext, lazy
from web.refusals import told as sentence

PUT_BACK = lazy(
    "You were signed out before this was sent. What you typed is here: check it and send it again"
)
AWAY = lazy(
    "The service does not answer at the moment. What you typed is still here: try again in a minute"
)


class Told(AbstractContextManager["Told"]):
    """What the API refuses within is told on the form, and the page is shown again."""

    def __init__(self, form: Asking) -> None:
        self._form = form

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        _: TracebackType | None,
    ) -> bool:
        if isinstance(problem, Refused) and problem.status not in (401, 404):
            self._form.refuse(problem)
            return True
        if isinstance(problem, Away):
            self._form.is_away = True
            self._form.say(AWAY)
            return True
        return False


class Asking(Form):  # type: ignore[misc]
    """A form of ours. Its `once` makes that sending it twice is doing it once."""

    names: Mapping[str, str] = MappingProxyType(
        {}
    )  # what the API calls a field, where that is not ours

    def __init__(self, **values: Any) -> None:
        kept = None if request.method == "POST" else put_back()
        super().__init__(request.form if request.method == "POST" else kept, **values)
        self.is_put_back = kept is not None
        self.once = request.form.get("once") or uuid4().hex
        self.is_away = False
        self.general: list[Any] = []
        self.needs_confirmation = False

    def was_sent(self) -> bool:
        """Whether it was sent and is filled in well."""
        return request.method == "POST" and bool(self.validate())

    def told(self) -> Told:
        return Told(self)

    def say(self, text: Any, field: str = "") -> None:
        """An error of a field, or of all of it."""
        if field in self._fields:
            self._fields[field].errors = [*self._fields[field].errors, text]
        else:
            self.general.append(text)

    def refuse(self, refused: Refused) -> None:
        self.once = uuid4().hex  # what is sent next is another request
        self.needs_confirmation = refused.reason == "MAY_HOLD_PERSONAL_DATA"
        told = False
        for each in refused.errors:
            name = self._own_name(str(each.get("field", "")))
            if name:
                self.say(sentence(each.get("reason", ""), each.get("detail", "")), name)
                told = True
        if not told:
            self.say(sentence(refused.reason, refused.detail))

    def _own_name(self, theirs: str) -> str:
        last = theirs.rsplit(".", 1)[-1].split("[")[0]
        named = self.names.get(last, _snake(last))
        return named if named in self._fields else ""

    @property
    def summary(self) -> list[dict[str, str]]:
        """All errors, for the top of the page, each with a link to its field."""
        lines = [{"text": str(each)} for each in self.general]
        for field in self:
            if field.errors:
                lines.append({"text": str(field.errors[0]), "href": f"#{_target(field)}"})
        return lines

    @property
    def status(self) -> int:
        if self.is_away:
            return 503
        return 422 if self.summary else 200


class SureForm(Asking):
    """Nothing to fill in: sending it says yes."""


def confirmation() -> Json:
    """What goes with a call that may let personal data out: that somebody has made sure, if they have said so."""
    return {"confirmNoPersonalData": True} if request.form.get("confirm") else {}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _target(field: Field) -> str:
    """Whom the link in the summary leads to: the first that can be filled in."""
    return f"{field.id}-day" if isinstance(field, DateField) else str(field.id)


def question(form: Asking, title: str, **more: Any) -> Response:
    """The page of a form."""
    template = more.pop("template", "form.html")
    if form.is_put_back:
        more["notice"] = PUT_BACK
    return make_response(render_template(template, form=form, title=title, **more), form.status)


def not_yet(form: Asking, back: str, **more: Any) -> Response:
    """Where a button was pressed for something that can't be done now: why not, and the button once more."""
    return question(
        form, gettext("This can’t be done yet"), button=gettext("Try again"), back=back, **more
    )
