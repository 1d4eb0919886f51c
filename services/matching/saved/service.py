"""SavedSearchService and FavouriteService: what a person keeps for themselves."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.matching.v1 import saved_searches_pb2 as pb
from interchange.matching.v1 import saved_searches_pb2_grpc as rpc
from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis import fields
from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import NotFound
from chassis.names import parse_name
from chassis.pages import paginate
from services.matching.saved import queries
from services.matching.saved.convert import (
    READERS,
    WRITABLE,
    favourite_to_proto,
    from_proto,
    to_proto,
)
from services.matching.saved.models import Alert, Alerts, Favourite, SavedSearch


class SavedSearchService(rpc.SavedSearchServiceServicer):
    """Searches that people keep."""

    def __init__(self, database: Database) -> None:
        self._begin = database.begin
        self._read = database.read

    def CreateSavedSearch(
        self, request: pb.CreateSavedSearchRequest, _: ServicerContext
    ) -> pb.SavedSearch:
        with self._begin() as session:
            queries.require_room(session, SavedSearch, queries.MOST_SAVED)
            saved = from_proto(request.saved_search, principal().person, at=now())
            session.add(saved)
        return to_proto(saved)

    def GetSavedSearch(
        self, request: pb.GetSavedSearchRequest, _: ServicerContext
    ) -> pb.SavedSearch:
        with self._read() as session:
            return to_proto(queries.load(session, request.name))

    def ListSavedSearches(
        self, request: pb.ListSavedSearchesRequest, _: ServicerContext
    ) -> pb.ListSavedSearchesResponse:
        person = principal().person
        with self._read() as session:
            page = paginate(
                session,
                queries.searches(person),
                key=(SavedSearch.id.desc(),),
                request=request,
                scope=f"ListSavedSearches {person}",
            )
        return pb.ListSavedSearchesResponse(
            saved_searches=map(to_proto, page.items), next_page_token=page.next_page_token
        )

    def UpdateSavedSearch(
        self, request: pb.UpdateSavedSearchRequest, _: ServicerContext
    ) -> pb.SavedSearch:
        message = request.saved_search
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        with self._begin() as session:
            saved = queries.load(session, message.name, message.etag, lock=True)
            for field in named:
                setattr(saved, field, READERS[field](message))
            saved.version += 1
            if saved.alerts is Alerts.OFF:
                _drop_waiting(session, saved)
        return to_proto(saved)

    def DeleteSavedSearch(self, request: pb.DeleteSavedSearchRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            saved = queries.load(session, request.name, lock=True)
            session.execute(delete(Alert).where(Alert.search_id == saved.id))
            session.delete(saved)
        return Empty()


class FavouriteService(rpc.FavouriteServiceServicer):
    """Notices that people star."""

    def __init__(self, database: Database) -> None:
        self._begin = database.begin
        self._read = database.read

    def StarNotice(self, request: pb.StarNoticeRequest, _: ServicerContext) -> pb.Favourite:
        who = principal()
        parse_name("notices", request.name)
        with self._begin() as session:
            card = queries.shown(queries.cards(session, [request.name]).get(request.name), who)
            if card is None:
                raise NotFound("NO_SUCH_NOTICE", f"{request.name} is not published")
            star = session.get(Favourite, (who.person, request.name))
            if star is None:
                queries.require_room(session, Favourite, queries.MOST_STARRED)
                star = Favourite(person=who.person, notice=request.name, star_time=now())
                session.add(star)
            return favourite_to_proto(star, card)

    def UnstarNotice(self, request: pb.UnstarNoticeRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            star = session.get(Favourite, (principal().person, request.name))
            if star:
                session.delete(star)
        return Empty()

    def ListFavourites(
        self, request: pb.ListFavouritesRequest, _: ServicerContext
    ) -> pb.ListFavouritesResponse:
        who = principal()
        with self._read() as session:
            page = paginate(
                session,
                queries.favourites(who.person),
                key=(Favourite.star_time.desc(), Favourite.notice.desc()),
                request=request,
                scope=f"ListFavourites {who.person}",
            )
            cards = queries.cards(session, [each.notice for each in page.items])
        return pb.ListFavouritesResponse(
            favourites=[
                favourite_to_proto(each, queries.shown(cards.get(each.notice), who))
                for each in page.items
            ],
            next_page_token=page.next_page_token,
        )


def _drop_waiting(session: Session, saved: SavedSearch) -> None:
    waiting = Alert.search_id == saved.id, Alert.send_time.is_(None)
    session.execute(delete(Alert).where(*waiting))
