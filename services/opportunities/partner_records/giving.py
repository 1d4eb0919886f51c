"""What a partner is told: the newest state of one record, in that region's own names where it has some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.identity.v1.people_pb2 import Contact
from interchange.opportunities.v1 import exchanges_pb2, interests_pb2
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy.orm import Session

from chassis import convert
from chassis.errors import InvalidArgument, NotFound
from chassis.foreign import foreign_id
from chassis.names import format_name, parse
from chassis.timestamps import to_proto as stamp
from services.opportunities.consent import Consent
from services.opportunities.exchanges.actions import ActionState, ExchangeAction
from services.opportunities.exchanges.convert import to_proto as exchange_to_proto
from services.opportunities.exchanges.models import Exchange
from services.opportunities.exchanges.parties import Role
from services.opportunities.interests.models import Interest, State
from services.opportunities.organisations.models import Organisation
from services.opportunities.partner_records import people

# How long a partner keeps what no consent limits, such as who manages an interest.
KEPT_FOR = timedelta(days=366)
MOST_OUTCOMES = 50
Party = interests_pb2.Introduction.Party
Contacts = Mapping[str, Contact]


@dataclass(frozen=True)
class Telling:
    """A record that may be told, and whom of our people it names."""

    people: list[str]
    write: Callable[[Contacts], pb.PartnerRecord]
    required: list[str] = field(default_factory=list)  # without them there is nothing to tell


def find(session: Session, region: str, record: str, *, at: datetime) -> Telling:
    """What there is to tell the region under this name; NotFound when there is nothing, or nothing any more."""
    for pattern, finder in FINDERS.items():
        try:
            ids = parse(record, pattern, field="record")
        except InvalidArgument:
            continue
        found = finder(session, region, ids[-1], at)
        if found:
            return found
    raise NotFound("NOTHING_TO_TELL", f"there is nothing to tell {region} of this record")


def _interest(session: Session, region: str, interest_id: object, at: datetime) -> Telling | None:
    interest = session.get(Interest, interest_id)
    if interest is None or interest.other_region != region:
        return None
    return _decision(session, interest) if interest.region else _proposal(interest, at)


def _proposal(interest: Interest, at: datetime) -> Telling | None:
    if not interest.may_travel(at=at):
        return None

    def write(contacts: Contacts) -> pb.PartnerRecord:
        consent = interest.consent
        told = pb.InterestRecord(
            notice=interest.notice.origin_notice,
            notice_version=interest.notice.version,
            state=convert.number(_stage(interest)),
            organisation=_organisation(interest.owner),
            manager=_person(contacts.get(interest.manager)),
            participant=_person(contacts.get(interest.participant)),
            consent=_consent(interest, consent) if consent and interest.participant else None,
            message=interest.message,
        )
        ends = consent.expire_time if consent and interest.participant else None
        return pb.PartnerRecord(
            record=interest.name,
            expire_time=stamp(ends or interest.create_time + KEPT_FOR),
            interest=told,
        )

    named = [interest.participant] if interest.participant else []
    return Telling([interest.manager, *named], write, required=named)


def _stage(interest: Interest) -> State:
    """As far as its own side has brought it."""
    return State.PROPOSED if interest.state is State.PROPOSED else State.ENDORSED


def _decision(session: Session, interest: Interest) -> Telling | None:
    if interest.state not in (State.ENDORSED, State.ACCEPTED, State.DECLINED):
        return None
    exchange = session.get(Exchange, interest.exchange_id) if interest.exchange_id else None
    parties = _parties(interest) if exchange else {}

    def write(contacts: Contacts) -> pb.PartnerRecord:
        told = pb.DecisionRecord(
            interest=interest.origin_interest,
            state=convert.number(interest.state),
            decline_reason=interest.decline_reason,
            reason_code=interest.reason_code,
            exchange=exchange.name if exchange else "",
            parties=[
                _party(role, contacts[person])
                for role, person in parties.items()
                if person in contacts
            ],
        )
        return pb.PartnerRecord(record=interest.name, expire_time=_end(interest), decision=told)

    return Telling(list(parties.values()), write)


def _parties(interest: Interest) -> Mapping[Party.Role.ValueType, str]:
    notice = interest.notice
    both = {Party.BENEFICIARY: notice.beneficiary, Party.NOTICE_MANAGER: notice.manager}
    return {role: person for role, person in both.items() if person}


def _end(interest: Interest) -> Timestamp:
    consent = interest.notice.consent if interest.notice.beneficiary else None
    decided = interest.decide_time or interest.create_time
    ends = consent.expire_time if consent else None
    return stamp(ends or decided + KEPT_FOR)


def _exchange(session: Session, region: str, exchange_id: object, _: datetime) -> Telling | None:
    exchange = session.get(Exchange, exchange_id)
    if exchange is None or exchange.follower != region:
        return None
    interest = session.get_one(Interest, exchange.interest_id)
    ours = exchange.host if not exchange.host.region else exchange.visitor
    told = pb.ExchangeRecord(
        exchange=_translated(session, exchange),
        version=exchange.version,
        interest=interest.origin_interest,
        organisation=_organisation(ours),
        outcomes=[
            pb.ActionOutcome(action=each.action, refusal=each.refusal, detail=each.detail)
            for each in exchange.outcomes[-MOST_OUTCOMES:]
        ],
    )
    record = pb.PartnerRecord(record=exchange.name, exchange=told)
    return Telling(_signers(exchange), lambda _: record)


def _signers(exchange: Exchange) -> list[str]:
    """Our people in it, by id alone."""
    signing = [each.person for each in exchange.signatories if exchange.is_ours(each.role)]
    return [*signing, *(each.person for each in exchange.feedback if exchange.is_ours(each.role))]


def _translated(session: Session, exchange: Exchange) -> exchanges_pb2.Exchange:
    """With the region's own names for its own people; somebody whom it did not tell us of is left out."""
    message = exchange_to_proto(exchange)
    del message.pending_actions[:]
    named: list[exchanges_pb2.Signatory | exchanges_pb2.Feedback] = []
    named += [*message.signatories, *message.feedback]
    foreign = [each for each in named if not exchange.is_ours(Role(each.role))]
    known = people.origins(session, exchange.follower, [each.person for each in foreign])
    for each in foreign:
        each.person = known.get(each.person, "")
    return message


def _action(session: Session, region: str, action_id: object, _: datetime) -> Telling | None:
    action = session.get(ExchangeAction, action_id)
    if action is None or action.state is not ActionState.WAITING:
        return None
    exchange = session.get_one(Exchange, action.exchange_id)
    if exchange.region != region:
        return None

    def write(contacts: Contacts) -> pb.PartnerRecord:
        told = pb.ExchangeActionRecord.FromString(action.content)
        actor = _person(contacts.get(action.person))
        if actor:
            told.actor.CopyFrom(actor)
        return pb.PartnerRecord(
            record=format_name(exchange.name, "actions", action.id),
            expire_time=stamp(action.create_time + KEPT_FOR),
            action=told,
        )

    named = [action.person] if action.person else []
    return Telling(named, write, required=named)


FINDERS: Mapping[str, Callable[[Session, str, object, datetime], Telling | None]] = {
    "notices/*/interests/*": _interest,
    "exchanges/*": _exchange,
    "exchanges/*/actions/*": _action,
}


def require_known(telling: Telling, contacts: Contacts) -> None:
    """Refuse to tell of somebody whom identity does not know any more."""
    missing: Iterable[str] = [each for each in telling.required if each not in contacts]
    if list(missing):
        raise NotFound("NOTHING_TO_TELL", "whom this was about has left the network")


def _consent(interest: Interest, consent: Consent) -> pb.PartnerConsent:
    given = f"{interest.name}@{consent.give_time.isoformat()}"
    return pb.PartnerConsent(
        consent=format_name("consents", foreign_id("", given)),
        purpose=consent.purpose,
        recipient_region=consent.recipient_region,
        text_version=consent.text_version,
        give_time=stamp(consent.give_time),
        expire_time=convert.moment(consent.expire_time),
    )


def _organisation(organisation: Organisation) -> pb.PartnerOrganisation:
    return pb.PartnerOrganisation(
        organisation=organisation.name,
        display_name=organisation.display_name,
        sector=convert.number(organisation.sector),
    )


def _person(contact: Contact | None) -> pb.PartnerPerson | None:
    if contact is None:
        return None
    return pb.PartnerPerson(
        person=contact.person,
        display_name=contact.display_name,
        job_title=contact.job_title,
        email=contact.email,
    )


def _party(role: Party.Role.ValueType, contact: Contact) -> Party:
    return Party(
        role=role,
        person=contact.person,
        display_name=contact.display_name,
        job_title=contact.job_title,
        email=contact.email,
        organisation=contact.organisation,
        organisation_display_name=contact.organisation_display_name,
    )
