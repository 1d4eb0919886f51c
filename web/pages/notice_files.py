"""A manager's notices as a table: out for a spreadsheet, and in from one after a look at what would be drafted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply
from wtforms import FileField

from web import words
from web.api import PAGES_AT_MOST, Json
from web.asked import acts_for, api, asked, manager, site
from web.flashes import tell
from web.forms import Asking, SureForm, not_yet, question
from web.languages import gettext, lazy, ngettext
from web.refusals import told

pages = Blueprint("notice_files", __name__, url_prefix="/notices")
HERE = "/notices/import"
KEPT = "table"  # the session's place for the table between looking and drafting
BYTE_ORDER_MARK = "\ufeff"  # lets spreadsheets read it as UTF-8
ROWS = 100
# By column, what is right in it: whatever rule was broken.
RIGHT: dict[str, Any] = {
    "kind": lazy("Use WANTED, NEEDED or OFFERED"),
    "format": lazy("Use a format, like WORK_SHADOWING or MENTORING"),
    "title": lazy("Use 3 to 120 characters"),
    "body": lazy("Use 1 to 5,000 characters"),
    "themes": lazy("Use at most 10 themes, each once, separated by semicolons"),
    "skills": lazy("Use at most 20 skills, each once, separated by semicolons"),
    "grade_bands": lazy("Use grades like OFFICER or SENIOR, each once, separated by semicolons"),
    "place": lazy("Use at most 100 characters"),
    "latitude": lazy("Use a number from -90 to 90"),
    "longitude": lazy("Use a number from -180 to 180"),
    "attendance": lazy("Use IN_PERSON, REMOTE or HYBRID"),
    "start_date": lazy("Use a day like 2027-02-01"),
    "end_date": lazy("Use a day like 2027-02-01, not before the first day"),
    "days_per_week": lazy("Use a number from 0 to 7"),
    "visibility": lazy("Use ORGANISATION, REGION or NETWORK"),
    "skill_levels": lazy(
        "Use skills of the notice with levels from 1 to 5, like housing-options 4, separated by semicolons"
    ),
    "vetting_needed": lazy("Use BASIC, STANDARD, ENHANCED or ENHANCED_WITH_LISTS"),
    "vetting_held": lazy("Use NOT_CHECKED, BASIC, STANDARD, ENHANCED or ENHANCED_WITH_LISTS"),
    "places": lazy("Use a whole number from 0 to 1,000"),
    "new_partners_only": lazy("Use yes or no"),
}


class TableForm(Asking):
    """A file to look at."""

    csv = FileField(
        lazy("File (CSV)"),
        description=lazy("At most 200 rows. Save it from your spreadsheet as “CSV UTF-8”"),
        render_kw={"accept": ".csv,text/csv"},
    )


@pages.get("/export")
@manager
def export() -> Response:
    return Response(
        BYTE_ORDER_MARK + "".join(_parts()),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="interchange-notices.csv"'},
    )


def _parts() -> Iterator[str]:
    """One header, then the rows of page after page."""
    token = ""
    for at in range(PAGES_AT_MOST):
        organisation = acts_for()
        answer = api().get(
            "/v1/notices:export", organisation=organisation, pageSize=ROWS, pageToken=token
        )
        yield answer["csv"] if at == 0 else answer["csv"].partition("\r\n")[2]
        token = answer["nextPageToken"]
        if not token:
            return


@pages.route("/import", methods=["GET", "POST"])
@manager
def import_() -> Response | Reply | str:
    form = TableForm()
    if form.was_sent():
        text = _text(form)
        if text:
            with form.told():
                found = _ask(text, validate_only=True)
                _keep(text)
                return _preview(found)
    return question(
        form,
        gettext("Draft notices from a table"),
        template="import.html",
        columns=RIGHT,
        back="/notices/mine",
    )


def _text(form: TableForm) -> str:
    """What the file says; an error of the form when it says nothing."""
    raw = request.files["csv"].read() if "csv" in request.files else b""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # what spreadsheets on Windows write unless told otherwise
        text = raw.decode("cp1252", errors="replace")
    if not text.strip():
        form.say(gettext("Choose a file that is not empty"), "csv")
    return text if text.strip() else ""


def _ask(text: str, *, validate_only: bool, key: str = "") -> Json:
    body = {"organisation": acts_for(), "csv": text, "validateOnly": validate_only}
    return api().post("/v1/notices:import", body, key=key)


def _keep(text: str) -> None:
    asked().remember()
    site().store.write(KEPT, asked().sid, {"csv": text})


def _preview(found: Json) -> str:
    return render_template(
        "import_preview.html",
        title=gettext("What would be drafted"),
        form=SureForm(),
        rows=[_shown(each) for each in found["rows"]],
        faulty=found["faultyRows"],
        again=HERE,
        back=HERE,
    )


def _shown(row: Json) -> Json:
    notice = row["notice"]
    faults = [(each["column"], _right(each)) for each in row["faults"]]
    kind = words.label(notice["kind"], words.KINDS)
    return {"row": row["row"], "title": notice["title"], "kind": kind, "faults": faults}


def _right(fault: Json) -> str:
    return str(RIGHT.get(fault["column"]) or told(fault["reason"], fault["detail"]))


@pages.post("/import/draft")
@manager
def draft() -> Response | Reply:
    form, kept = SureForm(), site().store.read(KEPT, asked().sid) or {}
    if not kept.get("csv"):
        return redirect(HERE, 303)
    with form.told():
        made = len(_ask(kept["csv"], validate_only=False, key=form.once)["rows"])
        site().store.write(KEPT, asked().sid, {})
        tell(ngettext("%(count)s notice is drafted.", "%(count)s notices are drafted.", made))
        return redirect("/notices/mine", 303)
    return not_yet(form, HERE)
