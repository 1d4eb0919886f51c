"""What one person's export shows of things that they share with others: their own part."""

from __future__ import annotations

from interchange.opportunities.v1 import exchanges_pb2, interests_pb2, notices_pb2

from chassis.auth import ANONYMOUS, Principal
from chassis.timestamps import to_proto as stamp
from services.opportunities.convert import consent_to_proto
from services.opportunities.exchanges.convert import to_proto as exchange_to_proto
from services.opportunities.exchanges.models import Exchange
from services.opportunities.interests.convert import to_proto as interest_to_proto
from services.opportunities.interests.models import Interest
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.models import Notice


def notice(each: Notice, person: str) -> notices_pb2.Notice:
    """The public form, with the person where they stand, and their consent."""
    message = to_public(each)
    message.author = person if each.author == person else ""
    message.manager = person if each.manager == person else ""
    message.beneficiary = person if each.beneficiary == person else ""
    if person == each.impersonal_by and each.impersonal_time:
        message.no_personal_data_confirmer = person
        message.no_personal_data_confirm_time.CopyFrom(stamp(each.impersonal_time))
    if person in (each.beneficiary, each.consent_recorded_by):
        message.consent.CopyFrom(consent_to_proto(each.consent) or notices_pb2.Consent())
    return message


def interest(each: Interest, person: str) -> interests_pb2.Interest:
    """As nobody in particular sees it, with the person where they stand, and their consent."""
    message = interest_to_proto(each, ANONYMOUS)
    message.participant = person if each.participant == person else ""
    if person in (each.participant, each.consent_recorded_by):
        message.consent.CopyFrom(consent_to_proto(each.consent) or notices_pb2.Consent())
    return message


def exchange(each: Exchange, person: str) -> exchanges_pb2.Exchange:
    """The terms, with the person's own signatures, feedback and actions."""
    message = exchange_to_proto(each, Principal(person=person))
    signatories = [one for one in message.signatories if one.person == person]
    feedback = [one for one in message.feedback if one.person == person]
    actions = [one for one in message.pending_actions if one.person == person]
    del message.signatories[:], message.feedback[:], message.pending_actions[:]
    message.signatories.extend(signatories)
    message.feedback.extend(feedback)
    message.pending_actions.extend(actions)
    return message
