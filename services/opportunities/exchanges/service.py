"""ExchangeService: from proposed terms to what people said of it."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2 as pb
from interchange.opportunities.v1 import exchanges_pb2_grpc as rpc

from chassis import fields
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import PermissionDenied
from chassis.pages import paginate
from services.opportunities.audit import audited
from services.opportunities.exchanges import queries
from services.opportunities.exchanges.convert import TERMS, facts, read_terms, to_proto
from services.opportunities.exchanges.models import Exchange, State
from services.opportunities.identity import Identity
from services.opportunities.policy import roles_in

NEWEST_FIRST = (Exchange.create_time.desc(), Exchange.id.desc())


class ExchangeService(rpc.ExchangeServiceServicer):
    """Exchanges that concern an organisation of this region."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity

    def GetExchange(self, request: pb.GetExchangeRequest, _: ServicerContext) -> pb.Exchange:
        with self._read() as session:
            return to_proto(queries.load(session, request.name))

    def ListExchanges(
        self, request: pb.ListExchangesRequest, _: ServicerContext
    ) -> pb.ListExchangesResponse:
        statement = queries.listing(principal(), request)
        scope = f"ListExchanges {request.organisation} {request.state}"
        with self._read() as session:
            page = paginate(session, statement, key=NEWEST_FIRST, request=request, scope=scope)
        return pb.ListExchangesResponse(
            exchanges=map(to_proto, page.items), next_page_token=page.next_page_token
        )

    def UpdateExchange(self, request: pb.UpdateExchangeRequest, _: ServicerContext) -> pb.Exchange:
        who, message = principal(), request.exchange
        named = fields.changed(request.update_mask, message, allowed=TERMS)
        audited(self._identity, "exchange.update", message.name)
        with self._begin() as session:
            exchange = queries.load_for_managers(session, message.name, message.etag)
            if exchange.settle(read_terms(message, named), at=now()):
                event = events.ExchangeTermsChanged(exchange=facts(exchange, actor=who.person))
                publish(session, event)
        return to_proto(exchange)

    def SignExchange(self, request: pb.SignExchangeRequest, _: ServicerContext) -> pb.Exchange:
        who = principal()
        with self._begin() as session:
            exchange = queries.load_for_change(session, request.name, request.etag)
            if exchange.sign(who.person, roles_in(who, exchange), at=now()):
                publish(session, events.ExchangeSigned(exchange=facts(exchange, actor=who.person)))
                if exchange.state is State.AGREED:
                    event = events.ExchangeAgreed(exchange=facts(exchange, actor=who.person))
                    publish(session, event)
        return to_proto(exchange)

    def StartExchange(self, request: pb.StartExchangeRequest, _: ServicerContext) -> pb.Exchange:
        audited(self._identity, "exchange.start", request.name)
        with self._begin() as session:
            exchange = queries.load_for_managers(session, request.name, request.etag)
            exchange.start(at=now())
            event = events.ExchangeStarted(exchange=facts(exchange, actor=principal().person))
            publish(session, event)
        return to_proto(exchange)

    def CompleteExchange(
        self, request: pb.CompleteExchangeRequest, _: ServicerContext
    ) -> pb.Exchange:
        audited(self._identity, "exchange.complete", request.name)
        with self._begin() as session:
            exchange = queries.load_for_managers(session, request.name, request.etag)
            exchange.complete(at=now())
            event = events.ExchangeCompleted(exchange=facts(exchange, actor=principal().person))
            publish(session, event)
        return to_proto(exchange)

    def EndExchange(self, request: pb.EndExchangeRequest, _: ServicerContext) -> pb.Exchange:
        audited(self._identity, "exchange.end", request.name)
        with self._begin() as session:
            exchange = queries.load_for_change(session, request.name, request.etag)
            exchange.end(request.reason, at=now())
            event = events.ExchangeEndedEarly(exchange=facts(exchange, actor=principal().person))
            publish(session, event)
        return to_proto(exchange)

    def GiveFeedback(self, request: pb.GiveFeedbackRequest, _: ServicerContext) -> pb.Exchange:
        who = principal()
        with self._begin() as session:
            exchange = queries.load_for_change(session, request.name)
            roles = roles_in(who, exchange)
            if not roles:
                raise PermissionDenied("NOT_CONCERNED", f"{request.name} is for others to judge")
            role = min(roles)  # a person's own part before their part as manager
            exchange.give_feedback(
                who.person, role, rating=request.rating, text=request.text, at=now()
            )
            publish(session, events.FeedbackGiven(exchange=facts(exchange, actor=who.person)))
        return to_proto(exchange)
