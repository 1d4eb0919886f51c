"""Thousands of changes to a region's notices in seconds: rows and events as its own service would leave them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.bus import envelope
from chassis.bus.connection import Outgoing
from chassis.clock import now
from chassis.database import Database, new_id
from chassis.names import parse_name
from tests.support.region import RunningRegion

BATCH = 500


class Storm:
    """Changes to copies of one notice that was really published."""

    def __init__(self, region: RunningRegion, template: str) -> None:
        self._region = region
        self._template = template
        public = region.visitor.get(f"/v1/{template}").body
        self._notice = ParseDict(public, pb.Notice(), ignore_unknown_fields=True)
        self._standing: list[pb.Notice] = []

    def stand(self, count: int) -> None:
        """So many that later changes are about."""
        self._standing += self.publish(count - len(self._standing), "Standing")

    def change(self, count: int, title: str) -> None:
        """So many changes to what stands: two new titles for each, then each ends and another begins."""
        self.stand(count // 4)
        old, self._standing = self._standing, []
        self.revise(old, f"{title} once")
        self.revise(old, f"{title} twice")
        self.close(old)
        self._standing = self.publish(len(old), f"{title} anew")

    def publish(self, count: int, title: str) -> list[pb.Notice]:
        """So many new ones."""
        made = [self._copy(f"notices/{new_id()}", f"{title} {number}") for number in range(count)]
        self._write([self._row_of(each) for each in made])
        self._tell(events.NoticePublished(notice=each) for each in made)
        return made

    def revise(self, notices: Sequence[pb.Notice], title: str) -> None:
        """Each with another title."""
        for number, each in enumerate(notices):
            each.title, each.version = f"{title} {number}", each.version + 1
        self._change(notices)
        self._tell(events.NoticeRevised(notice=each) for each in notices)

    def close(self, notices: Sequence[pb.Notice]) -> None:
        """Each is over."""
        for each in notices:
            each.state, each.version = pb.Notice.CLOSED, each.version + 1
            each.closing_reason = pb.Notice.WITHDRAWN
        self._change(notices)
        self._tell(events.NoticeClosed(notice=each) for each in notices)

    def _copy(self, name: str, title: str) -> pb.Notice:
        made = pb.Notice()
        made.CopyFrom(self._notice)
        made.name, made.title = name, title
        made.publish_time.FromDatetime(now())
        return made

    def _database(self) -> Database:
        return Database(f"sqlite:///{self._region.data / 'opportunities.db'}")

    def _row_of(self, notice: pb.Notice) -> dict[str, object]:
        return {"new_id": parse_name("notices", notice.name).hex, "new_title": notice.title}

    def _write(self, rows: Sequence[dict[str, object]]) -> None:
        with self._database() as database:
            columns = [each["name"] for each in sa.inspect(database.engine).get_columns("notices")]
            given = {"id": ":new_id", "title": ":new_title"}
            chosen = ", ".join(given.get(each, f'"{each}"') for each in columns)
            quoted = ", ".join(f'"{each}"' for each in columns)
            source = parse_name("notices", self._template).hex
            insert = (
                f"INSERT INTO notices ({quoted}) SELECT {chosen} FROM notices WHERE id = '{source}'"
            )
            _execute(database, insert, rows)

    def _change(self, notices: Sequence[pb.Notice]) -> None:
        states = {pb.Notice.PUBLISHED: "PUBLISHED", pb.Notice.CLOSED: "CLOSED"}
        rows = [
            {**self._row_of(each), "version": each.version, "state": states[each.state]}
            for each in notices
        ]
        update = (
            "UPDATE notices SET title = :new_title, version = :version, state = :state "
            "WHERE id = :new_id"
        )
        with self._database() as database:
            _execute(database, update, rows)

    def _tell(self, told: Iterator[Message]) -> None:
        messages = [_message(each) for each in told]
        with self._region.admin_bus() as bus:
            for start in range(0, len(messages), BATCH):
                bus.publish_batch(messages[start : start + BATCH])


def _execute(database: Database, statement: str, rows: Sequence[dict[str, object]]) -> None:
    """A portion a transaction: the region's own service writes too, and waits for nobody long."""
    for start in range(0, len(rows), BATCH):
        with database.begin() as session:
            session.execute(sa.text(statement), list(rows[start : start + BATCH]))


def _message(event: Message) -> Outgoing:
    return Outgoing(
        envelope.subject_of(event.DESCRIPTOR),
        envelope.encode(event),
        envelope.headers(event, new_id(), now(), ""),
    )


def backup(source: Path, target: Path) -> None:
    """A database's state of this moment, while it is used."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
