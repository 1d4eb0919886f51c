"""Where programs send traces and people look at them: OTLP over HTTP, pages, answers to `interchange traces`."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import Thread

from flask import Flask, Response, abort, jsonify, render_template, request
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, make_server

from cli.traces import words
from cli.traces.kept import ID, Kept, Question, Trace
from cli.traces.summary import summary
from cli.traces.waterfall import waterfall

PROTOBUF = "application/x-protobuf"
LARGEST = 16 * 1024 * 1024  # of one export, also once it is unpacked
SHOWN = 100
# A page elsewhere must not read traces by giving its own name our address.
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def application(kept: Kept, *, hosts: list[str] | None) -> Flask:
    """The receiver of these traces. `hosts`: the names by which it may be asked; None: any."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST, TRUSTED_HOSTS=hosts)
    app.after_request(_strict)
    app.jinja_env.globals.update(_=words.gettext, in_language=words.in_language, roles=words.ROLES)
    app.jinja_env.filters["in_words"] = words.gettext
    app.context_processor(lambda: {"language": words.language()})
    app.register_error_handler(HTTPException, _refused)

    @app.post("/v1/traces")
    def export() -> Response:
        kept.take(_exported())
        return Response(ExportTraceServiceResponse().SerializeToString(), mimetype=PROTOBUF)

    @app.get("/v1/traces")
    def find() -> Response:
        found = kept.find(_question(), request.args.get("most", SHOWN, int))
        return jsonify([asdict(summary(each)) for each in found])

    @app.get("/v1/traces/<trace_id>")
    def get(trace_id: str) -> Response:
        return Response(_one(kept, trace_id).as_otlp(), mimetype=PROTOBUF)

    @app.get("/")
    def list_page() -> str:
        question = _question()
        found = [summary(each) for each in kept.find(question, SHOWN)]
        return render_template("traces.html", found=found, question=question, kept=len(kept))

    @app.get("/traces/<trace_id>")
    def page(trace_id: str) -> str:
        trace, brief = _one(kept, trace_id), request.args.get("brief") == "1"
        fall = waterfall(trace.read(), brief=brief)
        return render_template("trace.html", trace=summary(trace), fall=fall, brief=brief)

    return app


@contextmanager
def receiving(port: int, host: str = "127.0.0.1", kept: Kept | None = None) -> Iterator[int]:
    """Receive while entered; yields the port, which may be given as 0 for any free one."""
    # Werkzeug's own server: one process without a parent, for one operator and the programs of one machine.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = application(kept or Kept(), hosts=LOOPBACK if host == "127.0.0.1" else None)
    server: BaseWSGIServer = make_server(host, port, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _strict(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = words.language()
        response.vary.update(("Cookie", "Accept-Language"))
        if request.args.get("lang") == words.language():
            response.set_cookie(
                words.COOKIE,
                words.language(),
                max_age=words.COOKIE_S,
                httponly=True,
                samesite="Lax",
            )
    return response


def _refused(problem: HTTPException) -> tuple[str | Response, int]:
    code = problem.code or 500
    if request.path.startswith("/v1/"):
        return Response(f"{problem.description}\n", mimetype="text/plain"), code
    title, text = words.title_of(code), words.gettext(problem.description or "")
    return render_template("refused.html", title=title, text=text), code


def _exported() -> ExportTraceServiceRequest:
    if request.mimetype != PROTOBUF:
        abort(415, f"traces come as {PROTOBUF}")
    try:
        return ExportTraceServiceRequest.FromString(_unpacked(request.get_data()))
    except (DecodeError, zlib.error):
        abort(400, "this is no export of traces")


def _unpacked(body: bytes) -> bytes:
    if request.content_encoding != "gzip":
        return body
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    unpacked = unpacking.decompress(body, LARGEST)
    if unpacking.unconsumed_tail:
        abort(413)
    return unpacked


def _question() -> Question:
    given = {key: request.args.get(key, "").strip() for key in ("id", "notice", "role")}
    return Question(**given, failed=request.args.get("failed") == "1")


def _one(kept: Kept, trace_id: str) -> Trace:
    found = kept.find(Question(id=trace_id), 2) if ID.fullmatch(trace_id) else []
    if len(found) != 1:
        abort(404, "more than one trace begins so" if found else "no such trace is kept")
    return found[0]
