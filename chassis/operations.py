"""What an operator asks of every program: its dead letters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from uuid import UUID

from grpc import ServicerContext
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1 import dead_letters_pb2_grpc as rpc
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis import metrics
from chassis.bus import dead_letters
from chassis.bus.handling import Handlers, Handling
from chassis.bus.tables import dead_letter
from chassis.database import Database
from chassis.errors import FailedPrecondition, NotFound
from chassis.names import parse
from chassis.pages import paginate
from chassis.server import Server

Record = Callable[[str, str], None]  # writes an act and what it is done to into the audit log

NEWEST_FIRST = (dead_letter.c.created_at.desc(), dead_letter.c.id.desc())


def add_dead_letters(
    server: Server,
    database: Database,
    program: str,
    record: Record,
    handlers: Handlers | None = None,
) -> None:
    """Answer DeadLetterService for this program, replaying with its `handlers`."""
    service = DeadLetterService(database, program, record, handlers or {})
    rpc.add_DeadLetterServiceServicer_to_server(service, server.grpc)
    metrics.dead_letters.set_function(lambda: _waiting(database))


def _waiting(database: Database) -> float:
    """How many wait; no number while the database is away."""
    try:
        with database.read() as session:
            return float(session.scalar(dead_letters.WAITING) or 0)
    except SQLAlchemyError:
        return math.nan


class DeadLetterService(rpc.DeadLetterServiceServicer):
    """List, replay and drop what this program gave up on."""

    def __init__(
        self, database: Database, program: str, record: Record, handlers: Handlers
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._program = program
        self._record = record
        self._handling = Handling(program, handlers)

    def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, _: ServicerContext
    ) -> pb.ListDeadLettersResponse:
        with self._read() as session:
            page = paginate(
                session,
                dead_letters.listing(request.state),
                key=NEWEST_FIRST,
                request=request,
                scope=f"ListDeadLetters {request.state}",
            )
            letters = list(self._shown(session, page.items))
        return pb.ListDeadLettersResponse(
            dead_letters=letters, next_page_token=page.next_page_token
        )

    def ReplayDeadLetter(
        self, request: pb.ReplayDeadLetterRequest, _: ServicerContext
    ) -> pb.DeadLetter:
        identifier = self._identifier(request.name)
        self._record("deadLetter.replay", request.name)
        try:
            with self._begin() as session:
                letter = self._load_waiting(session, identifier)
                self._handling.apply(session, letter.subject, letter.headers, letter.payload)
                dead_letters.mark(session, identifier, pb.DeadLetter.REPLAYED)
        except (NotFound, FailedPrecondition):
            raise
        except Exception as problem:
            raise FailedPrecondition(
                "STILL_FAILS", f"it failed again: {dead_letters.describe(problem)}"
            ) from problem
        return self._get(identifier)

    def DropDeadLetter(
        self, request: pb.DropDeadLetterRequest, _: ServicerContext
    ) -> pb.DeadLetter:
        identifier = self._identifier(request.name)
        self._record("deadLetter.drop", request.name)
        with self._begin() as session:
            self._load_waiting(session, identifier)
            dead_letters.mark(session, identifier, pb.DeadLetter.DROPPED)
        return self._get(identifier)

    def _identifier(self, name: str) -> UUID:
        return parse(name, f"programs/{self._program}/deadLetters/*")[0]

    def _load_waiting(self, session: Session, identifier: UUID) -> dead_letters.Letter:
        letter = dead_letters.load(session, identifier)
        if letter is None:
            raise NotFound("NO_SUCH_DEAD_LETTER", "there is no such dead letter")
        if letter.state != "WAITING":
            raise FailedPrecondition("NOT_WAITING", f"it was {letter.state.lower()} already")
        return letter

    def _get(self, identifier: UUID) -> pb.DeadLetter:
        with self._read() as session:
            return next(iter(self._shown(session, [identifier])))

    def _shown(self, session: Session, identifiers: Iterable[UUID]) -> Iterable[pb.DeadLetter]:
        wanted = list(identifiers)
        found = session.execute(select(dead_letter).where(dead_letter.c.id.in_(wanted))).all()
        by_id = {letter.id: letter for letter in found}
        return [dead_letters.to_proto(by_id[each], self._program) for each in wanted]
