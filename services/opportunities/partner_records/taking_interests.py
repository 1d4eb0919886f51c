"""An interest of a partner region in a notice of ours."""

from __future__ import annotations

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import interests_pb2
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.errors import FailedPrecondition
from chassis.foreign import clean, foreign_id, foreign_name
from chassis.names import parse_name
from chassis.timestamps import from_proto, optional
from services.opportunities.consent import Consent, Method
from services.opportunities.interests.convert import facts
from services.opportunities.interests.models import OPEN, Interest, State
from services.opportunities.notices import queries as notices
from services.opportunities.notices.kinds import State as NoticeState
from services.opportunities.notices.kinds import Visibility
from services.opportunities.notices.models import Notice
from services.opportunities.organisations.directory import take_foreign
from services.opportunities.organisations.models import Organisation, Sector
from services.opportunities.partner_records import people, telling
from services.opportunities.partner_records.told import Told, unknown

GONE = "NOTICE_GONE"
GONE_TEXT = "The notice is not open to other regions any more."


def take(session: Session, told: Told) -> str:
    """Put it before the notice's managers; or answer at once that the notice is gone."""
    message = told.record.interest
    notice = notices.lock(session, parse_name("notices", message.notice, field="record"))
    if notice is None or notice.is_copy:
        raise unknown("notice")
    consent = _consent(message, told)
    interest, is_new = _interest(session, told, notice, _owner(session, told))
    if not _is_for_others(notice):
        _refuse(session, interest, told)
    elif interest.is_open or interest.state is State.WITHDRAWN:
        _put(session, interest, told, consent, is_new=is_new)
    elif interest.state is State.ACCEPTED:
        _keep_people(session, interest, told)
    return interest.name


def _is_for_others(notice: Notice) -> bool:
    return notice.state is NoticeState.PUBLISHED and notice.visibility is Visibility.NETWORK


def _owner(session: Session, told: Told) -> Organisation:
    message = told.record.interest.organisation
    parse_name("organisations", message.organisation, field="record")
    name = foreign_name(told.region, message.organisation)
    shown = {name: (clean(message.display_name)[:200], Sector(message.sector))}
    return take_foreign(session, told.region, shown)[name]


def _interest(
    session: Session, told: Told, notice: Notice, owner: Organisation
) -> tuple[Interest, bool]:
    interest_id = foreign_id(told.region, told.record.record)
    found = session.get(Interest, interest_id, with_for_update={"of": Interest})
    if found:
        if found.notice_id != notice.id or found.organisation != owner.name:
            raise FailedPrecondition("ANOTHER_NOTICE", "an interest stays with its notice")
        return found, False
    made = Interest.of_partner(
        notice,
        owner,
        interest_id=interest_id,
        region=told.region,
        origin_interest=told.record.record,
        at=told.at,
    )
    session.add(made)
    return made, True


def _refuse(session: Session, interest: Interest, told: Told) -> None:
    """Nothing of who it was is kept."""
    if interest.is_open:
        interest.decline(GONE_TEXT, at=told.at, code=GONE)
    if interest.state is State.DECLINED:
        telling.interest(session, interest, at=told.at)


def _put(
    session: Session, interest: Interest, told: Told, consent: Consent | None, *, is_new: bool
) -> None:
    message = told.record.interest
    _require_first(session, interest, people.name_of(told.region, message.participant))
    is_put = is_new or interest.state is State.WITHDRAWN
    interest.follow_proposal(
        manager=people.name_of(told.region, message.manager),
        participant=people.name_of(told.region, message.participant),
        consent=consent,
        message=clean(message.message),
    )
    _keep_people(session, interest, told)
    if is_put:
        publish(session, events.InterestProposed(interest=facts(interest)))
    if message.state == interests_pb2.Interest.ENDORSED and interest.state is State.PROPOSED:
        interest.endorse(by="", own_side=False, at=told.at)
        publish(session, events.InterestEndorsed(interest=facts(interest)))


def _keep_people(session: Session, interest: Interest, told: Told) -> None:
    message = told.record.interest
    named = [each for each in (message.manager, message.participant) if each.person]
    people.keep(
        session,
        told.region,
        told.record.record,
        [(each, interest.organisation) for each in named],
        expire_time=told.expire_time,
    )


def _require_first(session: Session, interest: Interest, participant: str) -> None:
    """Two open interests of the same people are one too many, here as at home."""
    same = exists().where(
        Interest.notice_id == interest.notice_id,
        Interest.organisation == interest.organisation,
        Interest.participant == participant,
        Interest.state.in_(OPEN),
        Interest.id != interest.id,
    )
    with session.no_autoflush:
        if session.scalar(select(same)):
            raise FailedPrecondition("ALREADY_PROPOSED", "they have an open interest already")


def _consent(message: pb.InterestRecord, told: Told) -> Consent | None:
    """Under which we may know the participant. Their own region has checked it: so do we."""
    if not message.participant.person:
        return None
    given = message.consent
    consent = Consent(
        given.text_version,
        Method.RECORDED_BY_MANAGER,
        from_proto(given.give_time),
        recorded_by="",
        purpose=given.purpose,
        recipient_region=given.recipient_region,
        expire_time=optional(given, "expire_time"),
    )
    if not given.text_version or not consent.permits(told.own_region, at=told.at):
        raise FailedPrecondition(
            "CONSENT_MISSING", "a participant is named without a consent that reaches here"
        )
    return consent
