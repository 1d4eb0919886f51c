"""Between saved searches, stars and their messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from interchange.matching.v1 import matching_pb2
from interchange.matching.v1 import saved_searches_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis import convert
from chassis.etags import etag
from chassis.timestamps import to_proto as stamp
from services.matching.models import Card
from services.matching.saved.models import Alerts, Favourite, SavedSearch
from services.matching.search import filters

READERS: dict[str, Callable[[pb.SavedSearch], Any]] = {
    "display_name": lambda message: message.display_name,
    "search": lambda message: read_search(message.search),
    "alerts": lambda message: Alerts(message.alerts) or Alerts.INSTANT,
}
WRITABLE = frozenset(READERS)


def read_search(message: matching_pb2.SearchNoticesRequest) -> bytes:
    """The question without its page and order, refused as a search would refuse it."""
    question = matching_pb2.SearchNoticesRequest()
    question.CopyFrom(message)
    for field in ("page_size", "page_token", "sort"):
        question.ClearField(field)
    filters.check(question)
    return question.SerializeToString(deterministic=True)


def from_proto(message: pb.SavedSearch, person: str, *, at: datetime) -> SavedSearch:
    values = {field: read(message) for field, read in READERS.items()}
    return SavedSearch(person=person, create_time=at, **values)


def to_proto(saved: SavedSearch) -> pb.SavedSearch:
    return pb.SavedSearch(
        name=saved.name,
        display_name=saved.display_name,
        search=saved.question,
        alerts=convert.number(saved.alerts),
        create_time=stamp(saved.create_time),
        alert_time=convert.moment(saved.alert_time),
        etag=etag(saved.version),
    )


def favourite_to_proto(star: Favourite, card: Card | None) -> pb.Favourite:
    message = pb.Favourite(notice_name=star.notice, star_time=stamp(star.star_time))
    if card and card.is_open:
        message.notice.CopyFrom(Notice.FromString(card.payload))
    return message
