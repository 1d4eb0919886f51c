"""Traces that a region keeps itself: which, how they are found, and what of a stranger's is refused."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.http.trace_exporter import Compression, OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from cli.__main__ import main
from cli.traces import kept as bounds
from cli.traces import receiver as receiver_module
from cli.traces import words
from cli.traces.kept import Kept, Question
from cli.traces.receiver import receiving
from cli.traces.spans import Span, read
from cli.traces.waterfall import waterfall
from tests.support.pages import Browser, Page
from tests.support.spans import a_span, an_export, export

NOTICE = "notices/01a212cc-a675-7c58-b1fd-48941af5a89f"
ABOUT = {"interchange.notice": NOTICE, "interchange.roles": ["manager"]}
CALL = "interchange.opportunities.v1.NoticeService/PublishNotice"
MAIL = "send mail notice-published"
PUBLISHED = [
    a_span(7, 1, name="POST /v1/notices/{notice}:publish", takes_ms=60),
    a_span(7, 2, below=1, program="opportunities", at_ms=2, takes_ms=40, name=CALL, facts=ABOUT),
    a_span(7, 3, below=2, at_ms=9, name="INSERT outbox", facts={"db.system.name": "sqlite"}),
    a_span(7, 4, below=2, at_ms=45, name=MAIL, failed=True, facts={"error.type": "REFUSED"}),
]
VISITED = [a_span(8, 5, facts={"interchange.roles": ["visitor"]})]


@pytest.fixture
def receiver() -> Iterator[str]:
    """The address of one that has received two traces."""
    with receiving(0) as port:
        url = f"http://127.0.0.1:{port}"
        export(url, [*PUBLISHED, *VISITED])
        yield url


def ids(kept: Kept, **question: str | bool) -> list[int]:
    return [int(each.id, 16) for each in kept.find(Question(**question), 100)]  # type: ignore[arg-type]


def test_the_traces_heard_of_last_are_kept() -> None:
    kept = Kept(traces=3)

    for number in (1, 2, 3, 1, 4):
        kept.take(an_export(a_span(number, number)))

    assert ids(kept) == [4, 3, 1]


def test_memory_is_bounded_by_what_the_spans_take() -> None:
    _, span = a_span(1, 1)
    kept = Kept(size=3 * span.ByteSize())

    for number in range(1, 9):
        kept.take(an_export(a_span(number, number)))

    assert ids(kept) == [8, 7, 6]


def test_of_a_trace_without_end_the_rest_is_counted() -> None:
    kept = Kept()

    kept.take(an_export(*(a_span(1, number) for number in range(1, bounds.SPANS + 6))))

    (trace,) = kept.find(Question(), 1)
    assert (len(trace.spans), trace.left_out) == (bounds.SPANS, 5)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, [8, 7]),
        ({"id": f"{7:032x}"}, [7]),
        ({"notice": NOTICE}, [7]),
        ({"notice": NOTICE.removeprefix("notices/")}, [7]),
        ({"notice": "notices/another"}, []),
        ({"role": "manager"}, [7]),
        ({"role": "visitor"}, [8]),
        ({"failed": True}, [7]),
        ({"role": "visitor", "failed": True}, []),
    ],
)
def test_a_trace_is_found(question: dict[str, str | bool], found: list[int]) -> None:
    kept = Kept()
    kept.take(an_export(*PUBLISHED, *VISITED))

    assert ids(kept, **question) == found


def test_a_trace_is_named_after_its_first_span_whenever_that_comes() -> None:
    kept = Kept()

    for span in reversed(PUBLISHED):
        kept.take(an_export(span))

    (trace,) = kept.find(Question(), 1)
    assert trace.name == "POST /v1/notices/{notice}:publish"


def test_a_waterfall_is_in_the_order_of_the_tree_and_of_time() -> None:
    fall = waterfall(read(*each) for each in reversed(PUBLISHED))

    assert [(row.depth, row.begins_ms, row.takes_ms) for row in fall.rows] == [
        (0, 0, 60), (1, 2, 40), (2, 9, 10), (2, 45, 10),
    ]  # fmt: skip
    assert fall.takes_ms == 60


def test_a_brief_waterfall_leaves_out_statements() -> None:
    fall = waterfall((read(*each) for each in PUBLISHED), brief=True)

    assert [row.span.name for row in fall.rows] == [
        "POST /v1/notices/{notice}:publish",
        "NoticeService/PublishNotice",
        "send mail notice-published",
    ]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 50)), max_size=12))
def test_each_span_is_shown_once_whoever_claims_to_be_its_parent(
    claims: list[tuple[int, int]],
) -> None:
    spans: list[Span] = [
        read(*a_span(1, number, below=parent, at_ms=at))
        for number, (parent, at) in enumerate(claims, start=1)
    ]

    shown = [row.span.id for row in waterfall(spans).rows]

    assert sorted(shown) == sorted(each.id for each in spans)


def test_what_a_program_exports_arrives() -> None:
    with receiving(0) as port:
        provider = TracerProvider(resource=Resource.create({"service.name": "identity"}))
        exporter = OTLPSpanExporter(
            f"http://127.0.0.1:{port}/v1/traces", compression=Compression.Gzip
        )
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        provider.get_tracer("test").start_span("SELECT people").end()
        provider.shutdown()

        (found,) = requests.get(f"http://127.0.0.1:{port}/v1/traces", timeout=10).json()

    assert (found["name"], found["programs"]) == ("SELECT people", ["identity"])


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/x-protobuf"}, b"no export", 400),
        ({"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}, b"no gzip", 400),
        (
            {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"},
            gzip.compress(bytes(17 * 1024 * 1024)),
            413,
        ),
        ({"Content-Type": "application/x-protobuf", "Host": "elsewhere.example"}, b"", 400),
    ],
)
def test_what_is_no_export_is_refused(
    receiver: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = requests.post(f"{receiver}/v1/traces", data=body, headers=headers, timeout=10)

    assert answer.status_code == status, answer.text


def test_the_pages_are_as_all_pages_must_be(receiver: str) -> None:
    browser = Browser(receiver)

    listed = browser.get(f"/?notice={NOTICE}")
    shown = browser.get(_first_trace(listed))
    brief = browser.get(f"/traces/{7:032x}?brief=1")
    browser.get("/traces/nothing", 404)

    assert listed.says("Shown: 1. Kept: 2.")
    assert shown.says("INSERT outbox") and not brief.says("INSERT outbox")
    assert brief.says("send mail notice-published – REFUSED")


def test_a_terminal_shows_what_a_page_does(receiver: str) -> None:
    def said(*asked: str) -> str:
        answer = CliRunner().invoke(main, ["traces", *asked, "--at", receiver])
        assert answer.exit_code == 0, answer.output
        return answer.output

    assert f"{7:032x}" in said("list", "--role", "manager")
    assert "INSERT outbox" in said("show", "--notice", NOTICE)
    assert "REFUSED" in said("show", f"{7:032x}", "--brief")
    assert said("list", "--role", "coordinator") == "no such trace\n"


def test_a_terminal_says_when_there_is_none(receiver: str) -> None:
    unknown = CliRunner().invoke(main, ["traces", "show", "ffff", "--at", receiver])
    nobody = CliRunner().invoke(main, ["traces", "list", "--at", "http://127.0.0.1:9"])

    assert "no such trace is kept" in unknown.output and unknown.exit_code == 1
    assert "nobody receives traces at" in nobody.output and nobody.exit_code == 1


def test_the_pages_are_in_welsh_for_who_wants_it_and_stay_so(receiver: str) -> None:
    browser = Browser(receiver)

    listed = browser.get("/?failed=1&lang=cy")
    shown = browser.get(_first_trace(listed))
    missing = browser.get("/traces/ffff", 404)

    assert listed.says("Wedi’u dangos: 1. Wedi’u cadw: 2.") and listed.says("rheolwr")
    assert shown.headers["Content-Language"] == "cy" and shown.says("Heb y gorchmynion")
    assert missing.heading == "Heb ei ganfod" and missing.says("ni chedwir olrhain o’r fath")
    assert browser.get("/?lang=en").says("Kept: 2.")


def test_every_text_of_the_pages_has_its_welsh() -> None:
    templates = Path(receiver_module.__file__).parent / "templates"
    said = {
        text
        for file in templates.glob("*.html")
        for text in re.findall(r'_\("([^"]+)"\)', file.read_text())
    }

    assert said and said | set(words.ROLES) <= set(words.IN_WELSH)


def _first_trace(page: Page) -> str:
    links = [each.get("href") or "" for each in page.all("a")]
    return next(each for each in links if each.startswith("/traces/"))
