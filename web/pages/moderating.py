"""What the operator does about notices: those in review, those that somebody reported, those published lately."""

from __future__ import annotations

from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import asking
from web.asked import api, me, operator, reviewer, together
from web.fields import line, one_of, paragraph
from web.flashes import tell
from web.forms import Asking, SureForm, confirmation, not_yet, question
from web.languages import gettext, lazy
from web.pages.operating import HERE

pages = Blueprint("moderating", __name__)
QUEUE = f"{HERE}/moderation"
LATEST = 20


class ReportForm(Asking):
    """What is wrong with a notice."""

    reason = one_of(
        lazy("What is wrong with it?"),
        words.choices(words.REPORT_REASONS),
        empty=lazy("Choose what is wrong with it"),
    )
    text = paragraph(
        lazy("In your words (optional)"),
        lazy("Only the region’s operator reads this"),
        most=1000,
    )


class ReasonForm(Asking):
    """Why a notice may not stay as it is."""

    reason = paragraph(
        lazy("Why?"), lazy("Its managers read this"), most=1000, empty=lazy("Say why")
    )
    names = MappingProxyType({"note": "reason"})


class ChangeForm(Asking):
    """What is to be changed."""

    reason = paragraph(
        lazy("What is to be changed?"),
        lazy("Its managers read this"),
        most=1000,
        empty=lazy("Say what is to be changed"),
    )
    names = MappingProxyType({"note": "reason"})


class StayForm(Asking):
    """Why a reported notice may stay."""

    note = line(
        lazy("Why may it stay?"),
        lazy("For the operators of this region. Name nobody"),
        most=500,
        empty=lazy("Say why it may stay"),
    )


@pages.route("/notices/<uuid:notice>/report", methods=["GET", "POST"])
def report(notice: UUID) -> Response | Reply:
    here, form = f"/notices/{notice}", ReportForm()
    found = api().get(f"/v1{here}")
    if form.was_sent():
        body = {"reason": form.reason.data, "text": form.text.data or ""}
        with form.told():
            api().post(f"/v1{here}/reports", body, key=form.once)
            tell(gettext("Thank you. The region’s operator looks at it."))
            return redirect(here, 303)
    return question(
        form,
        gettext("Report this notice"),
        caption=found["title"],
        button=gettext("Send the report"),
        lead=[gettext("The organisation that posted it is not told who reported it.")],
        back=here,
        cancel=here,
    )


@pages.get(QUEUE)
@operator
def moderation() -> str:
    reported, in_review, published = together(
        asking("/v1/notices/-/reports", state="OPEN", pageSize=100),
        asking("/v1/notices", state="IN_REVIEW", pageSize=100),
        asking("/v1/notices", state="PUBLISHED", pageSize=LATEST),
    )
    return render_template(
        "operator/moderation.html",
        title=gettext("Notices to look at"),
        reports=reported["reports"],
        in_review=in_review["notices"],
        published=published["notices"],
        back=HERE,
    )


@pages.post(f"{HERE}/notices/<uuid:notice>/publish")
@operator
def publish(notice: UUID) -> Response | Reply:
    form = SureForm()
    with form.told():
        api().post(f"/v1/notices/{notice}:publish", confirmation())
        tell(gettext("The notice is published."))
        return redirect(QUEUE, 303)
    return not_yet(form, QUEUE)


@pages.route("/notices/<uuid:notice>/return", methods=["GET", "POST"])
@reviewer
def give_back(notice: UUID) -> Response | Reply:
    return _ask(
        notice,
        ChangeForm(),
        gettext("Give the notice back"),
        gettext("It is a draft again. Who answers for it is told, and reads what you write."),
        gettext("The notice is given back."),
        "return",
    )


@pages.route(f"{HERE}/notices/<uuid:notice>/refuse", methods=["GET", "POST"])
@operator
def refuse(notice: UUID) -> Response | Reply:
    return _ask(
        notice,
        ReasonForm(),
        gettext("Refuse the notice"),
        gettext("It is closed and never published. Its managers can copy it into a new draft."),
        gettext("The notice is refused."),
        "withdraw",
    )


@pages.route(f"{HERE}/notices/<uuid:notice>/remove", methods=["GET", "POST"])
@operator
def remove(notice: UUID) -> Response | Reply:
    return _ask(
        notice,
        ReasonForm(),
        gettext("Remove the notice"),
        gettext(
            "It disappears everywhere, also in partner regions, and is never opened again. "
            "Those who answered it are told."
        ),
        gettext("The notice is removed."),
        "close",
    )


def _ask(notice: UUID, form: Asking, title: str, lead: str, done: str, verb: str) -> Reply:
    """A step that asks why, and says what will happen."""
    found = api().get(f"/v1/notices/{notice}")
    back = QUEUE if me().is_operator else f"/notices/{notice}"
    if form.was_sent():
        with form.told():
            api().post(f"/v1/notices/{notice}:{verb}", _body(verb, form["reason"].data))
            tell(done)
            return redirect(back, 303)
    return question(
        form,
        title,
        button=title,
        is_destructive=verb != "return",
        lead=[lead],
        caption=found["title"],
        back=back,
        cancel=back,
    )


def _body(verb: str, note: str) -> dict[str, str]:
    if verb == "withdraw":
        return {"reason": note}
    return {"note": note, **({"reason": "REMOVED"} if verb == "close" else {})}


@pages.route(f"{HERE}/notices/<uuid:notice>/reports/<uuid:report>/dismiss", methods=["GET", "POST"])
@operator
def dismiss(notice: UUID, report: UUID) -> Response | Reply:
    form, found = StayForm(), api().get(f"/v1/notices/{notice}")
    if form.was_sent():
        with form.told():
            api().post(f"/v1/notices/{notice}/reports/{report}:dismiss", {"note": form.note.data})
            tell(gettext("The report is settled. Who made it is told that the notice may stay."))
            return redirect(QUEUE, 303)
    title = gettext("Let the notice stay")
    return question(form, title, button=title, caption=found["title"], back=QUEUE, cancel=QUEUE)
