"""What somebody here does to an exchange that lives in a partner region: kept, sent, answered there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from interchange.opportunities.v1 import exchanges_pb2
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy.orm import Session

from chassis import convert
from chassis.auth import Principal
from chassis.errors import PermissionDenied
from services.opportunities.exchanges.actions import ExchangeAction, Verb
from services.opportunities.exchanges.convert import TERMS, read_terms, terms_to_proto
from services.opportunities.exchanges.models import Exchange
from services.opportunities.partner_records import telling
from services.opportunities.policy import roles_in

NOBODY = Principal()


def act(
    session: Session,
    exchange: Exchange,
    verb: Verb,
    *,
    by: Principal,
    at: datetime,
    **content: Any,
) -> None:
    """Keep it, and let the exchange's region know. The same again, while it waits, is nothing new."""
    told = pb.ExchangeActionRecord(
        exchange=exchange.origin_exchange,
        verb=convert.number(verb),
        version=exchange.origin_version,
        roles=sorted(map(convert.number, roles_in(by, exchange))),
        **content,
    )
    action = ExchangeAction(
        verb=verb, person=by.person, content=told.SerializeToString(), create_time=at
    )
    if exchange.act(action):
        session.flush()
        telling.action(session, exchange, action)


def sign(session: Session, exchange: Exchange, *, by: Principal, at: datetime) -> None:
    """Those who don't sign hear so at once."""
    if not any(each.role in roles_in(by, exchange) for each in exchange.signatories):
        raise PermissionDenied("NO_SIGNATORY", f"you don't sign {exchange.name}")
    act(session, exchange, Verb.SIGN, by=by, at=at)


def settle(
    session: Session,
    exchange: Exchange,
    message: exchanges_pb2.Exchange,
    named: Collection[str],
    *,
    by: Principal,
    at: datetime,
) -> None:
    """Propose other terms: the present ones with what was changed."""
    present = {field: getattr(exchange, field) for field in TERMS}
    terms = terms_to_proto({**present, **read_terms(message, named)})
    act(session, exchange, Verb.SETTLE, by=by, at=at, terms=terms)


def end(session: Session, exchange: Exchange, reason: str, *, at: datetime) -> None:
    """End one that lives elsewhere because somebody here can't take part any more: the service asks."""
    act(session, exchange, Verb.END, by=NOBODY, at=at, reason=reason)
