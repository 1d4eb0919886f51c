"""ExchangeService: from proposed terms to what people said of it."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message
from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2 as pb
from interchange.opportunities.v1 import exchanges_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, fields
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import PermissionDenied
from chassis.pages import paginate
from services.opportunities.exchanges import queries
from services.opportunities.exchanges.actions import Verb
from services.opportunities.exchanges.convert import TERMS, facts, read_terms, to_proto
from services.opportunities.exchanges.models import Exchange, State
from services.opportunities.identity import Identity
from services.opportunities.partner_records import acting, telling
from services.opportunities.policy import roles_in
from services.opportunities.swaps import dropping

Announcement = Callable[..., Message]
NEWEST_FIRST = (Exchange.create_time.desc(), Exchange.id.desc())


class ExchangeService(rpc.ExchangeServiceServicer):
    """Exchanges that concern an organisation of this region."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity

    def GetExchange(self, request: pb.GetExchangeRequest, _: ServicerContext) -> pb.Exchange:
        with self._read() as session:
            return to_proto(queries.load(session, request.name), principal())

    def ListExchanges(
        self, request: pb.ListExchangesRequest, _: ServicerContext
    ) -> pb.ListExchangesResponse:
        statement = queries.listing(principal(), request)
        scope = f"ListExchanges {request.organisation} {request.state}"
        with self._read() as session:
            page = paginate(session, statement, key=NEWEST_FIRST, request=request, scope=scope)
        return pb.ListExchangesResponse(
            exchanges=[to_proto(each, principal()) for each in page.items],
            next_page_token=page.next_page_token,
        )

    def UpdateExchange(self, request: pb.UpdateExchangeRequest, _: ServicerContext) -> pb.Exchange:
        who, message, at = principal(), request.exchange, now()
        named = fields.changed(request.update_mask, message, allowed=TERMS)
        terms = read_terms(message, named)
        self._identity.audit.record_operator("exchange.update", message.name)
        with self._begin() as session:
            exchange = queries.load_for_managers(session, message.name, message.etag)
            if exchange.is_copy:
                acting.settle(session, exchange, message, named, by=who, at=at)
            elif exchange.settle(terms, at=at):
                _announce(session, exchange, events.ExchangeTermsChanged)
        return to_proto(exchange, who)

    def SignExchange(self, request: pb.SignExchangeRequest, _: ServicerContext) -> pb.Exchange:
        who, at = principal(), now()
        with self._begin() as session:
            exchange = queries.load_for_change(session, request.name, request.etag)
            if exchange.is_copy:
                acting.sign(session, exchange, by=who, at=at)
            elif exchange.sign(who.person, roles_in(who, exchange), at=at):
                _announce(session, exchange, events.ExchangeSigned)
                if exchange.state is State.AGREED:
                    _announce(session, exchange, events.ExchangeAgreed)
        return to_proto(exchange, who)

    def StartExchange(self, request: pb.StartExchangeRequest, _: ServicerContext) -> pb.Exchange:
        who, at = principal(), now()
        self._identity.audit.record_operator("exchange.start", request.name)
        with self._begin() as session:
            exchange = queries.load_for_managers(session, request.name, request.etag)
            if exchange.is_copy:
                acting.act(session, exchange, Verb.START, by=who, at=at)
            else:
                dropping.require_own_start(session, exchange)
                exchange.start(at=at)
                _announce(session, exchange, events.ExchangeStarted)
        return to_proto(exchange, who)

    def CompleteExchange(
        self, request: pb.CompleteExchangeRequest, _: ServicerContext
    ) -> pb.Exchange:
        who, at = principal(), now()
        self._identity.audit.record_operator("exchange.complete", request.name)
        with self._begin() as session:
            exchange = queries.load_for_managers(session, request.name, request.etag)
            if exchange.is_copy:
                acting.act(session, exchange, Verb.COMPLETE, by=who, at=at)
            else:
                exchange.complete(at=at)
                _announce(session, exchange, events.ExchangeCompleted)
                dropping.on_exchange_over(session, exchange, by=who, at=at)
        return to_proto(exchange, who)

    def EndExchange(self, request: pb.EndExchangeRequest, _: ServicerContext) -> pb.Exchange:
        who, at = principal(), now()
        with self._begin() as session:
            exchange = queries.load_for_change(session, request.name, request.etag)
            if exchange.is_copy:
                acting.act(session, exchange, Verb.END, by=who, at=at, reason=request.reason)
            else:
                exchange.end(request.reason, at=at)
                _announce(session, exchange, events.ExchangeEndedEarly)
                dropping.on_exchange_over(session, exchange, by=who, at=at)
            acts.record(session, events.ActTaken, "exchange.end", exchange.name)
        return to_proto(exchange, who)

    def GiveFeedback(self, request: pb.GiveFeedbackRequest, _: ServicerContext) -> pb.Exchange:
        who, at = principal(), now()
        rating, text = request.rating, request.text
        with self._begin() as session:
            exchange = queries.load_for_change(session, request.name)
            roles = roles_in(who, exchange)
            if not roles:
                raise PermissionDenied("NOT_CONCERNED", f"{request.name} is for others to judge")
            role = min(roles)  # a person's own part before their part as manager
            if exchange.is_copy:
                feedback = pb.Feedback(rating=rating, text=text)
                acting.act(session, exchange, Verb.GIVE_FEEDBACK, by=who, at=at, feedback=feedback)
            else:
                exchange.give_feedback(who.person, role, rating=rating, text=text, at=at)
                _announce(session, exchange, events.FeedbackGiven)
        return to_proto(exchange, who)


def _announce(session: Session, exchange: Exchange, kind: Announcement) -> None:
    """Say what the caller did, here and to the region that follows the exchange."""
    publish(session, kind(exchange=facts(exchange, actor=principal().person)))
    telling.exchange(session, exchange)
