"""Asking one's manager for an opportunity: one question a page, then check and send; and what became of it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import proposals, words
from web.api import Json
from web.asked import api, asked, me, signed_in
from web.fields import let_choose, line, one_of, one_of_many, paragraph
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy
from web.pages.consenting import consent_to
from web.sessions import SignIn
from web.skills import in_words, slugs
from web.steps import step

pages = Blueprint("requests", __name__, url_prefix="/requests")
HERE = "/requests"
DRAFT = "request"  # where the session keeps what was answered so far


class BodyForm(Asking):
    """What it is about."""

    body = paragraph(
        lazy("What do you want to learn or do?"),
        lazy("In your own words. Only you, your managers and the region’s operator see this"),
        empty=lazy("Say what you want to learn or do"),
    )


class TitleForm(Asking):
    """One line."""

    title = line(
        lazy("Put it in one line"),
        lazy("Like: Shadowing somebody who runs a housing-options service"),
        empty=lazy("Put it in one line of at least 3 characters"),
    )


class FormatForm(Asking):
    """What sort of exchange."""

    format = one_of_many(
        lazy("What do you think of?"),
        [],
        lazy("Your manager can suggest something else"),
    )


class SkillsForm(Asking):
    """What it gives."""

    skills = line(
        lazy("Which skills would you gain? (optional)"),
        lazy("Separate them with commas, like: housing options, data analysis"),
        most=500,
    )
    proposed = proposals.boxes()


class ConsentForm(Asking):
    """Whether they may be introduced."""

    consent = one_of(
        lazy("If a match is found, may we introduce you?"),
        [
            (
                "yes",
                lazy("Yes, the other side may then see my name, job title and work email address"),
            ),
            ("ask", lazy("Ask me again when there is a match")),
        ],
        lazy("Nobody sees who you are before both sides have said yes"),
        empty=lazy("Choose whether we may introduce you"),
    )


STEPS: dict[str, type[Asking]] = {
    "body": BodyForm,
    "title": TitleForm,
    "format": FormatForm,
    "skills": SkillsForm,
    "consent": ConsentForm,
}
CHECK = "check"


class DeclineForm(Asking):
    """Why not."""

    reason = paragraph(
        lazy("Why do you decline?"),
        lazy("The person reads this"),
        most=1000,
        empty=lazy("Say why you decline"),
    )


@pages.get("")
@signed_in
def requests() -> str:
    found, who = api().get("/v1/requests", pageToken=request.args.get("page", "")), me()
    sees_others = who.is_manager or who.is_operator
    return render_template(
        "requests.html",
        title=gettext("Requests") if sees_others else gettext("Your requests"),
        requests=found["requests"],
        token=found["nextPageToken"],
        person=who.person,
        waiting=[each["name"] for each in found["requests"] if _waits_for(who, each)],
    )


def _waits_for(who: SignIn, made: Json) -> bool:
    """Whether it is for this reader to answer."""
    is_managed = made["organisation"] in who.manages
    return made["state"] == "OPEN" and is_managed and made["person"] != who.person


@pages.get("/new")
@signed_in
def new() -> Reply:
    asked().data.pop(DRAFT, None)
    asked().remember()
    return redirect(f"{HERE}/new/{next(iter(STEPS))}", 303)


@pages.route("/new/<any(body, title, format, skills, consent):step>", methods=["GET", "POST"])
@signed_in
def ask(step: str) -> Response | Reply:
    draft: dict[str, str] = asked().data.setdefault(DRAFT, {})
    form = STEPS[step](**draft)
    if isinstance(form, FormatForm):
        let_choose(form.format, [("", gettext("Not sure")), *words.choices(words.FORMATS)])
    if isinstance(form, SkillsForm):
        text = ". ".join(filter(None, (draft.get("title"), draft.get("body"))))
        proposals.offer(form, text, named=slugs(form.skills.data), at_once=True)
    if form.was_sent():
        draft[step] = form[step].data or ""
        if isinstance(form, SkillsForm):
            draft[step] = in_words(proposals.with_chosen(form, draft[step]))
        with form.told():
            asked().remember()
            return redirect(f"{HERE}/new/{_after(step)}", 303)
    title, back = str(form[step].label.text), _before(step)
    if isinstance(form, SkillsForm):
        return question(form, gettext("Skills you would gain"), back=back)
    return question(form, title, template="question.html", back=back)


def _after(step: str) -> str:
    order = [*STEPS, CHECK]
    return CHECK if request.args.get("change") else order[order.index(step) + 1]


def _before(step: str) -> str:
    order = list(STEPS)
    at = order.index(step)
    return f"{HERE}/new/{order[at - 1]}" if at else HERE


@pages.route("/new/check", methods=["GET", "POST"])
@signed_in
def check() -> Response | Reply:
    draft: dict[str, str] = asked().data.get(DRAFT, {})
    if not draft.get("body") or not draft.get("title"):
        return redirect(f"{HERE}/new", 303)
    form = SureForm()
    if form.was_sent():
        with form.told():
            made = api().post("/v1/requests", _request(draft), key=form.once)
            asked().data.pop(DRAFT, None)
            tell(gettext("Your request is sent. Your manager reads it and answers here."))
            return redirect(f"/{made['name']}", 303)
    return question(
        form,
        gettext("Check your answers"),
        template="check.html",
        answers=_answers(draft),
        button=gettext("Send the request"),
        back=f"{HERE}/new/consent",
    )


def _request(draft: dict[str, str]) -> Json:
    made: Json = {"title": draft["title"], "body": draft["body"]}
    if draft.get("format"):
        made["format"] = draft["format"]
    if draft.get("skills"):
        made["skills"] = slugs(draft["skills"])
    if draft.get("consent") == "yes":
        made["consent"] = consent_to("", None)
    return made


def _answers(draft: dict[str, str]) -> list[tuple[str, str, str]]:
    is_yes = draft.get("consent") == "yes"
    shown = {
        "body": draft["body"],
        "title": draft["title"],
        "format": words.label(draft.get("format", ""), words.FORMATS) or gettext("Not sure"),
        "skills": in_words(slugs(draft.get("skills"))) or gettext("None named"),
        "consent": gettext("Yes, you may introduce me") if is_yes else gettext("Ask me again"),
    }
    labels = {
        "body": gettext("What you want"),
        "title": gettext("In one line"),
        "format": gettext("What you think of"),
        "skills": gettext("Skills you would gain"),
        "consent": gettext("Introduction"),
    }
    return [(labels[step], shown[step], f"{HERE}/new/{step}?change=1") for step in STEPS]


@pages.get("/<uuid:number>")
@signed_in
def one(number: UUID) -> str:
    found = api().get(f"/v1/requests/{number}")
    return render_template(
        "request.html",
        title=found["title"],
        request_=found,
        is_own=found["person"] == me().person,
        may_answer=found["organisation"] in me().manages and found["state"] == "OPEN",
        back=HERE,
    )


@pages.post("/<uuid:number>/draft")
@signed_in
def draft(number: UUID) -> Reply:
    made = api().post(f"/v1/requests/{number}:draftNotice")
    tell(gettext("A notice is drafted. Check that it names nobody, then put it up for review."))
    return redirect(f"/{made['name']}/edit", 303)


@pages.route("/<uuid:number>/decline", methods=["GET", "POST"])
@signed_in
def decline(number: UUID) -> Response | Reply:
    form = DeclineForm()
    return step(
        form,
        gettext("Decline the request"),
        lambda: api().post(f"/v1/requests/{number}:decline", {"reason": form.reason.data}),
        gettext("The request is declined."),
        button=gettext("Decline"),
        is_destructive=True,
        back=f"{HERE}/{number}",
    )


@pages.route("/<uuid:number>/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(number: UUID) -> Response | Reply:
    form = SureForm()
    return step(
        form,
        gettext("Take your request back"),
        lambda: api().post(f"/v1/requests/{number}:withdraw"),
        gettext("Your request is taken back."),
        button=gettext("Take it back"),
        is_destructive=True,
        lead=[gettext("Your manager is told. You can make a new request at any time.")],
        back=f"{HERE}/{number}",
        then=HERE,
    )
