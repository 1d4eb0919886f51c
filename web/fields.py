"""Fields of forms, in GOV.UK's looks and the person's language: what may be typed, and what is said of it when not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

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
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import validators as checks

from web.languages import Words, gettext, lazy
from web.refusals import SENTENCES

Choices = Iterable[tuple[str, Any]]


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
    shape = checks.Regexp(r"^\s*$|^[^@\s]+@[^@\s]+\.[^@\s]+$", message=SENTENCES["string.email"])
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
        choices=_choices(choices),
        description=hint,
        widget=GovRadioInput(),
        validate_choice=False,
    )


def one_of_many(label: Words, choices: Choices, hint: Any = "", *, empty: Any = None) -> Any:
    """One of many, as a list to open."""
    return SelectField(
        label,
        _needed(empty),
        choices=_choices(choices),
        description=hint,
        widget=GovSelect(),
    )


def any_of(label: Words, choices: Choices, hint: Any = "") -> Any:
    """Any of a few, as boxes to tick."""
    return SelectMultipleField(
        label, choices=_choices(choices), description=hint, widget=GovCheckboxesInput()
    )


def let_choose(field: Field, choices: Choices) -> None:
    """What there is to choose from, where that is known only when somebody asks."""
    field.choices = _choices(choices)


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


def _choices(choices: Choices) -> list[SelectChoice]:
    return [SelectChoice(value, text) for value, text in choices]


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
