"""Search through gRPC over a nation's notices: how fast, beside PostgreSQL; how soon; rebuilt; how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
import psycopg
from grpc import ServicerContext
from interchange.identity.v1.audit_pb2 import AuditEntry, RecordAuditEntryRequest
from interchange.identity.v1.audit_pb2_grpc import (
    AuditServiceServicer,
    add_AuditServiceServicer_to_server,
)
from interchange.identity.v1.organisations_pb2 import (
    ListManagersRequest,
    ListManagersResponse,
    ListOrganisationsRequest,
    ListOrganisationsResponse,
)
from interchange.identity.v1.organisations_pb2_grpc import (
    OrganisationServiceServicer,
    add_OrganisationServiceServicer_to_server,
)
from interchange.matching.v1 import matching_pb2 as pb
from interchange.matching.v1.matching_pb2_grpc import MatchingServiceStub
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.exchanges_pb2 import ListExchangesRequest, ListExchangesResponse
from interchange.opportunities.v1.exchanges_pb2_grpc import (
    ExchangeServiceServicer,
    add_ExchangeServiceServicer_to_server,
)
from interchange.opportunities.v1.notices_pb2_grpc import (
    NoticeServiceServicer,
    add_NoticeServiceServicer_to_server,
)
from interchange.opportunities.v1.swaps_pb2 import ListSwapsRequest, ListSwapsResponse
from interchange.opportunities.v1.swaps_pb2_grpc import (
    SwapServiceServicer,
    add_SwapServiceServicer_to_server,
)

from chassis import migrations
from chassis.auth import JWKS, Verifier
from chassis.client import channel
from chassis.config import Config
from chassis.database import Database
from chassis.policy import anyone
from chassis.server import Server
from services.matching.text.loading import load_encoder
from tests.bench.corpus import fill, notices, queries
from tests.bench.memory import proportional_mib
from tests.bench.report import Row, bound
from tests.support.servers import postgresql

NOTICES = int(os.environ.get("BENCH_NOTICES", "100000"))
QUERIES = 300
WARM = 30
STORM_S = 10
PAGE = 20
MOST_MS, MOST_SHARE, MOST_LATE_MS, MOST_CPU_S, MOST_MIB = 50, 1 / 8, 600, 45, 600
TICKS = os.sysconf("SC_CLK_TCK")
ASKED = (
    *("ListNotices", "ListOrganisations", "ListManagers", "ListSwaps", "ListExchanges"),
    *("ListPartners", "RecordAuditEntry"),
)


class Owner(
    NoticeServiceServicer,
    OrganisationServiceServicer,
    SwapServiceServicer,
    ExchangeServiceServicer,
    AuditServiceServicer,
):
    """What matching asks when it is rebuilt: notices, and nothing else."""

    def __init__(self, every: Sequence[notices_pb2.Notice]) -> None:
        self.notices = every

    def RecordAuditEntry(self, request: RecordAuditEntryRequest, _: ServicerContext) -> AuditEntry:
        return AuditEntry()

    def ListOrganisations(
        self, request: ListOrganisationsRequest, _: ServicerContext
    ) -> ListOrganisationsResponse:
        return ListOrganisationsResponse()

    def ListManagers(
        self, request: ListManagersRequest, _: ServicerContext
    ) -> ListManagersResponse:
        return ListManagersResponse()

    def ListSwaps(self, request: ListSwapsRequest, _: ServicerContext) -> ListSwapsResponse:
        return ListSwapsResponse()

    def ListExchanges(
        self, request: ListExchangesRequest, _: ServicerContext
    ) -> ListExchangesResponse:
        return ListExchangesResponse()

    def ListNotices(
        self, request: notices_pb2.ListNoticesRequest, _: ServicerContext
    ) -> notices_pb2.ListNoticesResponse:
        start = int(request.page_token or 0)
        end = start + request.page_size
        token = str(end) if end < len(self.notices) else ""
        return notices_pb2.ListNoticesResponse(
            notices=self.notices[start:end], next_page_token=token
        )


@dataclass
class Desk:
    """Matching in its process, and what to ask it."""

    process: subprocess.Popen[str]
    matching: MatchingServiceStub

    def search(self, query: str, **filters: object) -> pb.SearchNoticesResponse:
        request = pb.SearchNoticesRequest(query=query, page_size=PAGE, **filters)  # type: ignore[arg-type]
        answer: pb.SearchNoticesResponse = self.matching.SearchNotices(request, timeout=10)
        return answer

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def desk(folder: Path, every: Sequence[notices_pb2.Notice]) -> Iterator[Desk]:
    url = f"sqlite:///{folder / 'matching.db'}"
    migrations.upgrade("matching", url)
    encoder = load_encoder()
    assert encoder is not None, "make model"
    with Database(url) as database:
        fill(database, every, encoder)
    with owner(every) as address:
        command = [sys.executable, "-m", "tests.bench.desk", str(folder), address]
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "INTERCHANGE_GRPC_ADDRESS": "127.0.0.1:0",
        }
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdout and process.stdin
            lines = (line.strip() for line in process.stdout)
            listening = next(line for line in lines if line.startswith("127.0.0.1:"))
            with channel(listening) as opened:
                yield Desk(process, MatchingServiceStub(opened))
            process.stdin.close()
            process.stdout.read()  # what it logs at its end goes nowhere else


@contextmanager
def owner(every: Sequence[notices_pb2.Notice]) -> Iterator[str]:
    asked = Owner(every)
    rules = dict.fromkeys(ASKED, anyone)
    server = Server(Config(), rules=rules, verifier=Verifier(JWKS([]), region="east-of-england"))
    add_NoticeServiceServicer_to_server(asked, server.grpc)
    add_OrganisationServiceServicer_to_server(asked, server.grpc)
    add_SwapServiceServicer_to_server(asked, server.grpc)
    add_ExchangeServiceServicer_to_server(asked, server.grpc)
    add_AuditServiceServicer_to_server(asked, server.grpc)
    server.start()
    yield server.address
    server.stop(0)


def percentiles(ask: Callable[[str, dict[str, object]], object]) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds, once warm."""
    spent = []
    for query, filters in queries(WARM + QUERIES):
        started = time.perf_counter()
        ask(query, filters)
        spent.append((time.perf_counter() - started) * 1000)
    middle, late = np.percentile(spent[WARM:], [50, 99])
    return float(middle), float(late)


@contextmanager
def in_postgresql(
    folder: Path, every: Sequence[notices_pb2.Notice]
) -> Iterator[Callable[[str, dict[str, object]], object]]:
    """The same notices, filters and words as PostgreSQL's own text search answers them."""
    with postgresql(folder) as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(
            "CREATE TABLE notices (name text, kind int, format int, sector int, visibility int, "
            "published timestamptz, words tsvector)"
        )
        connection.execute(
            "CREATE TEMP TABLE raw (name text, kind int, format int, sector int, visibility int, "
            "published timestamptz, title text, body text)"
        )
        with connection.cursor().copy("COPY raw FROM STDIN") as copy:
            for each in every:
                copy.write_row(_row(each))
        connection.execute(
            "INSERT INTO notices SELECT name, kind, format, sector, visibility, published, "
            "setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body) FROM raw"
        )
        connection.execute("CREATE INDEX ON notices USING gin (words)")
        connection.execute("ANALYZE notices")
        connection.commit()
        yield lambda query, filters: _ask(connection, query, filters)


def _row(notice: notices_pb2.Notice) -> tuple[object, ...]:
    labels = " ".join((*notice.themes, *notice.skills, notice.organisation_display_name))
    return (
        notice.name,
        notice.kind,
        notice.format,
        notice.sector,
        notice.visibility,
        notice.publish_time.ToDatetime(),
        notice.title,
        f"{labels} {notice.body}",
    )


def _ask(connection: psycopg.Connection, query: str, filters: dict[str, object]) -> object:
    """All words, or any of them where none has all; what is shown, and how many there are."""
    for joint in (" ", " or "):
        asked = joint.join(query.replace("'", " ").replace("-", " ").replace(",", " ").split())
        conditions = " AND ".join(f"{field} = ANY(%({field})s)" for field in filters)
        sql = (
            "SELECT name, ts_rank_cd(words, q), count(*) OVER () FROM notices, "
            "websearch_to_tsquery('english', %(query)s) q WHERE words @@ q AND visibility > 1 "
            f"AND {conditions} ORDER BY 2 DESC LIMIT {PAGE}"
        )
        rows = connection.execute(sql, {"query": asked, **filters}).fetchall()
        if rows:
            return rows
    return []


def lateness(desk: Desk) -> float:
    """Of notices of a storm the 99th percentile of milliseconds from their commit to their being found."""
    assert desk.process.stdin and desk.process.stdout
    desk.process.stdin.write(f"storm {STORM_S}\n")
    desk.process.stdin.flush()
    late, waiting = [], []
    for line in desk.process.stdout:
        if line.strip() == "done":
            break
        word, _, committed = line.strip().partition(" ")
        if committed:
            waiting.append(
                Thread(target=lambda w=word, c=committed: late.append(_wait(desk, w, float(c))))
            )
            waiting[-1].start()
    for each in waiting:
        each.join()
    return float(np.percentile(late, 99))


def _wait(desk: Desk, word: str, committed: float) -> float:
    while not desk.search(word).total_size:
        time.sleep(0.02)
    return (time.monotonic() - committed) * 1000


def rebuilt(desk: Desk) -> tuple[float, int]:
    """CPU seconds of matching's process until a new generation answers, and how many answers were none."""
    stop, bad = Event(), []
    asking = Thread(target=lambda: bad.append(_watch(desk, stop)))
    before = desk.cpu_s()
    asking.start()
    for _ in desk.matching.RebuildIndex(pb.RebuildIndexRequest(), timeout=1200):
        pass
    while not _is_idle(desk):
        time.sleep(0.2)
    stop.set()
    asking.join()
    return desk.cpu_s() - before, bad[0]


def _watch(desk: Desk, stop: Event) -> int:
    bad = 0
    while not stop.wait(0.5):
        try:
            bad += not desk.search("housing").total_size
        except Exception:  # whatever it is, it is no answer
            bad += 1
    return bad


def _is_idle(desk: Desk) -> bool:
    before = desk.cpu_s()
    time.sleep(2)
    return desk.cpu_s() - before < 0.5


def rows(folder: Path) -> Iterator[Row]:
    every = list(notices(NOTICES))
    with in_postgresql(folder / "postgresql", every) as ask:
        baseline = percentiles(ask)
    with desk(folder, every) as matching:
        ours = percentiles(lambda query, filters: matching.search(query, **filters))
        yield from _speed(ours, baseline)
        memory = proportional_mib(matching.process.pid)
        late = lateness(matching)
        spent, bad = rebuilt(matching)
    yield bound(
        "event to searchable, p99", late, most=MOST_LATE_MS, unit="ms", beside="100 events/s"
    )
    yield Row(
        f"rebuild of {NOTICES:,}, vectors cached",
        f"{spent:,.0f} CPU-s, {bad} bad answers",
        "asked twice a second",
        f"<= {MOST_CPU_S} CPU-s",
        spent <= MOST_CPU_S and not bad,
    )
    yield bound(
        f"memory, {NOTICES:,} notices and the encoder",
        memory,
        most=MOST_MIB,
        unit="MiB",
        beside="matching",
    )


def _speed(ours: tuple[float, float], theirs: tuple[float, float]) -> Iterator[Row]:
    what = f"search of {NOTICES:,} by gRPC, p50/p99"
    measured = f"{ours[0]:.0f}/{ours[1]:.0f} ms"
    beside = f"PostgreSQL {theirs[0]:.0f}/{theirs[1]:.0f} ms"
    yield Row(what, measured, beside, f"<= {MOST_MS} ms", ours[1] <= MOST_MS)
    share = ours[1] / theirs[1]
    yield Row(f"{what}, share of p99", f"{share:.3f}", beside, "<= 1/8", share <= MOST_SHARE)
