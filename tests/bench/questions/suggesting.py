"""How long suggestions for a notice take in a region of ten thousand notices.

People are not in it: matching knows none of them, whether there are six or sixty thousand. The baseline is
the same question without meanings, by words only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter

import grpc
import numpy as np
from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2

from chassis import migrations
from chassis.auth import Principal, acting_as
from chassis.clock import now
from chassis.database import Database, new_id
from chassis.garbage import look_seldom
from chassis.identity import Audit
from chassis.timestamps import to_proto as stamp
from services.matching.index.follower import Follower
from services.matching.index.understanding import Understanding
from services.matching.skills.framework import Esco, Framework
from services.matching.suggestions.answering import Suggestions
from services.matching.taking import take_notices
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors
from tests.bench.report import Row

NOTICES, ASKED, WARMING = 10_000, 400, 20
ORGANISATIONS = [f"organisations/{new_id()}" for _ in range(333)]
DAYS = ("2027-01-11", "2027-03-01", "2027-04-19", "2027-06-07")


def a_notice(rng: Random, skills: Sequence[str], labels: Sequence[str]) -> notices_pb2.Notice:
    chosen = rng.sample(range(len(skills)), 3)
    said = ", ".join(labels[each] for each in chosen)
    return notices_pb2.Notice(
        name=f"notices/{new_id()}",
        kind=rng.choice([notices_pb2.WANTED, notices_pb2.NEEDED, notices_pb2.OFFERED]),
        format=rng.choice([notices_pb2.SECONDMENT, notices_pb2.MENTORING, notices_pb2.SWAP]),
        title=f"About {labels[chosen[0]]}",
        body=f"Our service works on {said}.\n\nSomebody would spend some weeks with the team.",
        themes=[rng.choice(["housing", "care", "waste", "planning", "finance", "parks"])],
        skills=[skills[each] for each in chosen],
        organisation=rng.choice(ORGANISATIONS),
        visibility=notices_pb2.REGION,
        state=notices_pb2.Notice.PUBLISHED,
        place=Place(label="X", latitude=rng.uniform(51, 54), longitude=rng.uniform(-3, 1)),
        start_date=rng.choice(["", *DAYS]),
        version=1,
        publish_time=stamp(now()),
    )


def fill(database: Database, theirs: Esco) -> list[notices_pb2.Notice]:
    rng = Random(10)
    some = rng.sample(list(theirs.concepts), 1_500)
    ids, labels = [each.id for each in some], [each.label for each in some]
    notices = [a_notice(rng, ids, labels) for _ in range(NOTICES)]
    for start in range(0, NOTICES, 500):
        with database.begin() as session:
            take_notices(session, notices[start : start + 500], at=now())
    return notices


def times(suggestions: Suggestions, notices: Sequence[notices_pb2.Notice]) -> Sequence[float]:
    """Milliseconds of each question, after some that warm up."""
    found = []
    for notice in Random(3).sample(list(notices), ASKED):
        who = Principal(person="people/1", manages=frozenset({notice.organisation}))
        with acting_as(who):
            start = perf_counter()
            suggestions.for_notice(pb.SuggestNoticesRequest(name=notice.name))
            found.append((perf_counter() - start) * 1_000)
    return found[WARMING:]


def rows(folder: Path) -> Iterator[Row]:
    url = f"sqlite:///{folder / 'matching.db'}"
    migrations.upgrade("matching", url)
    encoder = StaticVectors(FOLDER)
    with Database(url) as database, grpc.insecure_channel("127.0.0.1:1") as nobody:
        theirs = Esco(FOLDER, lambda: encoder)
        understanding = Understanding(database, lambda: encoder)
        follower = Follower(database, folder / "index", understanding)
        framework = Framework(database, theirs, made=look_seldom)
        suggestions = Suggestions(database, follower, framework, Audit(nobody))
        notices = fill(database, theirs)
        follower.follow()
        words = times(suggestions, notices)
        understanding.load()
        while understanding.step():
            pass
        assert framework.books.concepts
        ours = times(suggestions, notices)
        follower.stop()
    p50, p99 = np.percentile(ours, [50, 99])
    beside = f"words only {np.percentile(words, 50):.0f} / {np.percentile(words, 99):.0f} ms"
    measured = f"{p50:.0f} / {p99:.0f} ms"
    yield Row("suggestions for a notice, 10 k: p50 / p99", measured, beside, "<= 80 ms", p99 <= 80)
