"""Answers to notices: proposing, endorsing, accepting or declining them, and the introduction that follows."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web.api import Json, asking
from web.asked import acts_for, api, me, signed_in, together
from web.fields import let_choose, one_of, one_of_many, paragraph
from web.flashes import tell
from web.forms import Asking, SureForm, not_yet, question
from web.languages import gettext, lazy
from web.pages.answering import answering
from web.pages.consenting import (
    AbroadForm,
    consent_to,
    covers,
    period,
    region_name,
    summary,
    wording,
)
from web.steps import step

pages = Blueprint("interests", __name__)
ONE = "/notices/<uuid:notice>/interests/<uuid:interest>"


class AnswerForm(Asking):
    """An answer to a notice, for oneself or for somebody whom one manages."""

    participant = one_of_many(
        lazy("Who would take part?"),
        [],
        lazy("The other side does not see who it is before both have said yes"),
    )
    message = paragraph(
        lazy("A word to the notice’s manager (optional)"), lazy("Please name nobody"), most=2000
    )
    consent = one_of(
        lazy("May the person be introduced if the notice’s manager says yes?"),
        [
            (
                "yes",
                lazy("Yes, they agree that name, job title and work email address are then shown"),
            ),
            ("ask", lazy("Not yet: they want to be asked again")),
        ],
        empty=lazy("Choose whether the person may be introduced"),
    )
    days = period()


class OwnAnswerForm(AnswerForm):
    """An answer for oneself: there is nobody to choose from."""

    participant = None
    consent = one_of(
        lazy("May we introduce you if the notice’s manager says yes?"),
        [
            (
                "yes",
                lazy("Yes, the other side may then see my name, job title and work email address"),
            ),
            ("ask", lazy("Not yet: ask me again")),
        ],
        empty=lazy("Choose whether we may introduce you"),
    )


class ReasonForm(Asking):
    """Why not."""

    reason = paragraph(
        lazy("Why do you decline?"),
        lazy("The other side reads this"),
        most=1000,
        empty=lazy("Say why you decline"),
    )


@pages.get("/interests")
@signed_in
def interests() -> str:
    found = api().get("/v1/notices/-/interests", pageToken=request.args.get("page", ""))
    return _list(found, gettext("Interests"), "")


@pages.get("/notices/<uuid:notice>/interests")
@signed_in
def of_notice(notice: UUID) -> str:
    found = api().get(f"/v1/notices/{notice}/interests", pageToken=request.args.get("page", ""))
    return _list(found, gettext("Interests in this notice"), f"/notices/{notice}")


def _list(found: Json, title: str, back: str) -> str:
    return render_template(
        "interests.html",
        title=title,
        interests=found["interests"],
        token=found["nextPageToken"],
        back=back,
    )


@pages.route("/notices/<uuid:notice>/answer", methods=["GET", "POST"])
@signed_in
def answer(notice: UUID) -> Response | Reply:
    found = api().get(f"/v1/notices/{notice}")
    region = found["region"] if found["regionDisplayName"] else ""
    form = _answer_form()
    if not region:
        del form.days
    if form.was_sent():
        with form.told():
            path = f"/v1/notices/{notice}/interests"
            made = api().post(path, _interest(form, region), key=form.once)
            tell(gettext("The interest is proposed. What happens next is told in your messages."))
            return redirect(f"/{made['name']}", 303)
    verb = answering(found, me()) or gettext("Answer the notice")
    return question(
        form,
        verb,
        caption=found["title"],
        lead=_beyond(found["regionDisplayName"]),
        button=gettext("Send"),
        back=f"/notices/{notice}",
    )


def _beyond(region: str) -> list[str]:
    """What is different about a notice of a partner region."""
    if not region:
        return []
    return [
        gettext(
            "The notice is from %(region)s. Your answer goes there once your own manager has endorsed it "
            "and the person has agreed to be introduced there.",
            region=region,
        )
    ]


def _answer_form() -> AnswerForm:
    if not me().is_manager:
        return OwnAnswerForm(consent="ask", days="90")
    form = AnswerForm(consent="ask", days="90")
    let_choose(form.participant, _participants())
    return form


def _participants() -> list[tuple[str, str]]:
    who = me()
    myself = (who.person, gettext("Myself"))
    people = api().all("/v1/people", "people", organisation=acts_for(), state="ACTIVE")
    named = [(each["name"], each["displayName"]) for each in people if each["name"] != who.person]
    return [("", gettext("Nobody yet: I am the contact")), myself, *named]


def _interest(form: AnswerForm, region: str) -> Json:
    made: Json = {"message": form.message.data or ""}
    if me().is_manager:
        made["organisation"] = acts_for()
    participant = form.participant.data if form.participant else me().person
    if participant:
        made["participant"] = participant
    if form.consent.data == "yes" and participant:
        made["consent"] = consent_to(region, form.days.data if region else None)
    offered = request.args.get("with", "")
    return {**made, "offeredNotice": offered} if offered else made


@pages.get(ONE)
@signed_in
def one(notice: UUID, interest: UUID) -> str:
    name = f"notices/{notice}/interests/{interest}"
    found, about = together(asking(f"/v1/{name}"), asking(f"/v1/notices/{notice}"))
    parties = []
    if found["state"] == "ACCEPTED":
        parties = api().get(f"/v1/{name}/introduction")["parties"]
    who = me()
    return render_template(
        "interest.html",
        title=found["noticeTitle"],
        interest=found,
        notice=about,
        parties=parties,
        is_ours=found["organisation"] in who.manages or found["participant"] == who.person,
        may_endorse=found["state"] == "PROPOSED" and found["organisation"] in who.manages,
        may_answer=found["state"] == "ENDORSED" and found["noticeOrganisation"] in who.manages,
        is_open=found["state"] in ("PROPOSED", "ENDORSED"),
        has_consented=covers(found.get("consent"), found.get("noticeRegion", "")),
        agreed=summary(found.get("consent")) if found["participant"] else "",
        waits=_waits(found),
        their_region=found.get("organisationRegion", ""),
        back="/interests",
    )


def _waits(interest: Json) -> str:
    """Why a partner region has not been told of it yet. The API says it in its own terms; here are ours."""
    region = interest.get("noticeRegion", "")
    if not region or not interest.get("waiting"):
        return ""
    if interest["participant"] and not covers(interest.get("consent"), region):
        return gettext(
            "%(region)s has not been told of it yet: it waits until the person agrees to be introduced there.",
            region=region_name(region),
        )
    return gettext(
        "%(region)s has not been told of it yet: it waits until a manager on your side endorses it.",
        region=region_name(region),
    )


@pages.post(f"{ONE}/<any(endorse, accept):verb>")
@signed_in
def bring_on(notice: UUID, interest: UUID, verb: str) -> Response | Reply:
    here = f"/notices/{notice}/interests/{interest}"
    form = SureForm()
    with form.told():
        api().post(f"/v1{here}:{verb}")
        texts = {
            "endorse": gettext("The interest is endorsed and goes to the notice’s manager."),
            "accept": gettext("The interest is accepted. The two sides see each other now."),
        }
        tell(texts[verb])
        return redirect(here, 303)
    return not_yet(form, here)


@pages.route(f"{ONE}/decline", methods=["GET", "POST"])
@signed_in
def decline(notice: UUID, interest: UUID) -> Response | Reply:
    here, form = f"/notices/{notice}/interests/{interest}", ReasonForm()
    return step(
        form,
        gettext("Decline the interest"),
        lambda: api().post(f"/v1{here}:decline", {"reason": form.reason.data}),
        gettext("The interest is declined."),
        button=gettext("Decline"),
        is_destructive=True,
        back=here,
    )


@pages.route(f"{ONE}/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(notice: UUID, interest: UUID) -> Response | Reply:
    here, form = f"/notices/{notice}/interests/{interest}", SureForm()
    return step(
        form,
        gettext("Take the interest back"),
        lambda: api().post(f"/v1{here}:withdraw"),
        gettext("The interest is taken back."),
        button=gettext("Take it back"),
        is_destructive=True,
        lead=[gettext("The notice’s manager is told.")],
        back=here,
        then="/interests",
    )


@pages.route(f"{ONE}/consent", methods=["GET", "POST"])
@signed_in
def consent(notice: UUID, interest: UUID) -> Response | Reply:
    here = f"/notices/{notice}/interests/{interest}"
    found = api().get(f"/v1{here}")
    return _consent(here, found.get("consent"), found.get("noticeRegion", ""))


@pages.route("/notices/<uuid:notice>/consent", methods=["GET", "POST"])
@signed_in
def notice_consent(notice: UUID) -> Response | Reply:
    """Of the person a notice is for; `region`: whose people are interested, when they are a partner's."""
    here = f"/notices/{notice}"
    return _consent(here, api().get(f"/v1{here}").get("consent"), request.args.get("region", ""))


def _consent(here: str, known: Json | None, region: str) -> Response | Reply:
    """Give it for this region, or take it back."""
    is_given = covers(known, region)
    form: Asking = AbroadForm(days="90") if region and not is_given else SureForm()
    if form.was_sent():
        with form.told():
            days = form.data.get("days")
            body = {} if is_given else {"consent": consent_to(region, days)}
            api().post(f"/v1{here}:setConsent", body)
            tell(
                gettext("The consent is taken back.")
                if is_given
                else gettext("The consent is recorded.")
            )
            return redirect(here, 303)
    title = gettext("Take the consent back") if is_given else gettext("Agree to an introduction")
    return question(form, title, button=title, lead=wording(region), back=here, cancel=here)
