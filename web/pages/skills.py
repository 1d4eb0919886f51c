"""The framework of skills: looking skills up, and what operators add to it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web.asked import api, operator
from web.fields import line, paragraph
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy
from web.steps import step

pages = Blueprint("skills", __name__, url_prefix="/skills")
HERE = "/skills"


class SkillForm(Asking):
    """A skill of the region's own."""

    label = line(
        lazy("What is it called?"),
        lazy("Like: housing options"),
        most=100,
        empty=lazy("Enter what it is called"),
    )
    welsh_label = line(lazy("What is it called in Welsh? (optional)"), most=100)
    description = paragraph(lazy("What does it mean? (optional)"), most=2000)


@pages.get("")
def skills() -> str:
    query, token = request.args.get("query", "").strip()[:100], request.args.get("page", "")
    if query:
        found = api().get("/v1/skills:search", query=query, pageToken=token, pageSize=20)
    else:
        found = api().get("/v1/skills", source="LOCAL", pageToken=token)
    return render_template(
        "skills.html",
        title=gettext("Skills"),
        query=query,
        skills=found["skills"],
        token=found["nextPageToken"],
    )


@pages.get("/<skill>")
def one(skill: str) -> str:
    found = api().get(f"/v1/skills/{skill}")
    return render_template("skill.html", title=found["label"], skill=found, back=HERE)


@pages.route("/new", methods=["GET", "POST"])
@operator
def new() -> Response | Reply:
    form = SkillForm()
    if form.was_sent():
        with form.told():
            said = {
                "label": form.label.data,
                "welshLabel": form.welsh_label.data or "",
                "description": form.description.data or "",
            }
            made = api().post("/v1/skills", said, key=form.once)
            tell(gettext("The skill is added. It is proposed from now on."))
            return redirect(f"/{made['name']}", 303)
    return question(form, gettext("Add a skill"), button=gettext("Add it"), back=HERE)


@pages.route("/<skill>/retire", methods=["GET", "POST"])
@operator
def retire(skill: str) -> Response | Reply:
    here, form = f"{HERE}/{skill}", SureForm()
    return step(
        form,
        gettext("Retire the skill"),
        lambda: api().post(f"/v1/skills/{skill}:retire"),
        gettext("The skill is not proposed any more. Who has named it keeps it."),
        is_destructive=True,
        lead=[gettext("It is not proposed to anybody any more, and can’t be brought back.")],
        back=here,
    )
