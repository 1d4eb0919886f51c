"""One's own account: profile, skills, what one is told, what is held, and erasing it."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType

import orjson
from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as Reply

from web import proposals, words
from web.api import Away, Json, Refused, asking
from web.asked import api, asked, me, signed_in, together
from web.fields import let_choose, line, one_of, one_of_many, paragraph, password
from web.flashes import tell
from web.forms import Asking, question
from web.languages import LANGUAGES, gettext, lazy
from web.sessions import SignedOut
from web.skills import in_words, slugs

pages = Blueprint("account", __name__, url_prefix="/account")
HERE = "/account"
LEVEL = 3  # of a skill that is named without one: can do it alone
LEVELS = 5


class ProfileForm(Asking):
    """What others of one's organisation know."""

    display_name = line(lazy("Your name"), most=100, empty=lazy("Enter your name"))
    job_title = line(lazy("Job title (optional)"), most=100)
    grade_band = one_of_many(lazy("Grade (optional)"), [])
    language = one_of(lazy("Language of mails"), LANGUAGES.items(), empty=lazy("Choose a language"))


class SkillsForm(Asking):
    """Skills as lines: their name, and a level from 1 to 5."""

    has = paragraph(
        lazy("What you can do"),
        lazy(
            "One skill a line. Add a level from 1 (awareness) to 5 (expert), like: housing options 4"
        ),
        most=3000,
    )
    wants = paragraph(
        lazy("What you want to learn"),
        lazy("One skill a line, with the level you want to reach"),
        most=3000,
    )
    about = paragraph(
        lazy("Or say what your work is (optional)"),
        lazy("Press “Suggest skills” to find those in it. The text is not kept"),
    )
    proposed = proposals.boxes()
    names = MappingProxyType({"skills": "has"})


class PreferencesForm(Asking):
    """How often to be told by mail."""

    frequency = one_of(
        lazy("How often do you want mail?"),
        words.choices(words.FREQUENCIES),
        lazy("Your messages here always hold everything"),
        empty=lazy("Choose how often you want mail"),
    )


class PasswordForm(Asking):
    """A new password for the old one."""

    current_password = password(lazy("Present password"), empty=lazy("Enter your present password"))
    new_password = password(
        lazy("New password"),
        lazy("10 to 128 characters"),
        empty=lazy("Enter a new password"),
        is_new=True,
    )


class EraseForm(Asking):
    """Erasing can't be undone, so the word is typed."""

    confirm = line(lazy("Type ERASE to confirm"), empty=lazy("Type ERASE to confirm"), most=20)


@pages.get("")
@signed_in
def account() -> str:
    name = me().person
    person, preferences = together(asking(f"/v1/{name}"), asking(f"/v1/{name}/preferences"))
    return render_template(
        "account.html",
        title=gettext("Your account"),
        person=person,
        organisation=me().me.get("organisationDisplayName", ""),
        preferences=preferences,
        has=_skills(person, "HAS"),
        wants=_skills(person, "WANTS"),
    )


def _skills(person: Json, stance: str) -> list[Json]:
    return [each for each in person["skills"] if each["stance"] == stance]


@pages.route("/profile", methods=["GET", "POST"])
@signed_in
def profile() -> Response | Reply:
    person = api().get(f"/v1/{me().person}")
    form = ProfileForm(
        display_name=person["displayName"],
        job_title=person["jobTitle"],
        grade_band=person["gradeBand"],
        language=person["language"] or "en",
    )
    let_choose(
        form.grade_band,
        [
            ("GRADE_BAND_UNSPECIFIED", gettext("Not said")),
            *words.choices(words.GRADES),
        ],
    )
    if form.was_sent():
        with form.told():
            return _change(
                person,
                displayName=form.display_name.data,
                jobTitle=form.job_title.data or "",
                gradeBand=form.grade_band.data,
                language=form.language.data,
            )
    return question(form, gettext("Change your profile"), button=gettext("Save"), back=HERE)


@pages.route("/skills", methods=["GET", "POST"])
@signed_in
def skills() -> Response | Reply:
    person = api().get(f"/v1/{me().person}")
    form = SkillsForm(
        has=_as_lines(_skills(person, "HAS")), wants=_as_lines(_skills(person, "WANTS"))
    )
    proposals.offer(form, form.about.data or "")
    if form.was_sent() and not proposals.is_asking():
        with form.told():
            ticked = _from_lines("\n".join(proposals.chosen(form)), "HAS")
            named = [*_from_lines(form.has.data, "HAS"), *_from_lines(form.wants.data, "WANTS")]
            named += [each for each in ticked if each["skill"] not in _ids(named)]
            return _change(person, skills=named)
    title = gettext("Change your skills")
    return question(form, title, button=gettext("Save"), back=HERE, suggests=True)


def _ids(skills: list[Json]) -> set[str]:
    return {each["skill"] for each in skills}


def _as_lines(skills: list[Json]) -> str:
    return "\n".join(f"{in_words([each['skill']])} {each['level']}" for each in skills)


def _from_lines(text: str | None, stance: str) -> list[Json]:
    found: dict[str, Json] = {}
    for row in (text or "").splitlines():
        words_, _, last = row.strip().rpartition(" ")
        is_level = last.isdigit() and 1 <= int(last) <= LEVELS and bool(words_)
        for skill in slugs(words_ if is_level else row)[:1]:
            level = int(last) if is_level else LEVEL
            found[skill] = {"skill": skill, "level": level, "stance": stance}
    return list(found.values())


def _change(person: Json, **fields: object) -> Reply:
    path = f"/v1/{person['name']}?updateMask={','.join(fields)}"
    api().patch(path, {"name": person["name"], "etag": person["etag"], **fields})
    tell(gettext("Your account is changed."))
    return redirect(HERE, 303)


@pages.route("/preferences", methods=["GET", "POST"])
@signed_in
def preferences() -> Response | Reply:
    path = f"/v1/{me().person}/preferences"
    form = PreferencesForm(frequency=api().get(path)["frequency"])
    if form.was_sent():
        with form.told():
            api().patch(path, {"frequency": form.frequency.data})
            tell(gettext("Your preferences are saved."))
            return redirect(HERE, 303)
    return question(form, gettext("Mail"), button=gettext("Save"), back=HERE)


@pages.route("/password", methods=["GET", "POST"])
@signed_in
def change_password() -> Response | Reply:
    form = PasswordForm()
    if form.was_sent():
        with form.told():
            body = {
                "currentPassword": form.current_password.data,
                "newPassword": form.new_password.data,
            }
            api().post(f"/v1/{me().person}:changePassword", body)
            tell(gettext("Your password is changed. All other sessions are ended."))
            return redirect(HERE, 303)
    return question(form, gettext("Change your password"), button=gettext("Save"), back=HERE)


@pages.get("/export")
@signed_in
def export() -> Response:
    """All that is held on the person, as one file."""
    name = me().person
    person, messages, participation, matching = together(
        asking(f"/v1/{name}:export"),
        asking(f"/v1/{name}:exportMessages"),
        asking(f"/v1/{name}:exportParticipation"),
        asking(f"/v1/{name}:exportMatching"),
    )
    held = {
        "person": person,
        "messages": messages,
        "participation": participation,
        "matching": matching,
    }
    return Response(
        orjson.dumps(held, option=orjson.OPT_INDENT_2),
        mimetype="application/json",
        headers={"Content-Disposition": 'attachment; filename="interchange-export.json"'},
    )


@pages.route("/erase", methods=["GET", "POST"])
@signed_in
def erase() -> Response | Reply | str:
    form = EraseForm()
    if form.was_sent():
        if form.confirm.data.upper() not in ("ERASE", gettext("ERASE")):
            form.say(gettext("Type ERASE to confirm"), "confirm")
        else:
            with form.told():
                api().delete(f"/v1/{me().person}")
                return _erased()
    return question(
        form,
        gettext("Erase your account"),
        button=gettext("Erase everything"),
        is_destructive=True,
        warning=gettext("This can’t be undone."),
        lead=[
            gettext(
                "All that is held on you is erased here, in every copy and in partner regions: "
                "your profile, requests, interests, messages and sign-in."
            ),
            gettext("The audit log keeps that an account was erased, without your name."),
        ],
        back=HERE,
        cancel=HERE,
    )


def _erased() -> str:
    with suppress(Away, Refused, SignedOut):  # it ended with the account
        asked().sign_out()
    return render_template(
        "done.html",
        title=gettext("Your account is erased"),
        lead=[gettext("It reaches all copies within minutes. You can register again at any time.")],
    )
