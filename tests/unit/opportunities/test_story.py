"""From a request to feedback: requests, interests, the introduction and the exchange."""

from __future__ import annotations

import pytest
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2, interests_pb2, notices_pb2, requests_pb2
from interchange.opportunities.v1 import personal_data_pb2 as participation_pb2

from chassis.auth import Principal
from chassis.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied
from tests.support.outbox import announced
from tests.support.register import a_manager, a_member
from tests.unit.opportunities.conftest import CONSENT, Place

TERMS = {
    "start_date": "2027-02-01",
    "end_date": "2027-02-26",
    "days_per_week": 2.0,
    "attendance": notices_pb2.IN_PERSON,
    "payer": exchanges_pb2.Exchange.HOME,
    "objectives": ["See first interviews"],
    "cover": "The strategy team shares her desk.",
}


def settle(place: Place, exchange: str, **terms: object) -> exchanges_pb2.Exchange:
    message = exchanges_pb2.Exchange(name=exchange, **{**TERMS, **terms})  # type: ignore[arg-type]
    request = exchanges_pb2.UpdateExchangeRequest(exchange=message)
    return place.ask(place.suffolk_manager, place.exchanges.UpdateExchange, request)


def sign(place: Place, who: Principal, exchange: str) -> exchanges_pb2.Exchange:
    request = exchanges_pb2.SignExchangeRequest(name=exchange)
    return place.ask(who, place.exchanges.SignExchange, request)


def everyone(place: Place) -> list[Principal]:
    return [place.norfolk_manager, place.suffolk_manager, place.officer, place.host]


def test_a_request_becomes_a_notice_on_somebodys_behalf(place: Place) -> None:
    asked = place.request()

    draft = requests_pb2.DraftNoticeFromRequestRequest(
        name=asked.name, notice=notices_pb2.Notice(title="Work shadowing wanted")
    )
    notice = place.ask(place.norfolk_manager, place.requests.DraftNoticeFromRequest, draft)

    assert notice.title == "Work shadowing wanted"
    assert notice.body == asked.body
    assert notice.beneficiary == place.officer.person
    assert notice.consent.method == notices_pb2.Consent.GIVEN_BY_PERSON
    got = requests_pb2.GetRequestRequest(name=asked.name)
    answered = place.ask(place.officer, place.requests.GetRequest, got)
    assert (answered.state, answered.notice) == (requests_pb2.Request.ANSWERED, notice.name)


def test_a_request_is_between_a_person_and_their_managers(place: Place) -> None:
    asked = place.request()

    with pytest.raises(NotFound):
        get = requests_pb2.GetRequestRequest(name=asked.name)
        place.ask(place.suffolk_manager, place.requests.GetRequest, get)


def test_a_declined_request_keeps_its_reason(place: Place) -> None:
    asked = place.request()

    decline = requests_pb2.DeclineRequestRequest(name=asked.name, reason="After the election")
    place.ask(place.norfolk_manager, place.requests.DeclineRequest, decline)

    get = requests_pb2.GetRequestRequest(name=asked.name)
    declined = place.ask(place.officer, place.requests.GetRequest, get)
    assert declined.decline_reason == "After the election"


def test_people_stay_private_until_acceptance(place: Place) -> None:
    notice = place.publish(beneficiary=place.officer.person, consent=CONSENT)
    interest = place.propose(notice, participant=place.host.person, consent=CONSENT)
    get = interests_pb2.GetInterestRequest(name=interest.name)
    introduction = interests_pb2.GetIntroductionRequest(name=f"{interest.name}/introduction")

    seen = place.ask(place.norfolk_manager, place.interests.GetInterest, get)
    assert not seen.participant
    assert not seen.HasField("consent")
    with pytest.raises(FailedPrecondition, match="NOT_ACCEPTED"):
        place.ask(place.norfolk_manager, place.interests.GetIntroduction, introduction)

    place.endorse(place.norfolk_manager, interest)
    place.accept(place.norfolk_manager, interest)

    for who in everyone(place):
        made = place.ask(who, place.interests.GetIntroduction, introduction)
        assert {party.display_name for party in made.parties} == {
            "Hazel Thirtlewood",
            "Imran Quantrillo",
            "Priya Lartersworth",
            "Gareth Peggington",
        }
    stranger = a_manager("people/00000000-0000-7000-8000-000000000001", "organisations/other")
    with pytest.raises(NotFound):
        place.ask(stranger, place.interests.GetIntroduction, introduction)


def test_acceptance_needs_endorsement(place: Place) -> None:
    interest = place.propose(place.publish())

    with pytest.raises(FailedPrecondition, match="NOT_ENDORSED"):
        place.accept(place.norfolk_manager, interest)


def test_acceptance_needs_everybodys_consent(place: Place) -> None:
    notice = place.publish(beneficiary=place.officer.person)
    interest = place.propose(notice, participant=place.host.person, consent=CONSENT)
    place.endorse(place.norfolk_manager, interest)

    with pytest.raises(FailedPrecondition, match="CONSENT_MISSING"):
        place.accept(place.norfolk_manager, interest)

    give = notices_pb2.SetNoticeConsentRequest(name=notice.name, consent=CONSENT)
    place.ask(place.officer, place.notices.SetNoticeConsent, give)
    accepted = place.accept(place.norfolk_manager, interest)
    assert accepted.state == interests_pb2.Interest.ACCEPTED


def test_a_person_proposes_for_themselves_and_their_manager_endorses(place: Place) -> None:
    interest = place.propose(place.publish(), place.host, consent=CONSENT)

    with pytest.raises(PermissionDenied, match="OWN_MANAGER_FIRST"):
        place.endorse(place.norfolk_manager, interest)

    endorsed = place.endorse(place.suffolk_manager, interest)
    assert endorsed.state == interests_pb2.Interest.ENDORSED
    assert endorsed.participant == place.host.person


def test_an_interest_is_proposed_once(place: Place) -> None:
    notice = place.publish()
    place.propose(notice)

    with pytest.raises(AlreadyExists, match="ALREADY_PROPOSED"):
        place.propose(notice)


def test_nobody_answers_their_own_notice(place: Place) -> None:
    with pytest.raises(FailedPrecondition, match="OWN_NOTICE"):
        place.propose(place.publish(), place.norfolk_manager)


def test_a_declined_interest_keeps_its_reason_and_tells_both(place: Place) -> None:
    interest = place.propose(place.publish())

    decline = interests_pb2.DeclineInterestRequest(name=interest.name, reason="Too far away")
    place.ask(place.norfolk_manager, place.interests.DeclineInterest, decline)

    get = interests_pb2.GetInterestRequest(name=interest.name)
    seen = place.ask(place.suffolk_manager, place.interests.GetInterest, get)
    assert (seen.state, seen.decline_reason) == (interests_pb2.Interest.DECLINED, "Too far away")
    assert [each.not_chosen for each in announced(place.database, events.InterestDeclined)] == [
        False
    ]


def test_four_signatures_make_an_exchange_agreed(place: Place) -> None:
    exchange = place.introduce().exchange
    with pytest.raises(FailedPrecondition, match="TERMS_INCOMPLETE") as refused:
        sign(place, place.officer, exchange)
    assert "exchange.payer" in {each.field for each in refused.value.violations}
    settled = settle(place, exchange)

    signed = [sign(place, who, exchange) for who in everyone(place)]

    assert settled.host_organisation == place.suffolk
    assert [each.state for each in signed] == [
        *[exchanges_pb2.Exchange.PROPOSED] * 3,
        exchanges_pb2.Exchange.AGREED,
    ]
    assert len(announced(place.database, events.ExchangeAgreed)) == 1


def test_new_terms_need_new_signatures(place: Place) -> None:
    exchange = place.introduce().exchange
    settle(place, exchange)
    sign(place, place.officer, exchange)

    changed = settle(place, exchange, cover="Nobody")

    assert not [each for each in changed.signatories if each.HasField("sign_time")]


def test_an_exchange_runs_and_is_judged_by_each_once(place: Place) -> None:
    exchange = place.introduce().exchange
    settle(place, exchange)
    for who in everyone(place):
        sign(place, who, exchange)
    start = exchanges_pb2.StartExchangeRequest(name=exchange)
    complete = exchanges_pb2.CompleteExchangeRequest(name=exchange)
    praise = exchanges_pb2.GiveFeedbackRequest(name=exchange, rating=5, text="Time well spent")

    with pytest.raises(PermissionDenied):
        place.ask(place.officer, place.exchanges.StartExchange, start)
    place.ask(place.suffolk_manager, place.exchanges.StartExchange, start)
    with pytest.raises(FailedPrecondition, match="NOT_OVER"):
        place.ask(place.officer, place.exchanges.GiveFeedback, praise)
    place.ask(place.norfolk_manager, place.exchanges.CompleteExchange, complete)
    place.ask(place.officer, place.exchanges.GiveFeedback, praise)
    with pytest.raises(AlreadyExists, match="FEEDBACK_GIVEN"):
        place.ask(place.officer, place.exchanges.GiveFeedback, praise)

    done = place.ask(place.host, place.exchanges.GiveFeedback, praise)
    assert done.state == exchanges_pb2.Exchange.COMPLETED
    assert len(done.feedback) == 2


def test_an_exchange_is_ended_early_with_a_reason(place: Place) -> None:
    exchange = place.introduce().exchange

    end = exchanges_pb2.EndExchangeRequest(name=exchange, reason="She has moved")
    ended = place.ask(place.officer, place.exchanges.EndExchange, end)

    assert ended.state == exchanges_pb2.Exchange.ENDED_EARLY
    assert ended.end_reason == "She has moved"


def test_an_exchange_is_not_there_for_others(place: Place) -> None:
    exchange = place.introduce().exchange
    stranger = a_member("people/00000000-0000-7000-8000-000000000001", place.norfolk)

    with pytest.raises(NotFound):
        place.exchange(stranger, exchange)


def test_figures_count_what_happened(place: Place) -> None:
    place.register.figures.organisations = 4
    place.register.figures.organisations_with_committed_manager = 3
    place.introduce()

    figures = place.ask(Principal(), place.figures.GetFigures, exchanges_pb2.GetFiguresRequest())

    assert (figures.notices, figures.interests, figures.exchanges) == (1, 1, 1)
    assert figures.committed_share == 0.75


def test_a_person_exports_their_part(place: Place) -> None:
    place.request()
    place.introduce()
    export = participation_pb2.ExportParticipationRequest(name=place.officer.person)

    own = place.ask(place.officer, place.participation.ExportParticipation, export)

    assert (len(own.requests), len(own.notices), len(own.exchanges)) == (1, 1, 1)
    with pytest.raises((NotFound, PermissionDenied)):
        place.ask(place.host, place.participation.ExportParticipation, export)


def test_operators_see_who_lets_others_wait(place: Place) -> None:
    answered = place.endorse(place.suffolk_manager, place.propose(place.publish()))
    decline = interests_pb2.DeclineInterestRequest(name=answered.name, reason="Taken")
    place.ask(place.norfolk_manager, place.interests.DeclineInterest, decline)
    place.endorse(place.suffolk_manager, place.propose(place.publish()))
    request = exchanges_pb2.ListAnsweringTimesRequest()

    times = place.ask(place.operator, place.figures.ListAnsweringTimes, request).answering_times

    (norfolk,) = [each for each in times if each.organisation == place.norfolk]
    assert (norfolk.waiting, norfolk.answered) == (1, 1)
    assert norfolk.HasField("oldest_endorse_time")
    assert 0 <= norfolk.median_hours < 1
    others = [each for each in times if each.organisation != place.norfolk]
    assert all((each.waiting, each.answered) == (0, 0) for each in others)
