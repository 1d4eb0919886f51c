"""`make bench-pages`: how long pages take while people work, beside the same gateway calls made bare."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median, quantiles

import requests

from demo.sign_ins import PASSWORD
from tests.bench.report import Row, bound
from tests.support.api import Api
from tests.support.pages import LARGEST, Browser
from tests.support.region import RunningRegion
from web.api import Api as Asking
from web.api import Ask, Gateway, asking

PEOPLE = 8
SECONDS = 20.0
THINKS_S = 0.5  # between an answer and the next question: quicker than people are
SLOWEST_MS = 150.0
DEAREST = 3.0  # times what the page's calls cost bare
MANAGERS = ("norfolk.manager@demo.example", "suffolk.manager@demo.example")
MOST = 100


def pages(notice: str, organisation: str) -> dict[str, list[Ask]]:
    """What a manager looks at, and what each page asks the gateway for."""
    interests = "/v1/notices/-/interests"
    return {
        "/dashboard": [
            asking("/v1/requests", state="OPEN", pageSize=MOST),
            asking(interests, state="PROPOSED", pageSize=MOST),
            asking(interests, state="ENDORSED", pageSize=MOST),
            asking("/v1/exchanges", state="PROPOSED", pageSize=MOST),
            asking("/v1/messages", unread=True, pageSize=1),
            asking("/v1/notices", organisation=organisation, pageSize=MOST),
            asking("/v1/people", organisation=organisation, state="PENDING", pageSize=MOST),
            asking(f"/v1/{organisation}/managers", pageSize=MOST),
        ],
        "/notices?query=housing": [asking("/v1/notices:search", query="housing")],
        f"/{notice}": [asking(f"/v1/{notice}")],
        "/interests": [asking(interests)],
        "/exchanges": [asking("/v1/exchanges")],
        "/messages": [asking("/v1/messages")],
        "/managers": [asking("/v1/managers", pageSize=50)],
        "/figures": [asking("/v1/figures")],
    }


Visit = Callable[[str], tuple[float, int]]


def timed(visit: Callable[[str], int]) -> Visit:
    def look(path: str) -> tuple[float, int]:
        started = time.perf_counter()
        size = visit(path)
        return (time.perf_counter() - started) * 1000, size

    return look


def at_work(visits: Sequence[Visit], paths: Sequence[str]) -> dict[str, list[tuple[float, int]]]:
    """Everyone at once, each beginning with another page: what each visit took, in milliseconds, and its bytes."""
    seen: dict[str, list[tuple[float, int]]] = {path: [] for path in paths}
    until = time.monotonic() + SECONDS

    def work(number: int, visit: Visit) -> None:
        for path in islice(cycle(paths), number, None):
            if time.monotonic() > until:
                return
            seen[path].append(visit(path))
            time.sleep(THINKS_S)

    with ThreadPoolExecutor(len(visits)) as people:
        list(people.map(work, count(), visits))
    return seen


def through_pages(web: str, email: str) -> Visit:
    browser = Browser(web)
    browser.sign_in(email, PASSWORD)

    def visit(path: str) -> int:
        answer = browser.session.get(web + path, timeout=20)
        assert answer.status_code == requests.codes.ok, f"{path}: {answer.status_code}"
        return len(answer.content)

    return timed(visit)


def bare(gateway: Gateway, token: str, calls: dict[str, list[Ask]]) -> Visit:
    def visit(path: str) -> int:
        Asking(gateway, lambda _: token, {}, 20).together(*calls[path])
        return 0

    return timed(visit)


def rows(region: RunningRegion) -> Iterator[Row]:
    web, emails = f"http://127.0.0.1:{region.book.web}", list(islice(cycle(MANAGERS), PEOPLE))
    apis = [Api(region.url).sign_in(email, PASSWORD) for email in emails]
    own = [each.get("/v1/me")["manages"][0] for each in apis]
    notice = apis[0].get("/v1/notices", organisation=own[0])["notices"][0]["name"]
    asks = [pages(notice, each) for each in own]
    calls = asks[0]
    people = [through_pages(web, email) for email in emails]
    gateway = Gateway(region.url)
    robots = [bare(gateway, each.token, asked) for each, asked in zip(apis, asks, strict=True)]
    at_work(people, list(calls))  # warm
    seen, asked = at_work(people, list(calls)), at_work(robots, list(calls))
    gateway.close()
    for path in calls:
        ours, theirs = (median(ms for ms, _ in each[path]) for each in (seen, asked))
        print(f"{path:<55} {ours:7.0f} ms, its calls bare {theirs:5.0f} ms", file=sys.stderr)
    took = [ms for each in seen.values() for ms, _ in each]
    beside = [ms for each in asked.values() for ms, _ in each]
    yield bound(
        f"p95 of {len(took)} pages, {PEOPLE} people at work",
        quantiles(took, n=20)[-1],
        most=SLOWEST_MS,
        unit="ms",
        beside=f"calls bare {quantiles(beside, n=20)[-1]:,.0f} ms",
    )
    share = median(took) / median(beside)
    yield Row(
        "a page over its calls bare",
        f"{share:.1f} ({median(took):,.0f} ms)",
        f"bare {median(beside):,.0f} ms",
        f"<= {DEAREST}",
        share <= DEAREST,
    )
    largest = max(size for each in seen.values() for _, size in each)
    yield bound(
        "largest page", largest / 1000, most=LARGEST / 1000, unit="kB", beside="without pictures"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        quiet = {"OTLP_ENDPOINT": ""}
        with RunningRegion.started(Path(folder), demonstration=True, **quiet) as region:
            found = list(rows(region))
    for row in found:
        print(row)
    print(f"bars: {sum(row.is_met for row in found)} of {len(found)} met")


if __name__ == "__main__":
    main()
