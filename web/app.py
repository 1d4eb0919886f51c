"""The pages' program as a WSGI application."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, request, url_for
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from redis import Redis
from werkzeug.wrappers import Response as Reply

from chassis.release import HEADER, release
from web import codes, errors, flashes, languages, security, spans, words
from web.api import Away, Gateway, Refused
from web.asked import Site, acts_for, api, asked, public_address, site
from web.config import Config
from web.ending import ending_of
from web.sessions import SignIn, Store
from web.skills import in_words, with_levels

PAGES = (
    "visiting",
    "directory",
    "joining",
    "signing_in",
    "second_factor",
    "through_organisation",
    "providers",
    "sign_ins",
    "acting",
    "account",
    "messages",
    "requests",
    "dashboard",
    "notices",
    "suggestions",
    "skills",
    "notice_files",
    "interests",
    "exchanges",
    "swaps",
    "papers",
    "finding",
    "cohorts",
    "pairing",
    "saved",
    "operating",
    "overseeing",
    "moderating",
    "office",
    "pointing",
)
STATIC = Path(__file__).parent / "static"
REGION_KEPT_S = 60.0


def create_app(config: Config, redis: Redis) -> Flask:
    """The whole program. Make it in the process that serves: connections do not survive a fork."""
    app = Flask("web", static_folder=str(STATIC), static_url_path="/assets")
    app.config["MAX_CONTENT_LENGTH"] = config.body_limit
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = security.YEAR_S
    gateway = Gateway(config.gateway_url, config.tls_authority_file)
    app.extensions["site"] = Site(config, gateway, Store(redis, config.idle_s))
    app.extensions["region"] = Region()
    _templates(app)
    app.before_request(_begin)
    app.after_request(_end)
    errors.register(app)
    healthy = {"Content-Type": "text/plain", HEADER: release()}
    app.add_url_rule("/healthz", "healthz", lambda: ("ok", 200, healthy))
    for name in PAGES:
        app.register_blueprint(import_module(f"web.pages.{name}").pages)
    return app


def _begin() -> Reply | None:
    spans.begin()
    g.language = languages.choose()
    if request.method == "POST" and not asked().is_own_form():
        return errors.not_our_form()
    return None


def _end(response: Response) -> Response:
    spans.end(response)
    if request.endpoint == "static":
        return response
    if request.args.get("lang") in languages.LANGUAGES:
        response.set_cookie(
            languages.COOKIE,
            request.args["lang"],
            max_age=languages.COOKIE_S,
            secure=site().config.is_secure,
            httponly=True,
            samesite="Lax",
        )
    if "asked" in g:
        asked().write_cookie(response)
    response.headers["Content-Language"] = languages.language()
    response.vary.update(("Cookie", "Accept-Language"))
    return security.protect(security.fit(response), is_secure=site().config.is_secure)


class Region:
    """What the region is called, asked for now and then; without an answer, what was known before."""

    def __init__(self) -> None:
        self._name = ""
        self._until = 0.0

    @property
    def name(self) -> str:
        if monotonic() > self._until:
            self._until = monotonic() + REGION_KEPT_S
            try:
                self._name = api().get("/v1/regions/current")["displayName"]
            except (Away, Refused):
                self._until = monotonic() + 1
        return self._name


def _templates(app: Flask) -> None:
    env = app.jinja_env
    theirs = {name: PackageLoader(name) for name in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    env.loader = ChoiceLoader([PackageLoader("web"), PrefixLoader(theirs)])
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(  # type: ignore[attr-defined]
        languages.gettext, languages.ngettext, newstyle=True
    )
    env.filters.update(
        day=languages.day,
        day_and_time=languages.day_and_time,
        hour=languages.hour,
        number=languages.number,
        in_words=in_words,
        with_levels=with_levels,
        id=words.id_of,
        label=words.label,
    )
    app.context_processor(_everywhere)


def _everywhere() -> dict[str, Any]:
    return {
        "asset": asset,
        "nonce": security.nonce,
        "here_in": here_in,
        "public_address": public_address,
        "lang": languages.language(),
        "languages": languages.LANGUAGES,
        "region_name": lambda: site_region().name,
        "signed_in": who_if_known,
        "ending_of": lambda who: ending_of(who, site().config),
        "acts_for": acts_for,
        "csrf_token": lambda: asked().csrf_token,
        "codes": codes,
        "words": words,
        "get_flashed": flashes.told,
        "with_query": with_query,
    }


def who_if_known() -> SignIn | None:
    """Who is signed in, for a page that is shown even while nobody can say."""
    try:
        return asked().signed_in
    except Away:
        return None


def site_region() -> Region:
    region: Region = current_app.extensions["region"]
    return region


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """A file's address, which changes with its content so that browsers may keep it."""
    return url_for("static", filename=name, v=_version(name))


def here_in(language: str) -> str:
    """This page in another language. What was posted is asked for anew."""
    return with_query(lang=language)


def with_query(**values: Any) -> str:
    """This page with other filters; an empty value takes a filter away."""
    query = request.args.to_dict(flat=False)
    for name, value in values.items():
        query.pop(name, None)
        if value:
            query[name] = value if isinstance(value, list) else [value]
    return f"{request.path}?{urlencode(query, doseq=True)}" if query else request.path
