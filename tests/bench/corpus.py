"""Notices enough for a nation, invented from a seed: their cards and their vectors, as matching keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import numpy as np
from interchange.common.v1 import types_pb2 as types
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import Table

from chassis.bulk import insert_all
from chassis.clock import now
from chassis.database import Database
from chassis.timestamps import to_proto as stamp
from services.matching.index.schema import meanings_of
from services.matching.models import Card
from services.matching.taking import progress
from services.matching.text.encoder import Encoder
from services.matching.text.vectors import STORED, Vector, digest_of
from tests.bench.questions.similarity import groups

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ORGANISATIONS = 333
PLACES = 400
THEMES = (
    "housing planning finance commissioning waste digital economy safety volunteering funding "
    "governance climate youth leadership health transport culture education"
).split()
WORDS = (
    "team service people district county charity week month learn show plan project partner local "
    "community support manage improve review share visit experience resident budget policy contract "
    "office training data report meeting programme network advice change deliver council officer "
    "rural urban coast town village evidence pilot lessons method practice standard inspection"
).split()
BATCH = 5_000


def notices(count: int, *, seed: int = 4) -> Iterator[pb.Notice]:
    """So many, the same for a seed. Words beside the common ones are rare in the way real ones are."""
    chance = Random(seed)
    subjects = groups()
    for number in range(count):
        yield _notice(number, chance, chance.choice(subjects))


def _notice(number: int, chance: Random, names: Sequence[str]) -> pb.Notice:
    subject = chance.choice(names)
    format_ = chance.randint(1, 13)
    place = chance.randrange(PLACES)
    organisation = chance.randrange(ORGANISATIONS)
    published = FIRST_DAY + timedelta(seconds=number * 7)
    return pb.Notice(
        name=f"notices/{UUID(int=chance.getrandbits(128), version=4)}",
        kind=chance.randint(1, 3),  # type: ignore[arg-type]
        format=format_,  # type: ignore[arg-type]
        title=f"{pb.Format.Name(format_).replace('_', ' ').capitalize()} wanted: {subject}",
        body=_body(chance, names),
        themes=chance.sample(THEMES, 2),
        skills=[f"skill-{chance.randrange(500)}", f"skill-{chance.randrange(300)}"],
        organisation=f"organisations/{UUID(int=organisation + 1)}",
        organisation_display_name=f"Authority {organisation}",
        sector=chance.choice([types.PUBLIC, types.THIRD]),
        grade_bands=[chance.randint(1, 6)] if chance.random() < 0.7 else [],  # type: ignore[list-item]
        attendance=chance.randint(1, 3),  # type: ignore[arg-type]
        visibility=pb.NETWORK if chance.random() < 0.9 else pb.ORGANISATION,
        region="east-of-england",
        place=types.Place(
            label=f"Town {place}", latitude=50 + place % 20 * 0.3, longitude=-4 + place // 20 * 0.3
        ),
        state=pb.Notice.PUBLISHED,
        version=3,
        publish_time=stamp(published),
        close_time=stamp(datetime(2036, 1, 1, tzinfo=UTC)),
    )


def _body(chance: Random, names: Sequence[str]) -> str:
    words = chance.choices(WORDS, k=38)
    rare = [f"term{int(chance.paretovariate(0.5)) % 20_000}" for _ in range(6)]
    return f"{chance.choice(names)}. " + " ".join(chance.sample([*words, *rare], 44))


def fill(database: Database, every: Sequence[pb.Notice], encoder: Encoder) -> None:
    """Cards of generation 1, and every vector in its cache."""
    for start in range(0, len(every), BATCH):
        part = every[start : start + BATCH]
        with database.begin() as session:
            insert_all(
                session, _table(Card), [_card(each, start + n + 1) for n, each in enumerate(part)]
            )
    with database.begin() as session:
        progress(session).position = len(every)
    _fill_vectors(database, every, encoder)


def _card(notice: pb.Notice, position: int) -> dict[str, object]:
    return {
        "generation": 1,
        "name": notice.name,
        "organisation": notice.organisation,
        "version": notice.version,
        "is_open": True,
        "payload": notice.SerializeToString(),
        "place": notice.place.SerializeToString(),
        "position": position,
        "update_time": FIRST_DAY,
    }


def _fill_vectors(database: Database, every: Sequence[pb.Notice], encoder: Encoder) -> None:
    """Near those of their subjects: to encode each text itself would take an hour, and be no other work."""
    names = [name for group in groups() for name in group]
    known = dict(zip(names, encoder.encode(names), strict=True))
    chance, seen = np.random.default_rng(4), set[bytes]()
    for start in range(0, len(every), BATCH):
        rows = []
        for notice in every[start : start + BATCH]:
            subject = notice.title.partition(": ")[2]
            for text in meanings_of(notice):
                digest = digest_of(text)
                if digest not in seen:
                    seen.add(digest)
                    noise = chance.normal(size=encoder.dimensions).astype(np.float32) * 0.03
                    rows.append(_vector(encoder, digest, known[subject] + noise))
        with database.begin() as session:
            insert_all(session, _table(Vector), rows)


def _vector(encoder: Encoder, digest: bytes, vector: np.ndarray) -> dict[str, object]:
    unit = (vector / np.linalg.norm(vector)).astype(STORED)
    return {
        "encoder": encoder.name,
        "digest": digest,
        "vector": unit.tobytes(),
        "create_time": now(),
    }


def _table(entity: type) -> Table:
    found = entity.__table__  # type: ignore[attr-defined]
    assert isinstance(found, Table)
    return found


def queries(count: int, *, seed: int = 5) -> list[tuple[str, dict[str, object]]]:
    """What people would look for, each with filters as they would set them."""
    chance = Random(seed)
    names = [name for group in groups() for name in group]
    return [_query(chance, names) for _ in range(count)]


def _query(chance: Random, names: Sequence[str]) -> tuple[str, dict[str, object]]:
    words = chance.choice(names).split()
    query = " ".join(words[:3])
    if chance.random() < 0.2:
        query = f"{query} term{chance.randrange(50)}"
    filters: dict[str, object] = {"kind": [chance.randint(1, 3)]}
    if chance.random() < 0.5:
        filters["sector"] = [chance.choice([types.PUBLIC, types.THIRD])]
    if chance.random() < 0.3:
        filters["format"] = chance.sample(range(1, 14), 3)
    return query, filters
