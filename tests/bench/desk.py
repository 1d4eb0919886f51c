"""Matching in a process of its own over a database that is there: `python -m tests.bench.desk FOLDER OWNER`.

It says where it listens, then does what a line on its input asks: `storm SECONDS`, or nothing more at its end.
OWNER is where opportunities, identity and federation would answer a rebuild.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from uuid import uuid4

from interchange.matching.v1.matching_pb2_grpc import add_MatchingServiceServicer_to_server
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1.notices_pb2 import NETWORK

from chassis.auth import JWKS, Verifier
from chassis.client import channel
from chassis.config import Config
from chassis.database import Database
from chassis.garbage import look_seldom
from chassis.identity import Audit
from chassis.policy import Rules, anyone
from chassis.server import Server
from services.matching.index.follower import Follower
from services.matching.index.understanding import Understanding
from services.matching.listeners import Listeners
from services.matching.organisations.directory import Directory
from services.matching.policy import RULES
from services.matching.rebuild import Rebuild
from services.matching.saved.alerting import Alerting
from services.matching.service import MatchingService
from services.matching.skills.framework import Esco, Framework
from services.matching.suggestions.answering import Suggestions
from services.matching.text.artefacts import FOLDER
from services.matching.text.loading import load_encoder
from tests.bench.corpus import notices
from tests.unit.matching.conftest import BY_DAY

EVENTS_A_SECOND = 100
# Here whoever calls may have it rebuilt: the bench is nobody's operator.
OPEN: Rules = {**RULES, "RebuildIndex": anyone}


def main(folder: Path, owner: str) -> None:
    with Database(f"sqlite:///{folder / 'matching.db'}") as database, channel(owner) as owners:
        understanding = Understanding(database, load_encoder)
        follower = Follower(database, folder / "index", understanding, region="east-of-england")
        server = Server(Config(), rules=OPEN, verifier=Verifier(JWKS([]), region="east-of-england"))
        audit, rebuild = Audit(owners), Rebuild(database, owners, owners, owners)
        theirs = Esco(FOLDER, lambda: understanding.encoder)
        framework = Framework(database, theirs, made=look_seldom)
        suggestions = Suggestions(database, follower, framework, audit)
        service = MatchingService(
            follower, Directory(database, lambda: None), rebuild, suggestions, audit
        )
        add_MatchingServiceServicer_to_server(service, server.grpc)
        listeners = Listeners(follower, Alerting(database, BY_DAY))
        follower.start()
        understanding.load()
        while understanding.step():
            pass
        understanding.start()
        server.start()
        look_seldom()
        print(server.address, flush=True)
        for line in sys.stdin:
            storm(database, listeners, float(line.split()[1]))
        server.stop(0)
        understanding.stop()
        follower.stop()


def storm(database: Database, listeners: Listeners, seconds: float) -> None:
    """So many notices a second, as the consumer takes them; of some it says when they were committed."""
    handler = listeners.handlers[events.NoticePublished]
    started = time.monotonic()
    for number, notice in enumerate(notices(int(seconds * EVENTS_A_SECOND), seed=6)):
        word = f"word{uuid4().hex[:12]}"
        notice.name, notice.title = f"notices/{uuid4()}", f"{notice.title} {word}"
        notice.visibility = NETWORK
        while time.monotonic() < started + number / EVENTS_A_SECOND:
            time.sleep(0.001)
        with database.begin() as session:
            handler(session, events.NoticePublished(notice=notice))
        if number % 10 == 0:
            print(f"{word} {time.monotonic()}", flush=True)
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
