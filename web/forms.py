"""Forms: fields in GOV.UK's looks, texts in the person's language, refusals of the API at their field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from types import MappingProxyType, TracebackType
from typing import Any
from uuid import uuid4

from flask import Response, make_response, render_template, request
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovDateInput,
    GovPasswordInput,
    GovRadioInput,
    GovSelect,
    GovTextArea,
    GovTextInput,
)
from wtforms import (
    DateField,
    Field,
    FloatField,
    Form,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import validators as checks

from web.api import Away, Json, Refused
from web.keeping import put_back
from web.languages import Words, gettext, lazy

Choices = Iterable[tuple[str, Any]]
SLUG = re.compile(r"[^a-z0-9]+")
LEVEL = re.compile(r"\(\s*([1-5])\s*\)\s*$")
# What the API's own rules say, in words (protovalidate rule ids and our reasons).
TEXTS = {
    "EMAIL_TAKEN": lazy("Somebody is registered with this address already"),
    "WRONG_PASSWORD": lazy("This is not your present password"),
    "WRONG_CODE": lazy(
        "This is not the code that your app shows now, or it was used before. "
        "Wait for the next one, then try again"
    ),
    "IDENTITY_TAKEN": lazy("This sign-in is linked to another account already"),
    "ONLY_WAY_IN": lazy(
        "It is your only way to sign in. Ask for a password first, with “I have forgotten my password”"
    ),
    "BAD_ISSUER": lazy("No provider answers there by this name. Check the issuer letter by letter"),
    "SECRET_MISSING": lazy("Enter the secret"),
    "TOO_MANY_TRIES": lazy("There were too many tries. Wait 15 minutes, then try again"),
    "BAD_CREDENTIALS": lazy("The email address or the password is wrong"),
    "ACCOUNT_LOCKED": lazy("There were too many wrong passwords. Wait 15 minutes, then try again"),
    "TOO_MANY_REQUESTS": lazy("There were too many tries. Wait a minute, then try again"),
    "STALE_ETAG": lazy("Somebody changed this in the meantime. Look at it again before you go on"),
    "CONSENT_MISSING": lazy("Not everyone has agreed to be introduced yet"),
    "NO_PLACE_LEFT": lazy("There is no place left: all that the notice has are given"),
    "CHECK_IS_SEEN": lazy("A manager says which check they have seen, not the person themselves"),
    "TERMS_INCOMPLETE": lazy("Fill in all terms before anyone can sign"),
    "BAD_TOKEN": lazy("This link was used before or is too old. Ask for a new one"),
    "string.email": lazy("Enter an email address in the correct format, like name@example.com"),
    "PERMISSION_DENIED": lazy("You may not do this"),
    "NOT_A_TABLE": lazy(
        "This is not a table as CSV: the first row names the columns, and texts with commas are in quotes"
    ),
    "UNKNOWN_COLUMNS": lazy("The table has columns that mean nothing here. Keep to those below"),
    "MISSING_COLUMNS": lazy("The table needs the columns kind, format, title and body"),
    "REPEATED_COLUMNS": lazy("The table must name each column once"),
    "NO_ROWS": lazy("The table has no row below the names of its columns"),
    "TOO_MANY_ROWS": lazy("The table has more than 200 rows. Divide it"),
    "MAY_HOLD_PERSONAL_DATA": lazy(
        "This seems to hold a name, an email address or a number of somebody, and other regions would read it. "
        "Take it out, or say that it is nothing of the kind"
    ),
    "ALREADY_REPORTED": lazy("You have reported this notice already. The operator looks at it"),
    "REPORTED_ENOUGH": lazy(
        "Many people have reported this notice already. The operator looks at it"
    ),
    "ALREADY_MANAGER": lazy("They manage this organisation already"),
    "NOT_A_MEMBER": lazy("They are not a member of an organisation of this region yet"),
    "NOT_VERIFIED": lazy("Your organisation must be verified by the region's operator first"),
}
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
                self.say(_text(each.get("reason", ""), each.get("detail", "")), name)
                told = True
        if not told:
            self.say(_text(refused.reason, refused.detail))

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


def _text(reason: str, detail: str) -> Any:
    return TEXTS.get(reason, detail)


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


def destructive(form: Asking, title: str, lead: Sequence[str], back: str, **more: Any) -> Response:
    """A step that asks first and says what will happen."""
    return question(
        form, title, button=title, is_destructive=True, lead=lead, back=back, cancel=back, **more
    )


def not_yet(form: Asking, back: str, **more: Any) -> Response:
    """Where a button was pressed for something that can't be done now: why not, and the button once more."""
    return question(
        form, gettext("This can’t be done yet"), button=gettext("Try again"), back=back, **more
    )


class Password(GovPasswordInput):  # type: ignore[misc]
    """One whose `autocomplete` is said once only: the template has a place of its own for it."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> Any:
        autocomplete = kwargs.pop("autocomplete")
        params = super().map_gov_params(field, **kwargs)
        return {**params, **_shown_and_hidden(), "autocomplete": autocomplete}


def _shown_and_hidden() -> dict[str, str]:
    """What the button beside a password says, also to who does not see it."""
    return {
        "showPasswordText": gettext("Show"),
        "hidePasswordText": gettext("Hide"),
        "showPasswordAriaLabelText": gettext("Show password"),
        "hidePasswordAriaLabelText": gettext("Hide password"),
        "passwordShownAnnouncementText": gettext("Your password is visible"),
        "passwordHiddenAnnouncementText": gettext("Your password is hidden"),
    }


class ShortInput(GovTextInput):  # type: ignore[misc]
    """For a number."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> Any:
        params = super().map_gov_params(field, **kwargs)
        return {**params, "classes": "govuk-input--width-3"}


class MediumInput(GovTextInput):  # type: ignore[misc]
    """For a code."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> Any:
        params = super().map_gov_params(field, **kwargs)
        return {**params, "classes": "govuk-input--width-20"}


class DateParts(GovDateInput):  # type: ignore[misc]
    """Day, month and year, named in the person's language."""

    def map_gov_params(self, field: Field, **kwargs: Any) -> Any:
        params = super().map_gov_params(field, **kwargs)
        names = [gettext("Day"), gettext("Month"), gettext("Year")]
        for item, name in zip(params["items"], names, strict=True):
            item["label"] = name
        params["id"] = field.id
        return params


class Day(DateField):  # type: ignore[misc]
    """A date of three parts; all empty is no date."""

    widget = DateParts()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not any(part.strip() for part in valuelist):
            return
        try:
            day, month, year = (int(part) for part in valuelist)
            self.data = date(year, month, day)
        except ValueError as problem:
            raise ValueError(gettext("Enter a real date, like 27 3 2027")) from problem

    @property
    def iso(self) -> str:
        return self.data.isoformat() if self.data else ""


def line(label: Words, hint: Any = "", *, most: int = 120, empty: Any = None, **more: Any) -> Any:
    """One line of text."""
    return StringField(
        label,
        [*_needed(empty), checks.Length(max=most, message=_too_long(most))],
        description=hint,
        filters=[_stripped],
        **{"widget": GovTextInput(), **more},
    )


def paragraph(label: Words, hint: Any = "", *, most: int = 5000, empty: Any = None) -> Any:
    """Several lines of text."""
    return TextAreaField(
        label,
        [*_needed(empty), checks.Length(max=most, message=_too_long(most))],
        description=hint,
        widget=GovTextArea(),
        filters=[_stripped],
    )


def email(label: Words, hint: Any = "", *, empty: Any = None) -> Any:
    shape = checks.Regexp(r"^\s*$|^[^@\s]+@[^@\s]+\.[^@\s]+$", message=TEXTS["string.email"])
    return StringField(
        label,
        [*_needed(empty), shape],
        description=hint,
        widget=GovTextInput(),
        filters=[_stripped],
        render_kw={"type": "email", "autocomplete": "email", "spellcheck": "false"},
    )


def code(label: Words, hint: Any = "", *, empty: Any = None) -> Any:
    """A code of an authenticator app, which phones offer to fill in; or a recovery code."""
    hints = {"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"}
    return line(label, hint, most=40, empty=empty, widget=MediumInput(), render_kw=hints)


def password(label: Words, hint: Any = "", *, empty: Any, is_new: bool = False) -> Any:
    rules = [checks.Length(10, 128, lazy("Use 10 to 128 characters"))] if is_new else []
    return PasswordField(
        label,
        [*_needed(empty), *rules],
        description=hint,
        widget=Password(),
        render_kw={"autocomplete": "new-password" if is_new else "current-password"},
    )


def one_of(label: Words, choices: Choices, hint: Any = "", *, empty: Any = None) -> Any:
    """One of a few, as radio buttons."""
    return RadioField(
        label,
        _needed(empty) if empty else [checks.Optional()],
        choices=list(choices),
        description=hint,
        widget=GovRadioInput(),
        validate_choice=False,
    )


def one_of_many(label: Words, choices: Choices, hint: Any = "", *, empty: Any = None) -> Any:
    """One of many, as a list to open."""
    return SelectField(
        label,
        _needed(empty),
        choices=list(choices),
        description=hint,
        widget=GovSelect(),
    )


def any_of(label: Words, choices: Choices, hint: Any = "") -> Any:
    """Any of a few, as boxes to tick."""
    return SelectMultipleField(
        label, choices=list(choices), description=hint, widget=GovCheckboxesInput()
    )


def when(label: Words, hint: Any = "") -> Any:
    return Day(label, description=hint)


def amount(label: Words, hint: Any = "", *, most: float) -> Any:
    wrong = lazy("Enter a number, like 1 or 0.5")
    return FloatField(
        label,
        [checks.Optional(), checks.NumberRange(0, most, wrong)],
        description=hint,
        widget=ShortInput(),
        render_kw={"inputmode": "decimal"},
    )


def _needed(empty: Any) -> list[Any]:
    return [checks.InputRequired(empty)] if empty else []


def _too_long(most: int) -> Any:
    return Longest(most)


class Longest(Words):
    """How long a text may be."""

    def __init__(self, most: int) -> None:
        super().__init__("")
        self._most = most

    def __str__(self) -> str:
        return gettext("Use at most %(most)s characters", most=self._most)

    def __mod__(self, _: object) -> str:  # the validator fills its own message in
        return str(self)


def _stripped(text: str | None) -> str | None:
    return text.replace("\r\n", "\n").strip() if text else text


def slugs(text: str | None) -> list[str]:
    """Ids from words that a person separated by commas: "Housing options, data" gives housing-options and data."""
    found = (SLUG.sub("-", each.strip().lower()).strip("-") for each in (text or "").split(","))
    return list(dict.fromkeys(each for each in found if each))


def in_words(ids: Sequence[str]) -> str:
    return ", ".join(each.replace("-", " ") for each in ids)


def levels(text: str | None) -> list[dict[str, Any]]:
    """The levels that a person wrote behind skills: "housing options (4), data" says 4 of housing-options."""
    found = ((LEVEL.search(each), each) for each in (text or "").split(","))
    return [
        {"skill": skill, "level": int(said[1])}
        for said, each in found
        if said
        for skill in slugs(LEVEL.sub("", each))
    ]


def without_levels(text: str | None) -> str:
    return ",".join(LEVEL.sub("", each) for each in (text or "").split(","))


def with_levels(ids: Sequence[str], said: Iterable[Mapping[str, Any]]) -> str:
    """Skills as `levels` reads them."""
    by_skill = {each["skill"]: each["level"] for each in said}
    return ", ".join(
        f"{in_words([each])} ({by_skill[each]})" if each in by_skill else in_words([each])
        for each in ids
    )
