"""How long suggestions for a notice take in a region of ten thousand notices and sixty thousand people.

Of people matching knows what they leave behind: searches they keep, offices they hold, exchanges that made partners
of their organisations, and what managers have dismissed. The baseline is the same question without meanings, by
words only.
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
from services.matching.models import Organisation
from services.matching.saved.models import Alerts, SavedSearch
from services.matching.skills.framework import Esco, Framework
from services.matching.suggestions.answering import Suggestions
from services.matching.suggestions.models import Dismissal
from services.matching.suggestions.relations import Office, note_exchange
from services.matching.taking import take_notices
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors
from tests.bench.report import Row

NOTICES, PEOPLE, ASKED, WARMING = 10_000, 60_000, 400, 20
SEARCHES, EXCHANGES, DISMISSED = PEOPLE // 6, PEOPLE // 3, 30  # the last of each organisation
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


def live_there(database: Database, notices: Sequence[notices_pb2.Notice]) -> None:
    """What sixty thousand people leave behind; every tenth organisation belongs to a group."""
    rng, at = Random(6), now()
    question = pb.SearchNoticesRequest(query="housing").SerializeToString()
    with database.begin() as session:
        session.add_all(
            SavedSearch(
                person=f"people/{number}",
                display_name="Mine",
                search=question,
                alerts=Alerts.WEEKLY,
                create_time=at,
            )
            for number in range(SEARCHES)
        )
        for number, name in enumerate(ORGANISATIONS):
            parent = ORGANISATIONS[number % 7] if number % 10 == 9 else ""
            session.add(
                Organisation(
                    name=name, display_name="X", sector=1, place=None, parent=parent, version=1
                )
            )
            session.add_all(
                Office(name=f"{name}/managers/{each}", organisation=name, is_held=each > 0)
                for each in range(3)
            )
            others = rng.sample(notices, DISMISSED)
            session.add_all(
                Dismissal(
                    notice=notices[number].name,
                    other=each.name,
                    organisation=name,
                    other_organisation=each.organisation,
                    reason=1,
                    create_time=at,
                )
                for each in others
            )
        for _ in range(EXCHANGES):
            note_exchange(session, *rng.sample(ORGANISATIONS, 2))


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
        live_there(database, notices)
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
    what = "suggestions, 10 k notices, 60 k people: p50 / p99"
    yield Row(what, measured, beside, "<= 80 ms", p99 <= 80)
