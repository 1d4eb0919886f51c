"""What the operator does about notices: those in review, those that somebody reported, those published lately."""

from __future__ import annotations

from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json, asking
from web.asked import api, me, operator, reviewer, together
from web.fields import line, one_of, paragraph
from web.flashes import tell
from web.forms import Asking, SureForm, confirmation, not_yet, question
from web.languages import gettext, lazy
from web.pages.operating import HERE
from web.steps import step

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
    form = ChangeForm()
    return _step(
        form,
        gettext("Give the notice back"),
        gettext("It is a draft again. Who answers for it is told, and reads what you write."),
        gettext("The notice is given back."),
        f"/v1/notices/{notice}:return",
        {"note": form.reason.data},
        back=QUEUE if me().is_operator else f"/notices/{notice}",
    )


@pages.route(f"{HERE}/notices/<uuid:notice>/refuse", methods=["GET", "POST"])
@operator
def refuse(notice: UUID) -> Response | Reply:
    form = ReasonForm()
    return _step(
        form,
        gettext("Refuse the notice"),
        gettext("It is closed and never published. Its managers can copy it into a new draft."),
        gettext("The notice is refused."),
        f"/v1/notices/{notice}:withdraw",
        {"reason": form.reason.data},
        is_destructive=True,
    )


@pages.route(f"{HERE}/notices/<uuid:notice>/remove", methods=["GET", "POST"])
@operator
def remove(notice: UUID) -> Response | Reply:
    form = ReasonForm()
    return _step(
        form,
        gettext("Remove the notice"),
        gettext(
            "It disappears everywhere, also in partner regions, and is never opened again. "
            "Those who answered it are told."
        ),
        gettext("The notice is removed."),
        f"/v1/notices/{notice}:close",
        {"reason": "REMOVED", "note": form.reason.data},
        is_destructive=True,
    )


def _step(
    form: Asking,
    title: str,
    lead: str,
    done: str,
    call: str,
    body: Json,
    *,
    back: str = QUEUE,
    is_destructive: bool = False,
) -> Reply:
    """A step about a notice, which is named above it."""
    notice = api().get(call.partition(":")[0])
    return step(
        form,
        title,
        lambda: api().post(call, body),
        done,
        lead=[lead],
        caption=notice["title"],
        back=back,
        is_destructive=is_destructive,
    )


@pages.route(f"{HERE}/notices/<uuid:notice>/reports/<uuid:report>/dismiss", methods=["GET", "POST"])
@operator
def dismiss(notice: UUID, report: UUID) -> Response | Reply:
    form, found = StayForm(), api().get(f"/v1/notices/{notice}")
    return step(
        form,
        gettext("Let the notice stay"),
        lambda: api().post(
            f"/v1/notices/{notice}/reports/{report}:dismiss", {"note": form.note.data}
        ),
        gettext("The report is settled. Who made it is told that the notice may stay."),
        caption=found["title"],
        back=QUEUE,
    )
