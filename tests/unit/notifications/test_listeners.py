"""Who is told of what, by event: each event more than once, for that may happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from google.protobuf.message import Message as Event
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1 import organisations_pb2
from interchange.matching.v1 import events_pb2 as matching
from interchange.notifications.v1.notifications_pb2 import Preferences
from interchange.opportunities.v1 import events_pb2 as opportunities
from interchange.opportunities.v1 import exchanges_pb2, notices_pb2, swaps_pb2

from chassis.bus.envelope import subject_of
from chassis.database import new_id
from services.notifications.listeners import HANDLERS
from tests.unit.notifications.conftest import TRACE, House

Told = Mapping[str, set[str]]
Case = tuple[Callable[[House], Event], Callable[[House], Told]]


def requested(house: House, **content: str) -> opportunities.RequestFacts:
    return opportunities.RequestFacts(
        request=f"requests/{new_id()}", person=house.officer, organisation=house.norfolk, **content
    )


def applied(house: House, *, at_host: bool = False) -> matching.ApplicationFacts:
    return matching.ApplicationFacts(
        cohort="cohorts/1",
        title="Leadership Exchange",
        application=f"cohorts/1/applications/{new_id()}",
        person=house.host if at_host else house.officer,
        organisation=house.suffolk if at_host else house.norfolk,
    )


def closed(house: House, reason: notices_pb2.Notice.ClosingReason.ValueType) -> Event:
    return opportunities.NoticeClosed(
        notice=house.notice(state=notices_pb2.Notice.CLOSED, closing_reason=reason),
        manager=house.manager,
        beneficiary=house.officer,
    )


def swapped(house: House, actor: str | None = None) -> opportunities.SwapFacts:
    """A swap between the two, that Suffolk left; by Norfolk's manager unless somebody else is named."""
    mine, theirs = f"notices/{new_id()}", f"notices/{new_id()}"
    leg = swaps_pb2.SwapLeg(
        visiting_notice=mine,
        visiting_notice_title="Policy officer",
        visiting_organisation=house.norfolk,
        host_notice=theirs,
        host_notice_title="Commissioner",
        host_organisation=house.suffolk,
    )
    return opportunities.SwapFacts(
        swap=swaps_pb2.Swap(name=f"swaps/{new_id()}", legs=[leg], left=[theirs]),
        people=[house.officer, house.host],
        actor=house.manager if actor is None else actor,
    )


def stepped_down(house: House, successor: str) -> Event:
    return identity.ManagerSteppedDown(
        manager=f"{house.norfolk}/managers/{new_id()}",
        organisation=house.norfolk,
        person=house.manager,
        successor=successor,
    )


def all_four(house: House) -> set[str]:
    return {house.manager, house.officer, house.other_manager, house.host}


CASES: Mapping[str, Case] = {
    "request made": (
        lambda h: opportunities.RequestMade(request=requested(h)),
        lambda h: {"request-made": {h.manager, h.colleague}},
    ),
    "request answered": (
        lambda h: opportunities.RequestAnswered(request=requested(h)),
        lambda h: {"request-answered": {h.officer}},
    ),
    "request declined": (
        lambda h: opportunities.RequestDeclined(request=requested(h)),
        lambda h: {"request-declined": {h.officer}},
    ),
    "request withdrawn": (
        lambda h: opportunities.RequestWithdrawn(request=requested(h)),
        lambda h: {"request-withdrawn": {h.manager, h.colleague}},
    ),
    "notice submitted": (
        lambda h: opportunities.NoticeSubmitted(notice=h.notice(), manager=h.manager),
        lambda h: {"notice-submitted": {h.colleague}},
    ),
    "notice returned": (
        lambda h: opportunities.NoticeReturned(notice=h.notice(), manager=h.manager),
        lambda h: {"notice-returned": {h.manager}},
    ),
    "notice returned that nobody answers for": (
        lambda h: opportunities.NoticeReturned(notice=h.notice()),
        lambda h: {"notice-returned": {h.manager, h.colleague}},
    ),
    "notice reported": (
        lambda h: opportunities.NoticeReported(report="notices/1/reports/2", notice=h.notice()),
        lambda h: {"notice-reported": {h.operator}},
    ),
    "notice report settled": (
        lambda h: opportunities.NoticeReportSettled(
            report="notices/1/reports/2", notice=h.notice(), reporter=h.officer
        ),
        lambda h: {"notice-report-settled": {h.officer}},
    ),
    "notice report of a visitor settled": (
        lambda h: opportunities.NoticeReportSettled(
            report="notices/1/reports/2", notice=h.notice()
        ),
        lambda h: {},
    ),
    "notice published": (
        lambda h: opportunities.NoticePublished(
            notice=h.notice(), manager=h.manager, beneficiary=h.officer
        ),
        lambda h: {"notice-published": {h.manager, h.officer}},
    ),
    "notice published for its own manager": (
        lambda h: opportunities.NoticePublished(
            notice=h.notice(), manager=h.manager, beneficiary=h.manager
        ),
        lambda h: {"notice-published": {h.manager}},
    ),
    **{
        f"notice closed as {notices_pb2.Notice.ClosingReason.Name(reason)}": (
            lambda h, reason=reason: closed(h, reason),
            lambda h: {"notice-closed": {h.manager, h.officer}},
        )
        for reason in notices_pb2.Notice.ClosingReason.values()
        if reason
    },
    "notice expiring": (
        lambda h: opportunities.NoticeExpiring(notice=h.notice(), manager=h.manager),
        lambda h: {"notice-expiring": {h.manager}},
    ),
    "notice expiring that nobody answers for": (
        lambda h: opportunities.NoticeExpiring(notice=h.notice()),
        lambda h: {"notice-expiring": {h.manager, h.colleague}},
    ),
    "notice reassigned": (
        lambda h: opportunities.NoticeReassigned(notice=h.notice(), manager=h.colleague),
        lambda h: {"notice-reassigned": {h.colleague}},
    ),
    "notice reassigned to nobody": (
        lambda h: opportunities.NoticeReassigned(notice=h.notice()),
        lambda h: {},
    ),
    "interest proposed": (
        lambda h: opportunities.InterestProposed(interest=h.interest()),
        lambda h: {
            "interest-proposed": {h.other_manager, h.manager, h.colleague},
            "interest-put-forward": {h.host},
        },
    ),
    "interest proposed that nobody answers for": (
        lambda h: opportunities.InterestProposed(
            interest=h.interest(interested_manager="", notice_manager="", participant="")
        ),
        lambda h: {"interest-proposed": {h.other_manager, h.manager, h.colleague}},
    ),
    "interest endorsed": (
        lambda h: opportunities.InterestEndorsed(interest=h.interest()),
        lambda h: {
            "interest-endorsed": {h.manager, h.colleague},
            "interest-going-on": {h.other_manager, h.host},
        },
    ),
    "interest accepted": (
        lambda h: opportunities.InterestAccepted(interest=h.interest()),
        lambda h: {"interest-accepted": all_four(h)},
    ),
    "interest declined": (
        lambda h: opportunities.InterestDeclined(interest=h.interest()),
        lambda h: {"interest-declined": {h.other_manager, h.host}},
    ),
    "interest not chosen": (
        lambda h: opportunities.InterestDeclined(interest=h.interest(), not_chosen=True),
        lambda h: {"interest-not-chosen": {h.other_manager, h.host}},
    ),
    "interest withdrawn": (
        lambda h: opportunities.InterestWithdrawn(interest=h.interest()),
        lambda h: {"interest-withdrawn": {h.manager, h.colleague}},
    ),
    "exchange terms changed": (
        lambda h: opportunities.ExchangeTermsChanged(exchange=h.exchange()),
        lambda h: {"exchange-terms-changed": all_four(h) - {h.manager}},
    ),
    "exchange signed": (
        lambda h: opportunities.ExchangeSigned(
            exchange=h.exchange(state=exchanges_pb2.Exchange.PROPOSED)
        ),
        lambda h: {"exchange-signed": all_four(h) - {h.manager}},
    ),
    "exchange signed by the last one": (
        lambda h: opportunities.ExchangeSigned(
            exchange=h.exchange(state=exchanges_pb2.Exchange.AGREED)
        ),
        lambda h: {},
    ),
    "exchange agreed": (
        lambda h: opportunities.ExchangeAgreed(
            exchange=h.exchange(start_date="2027-02-01", end_date="2027-02-26")
        ),
        lambda h: {"exchange-agreed": all_four(h)},
    ),
    "exchange started": (
        lambda h: opportunities.ExchangeStarted(exchange=h.exchange()),
        lambda h: {"exchange-started": all_four(h)},
    ),
    "exchange completed by the clock": (
        lambda h: opportunities.ExchangeCompleted(exchange=h.exchange(actor="")),
        lambda h: {"exchange-completed": all_four(h)},
    ),
    "exchange ended early": (
        lambda h: opportunities.ExchangeEndedEarly(exchange=h.exchange()),
        lambda h: {"exchange-ended-early": all_four(h)},
    ),
    "feedback given": (
        lambda h: opportunities.FeedbackGiven(exchange=h.exchange(actor=h.host)),
        lambda h: {"feedback-given": all_four(h) - {h.host}},
    ),
    "exchange action refused abroad": (
        lambda h: opportunities.ExchangeActionRefused(
            exchange=h.exchange(partner_region="scotland", actor=h.officer), refusal="NOT_AGREED"
        ),
        lambda h: {"exchange-action-refused": {h.officer, h.other_manager}},
    ),
    "swap proposed": (
        lambda h: opportunities.SwapProposed(swap=swapped(h)),
        lambda h: {"swap-proposed": {h.colleague, h.other_manager, h.officer, h.host}},
    ),
    "swap agreed": (
        lambda h: opportunities.SwapAgreed(swap=swapped(h)),
        lambda h: {"swap-agreed": {h.colleague, h.other_manager, h.officer, h.host}},
    ),
    "swap degraded": (
        lambda h: opportunities.SwapDegraded(swap=swapped(h)),
        lambda h: {"swap-degraded": {h.colleague, h.other_manager, h.officer, h.host}},
    ),
    "swap lapsed by the clock": (
        lambda h: opportunities.SwapLapsed(swap=swapped(h, actor="")),
        lambda h: {"swap-lapsed": {h.manager, h.colleague, h.other_manager, h.officer, h.host}},
    ),
    "organisation registered": (
        lambda h: identity.OrganisationRegistered(organisation=h.register.organisations[h.norfolk]),
        lambda h: {"organisation-registered": {h.operator}},
    ),
    "organisation verified": (
        lambda h: identity.OrganisationVerified(organisation=h.register.organisations[h.norfolk]),
        lambda h: {"organisation-verified": {h.manager, h.colleague}},
    ),
    "organisation revised": (
        lambda h: identity.OrganisationRevised(organisation=h.register.organisations[h.norfolk]),
        lambda h: {},
    ),
    "manager appointed": (
        lambda h: identity.ManagerAppointed(
            manager=f"{h.norfolk}/managers/{new_id()}", organisation=h.norfolk, person=h.officer
        ),
        lambda h: {"manager-appointed": {h.officer}},
    ),
    "manager stepped down for another": (
        lambda h: stepped_down(h, h.colleague),
        lambda h: {"manager-replaced": {h.operator}, "manager-succeeds": {h.colleague}},
    ),
    "manager stepped down for nobody": (
        lambda h: stepped_down(h, ""),
        lambda h: {"manager-stepped-down": {h.operator}},
    ),
    "operator appointed": (
        lambda h: identity.OperatorAppointed(person=h.officer),
        lambda h: {"operator-appointed": {h.officer}},
    ),
    "coordinator appointed": (
        lambda h: identity.CoordinatorAppointed(person=h.officer),
        lambda h: {"coordinator-appointed": {h.officer}},
    ),
    "coordinator dismissed": (
        lambda h: identity.CoordinatorDismissed(person=h.officer),
        lambda h: {"coordinator-dismissed": {h.officer}},
    ),
    "notices found": (
        lambda h: matching.NoticesFound(
            person=h.officer,
            found=[matching.FoundFacts(notice="notices/1", title="A desk", search_title="Desks")],
        ),
        lambda h: {"notices-found": {h.officer}},
    ),
    "cohort opened": (
        lambda h: matching.CohortOpened(cohort="cohorts/1", title="Leadership Exchange"),
        lambda h: {"cohort-opened": {h.manager, h.colleague, h.other_manager}},
    ),
    "application made": (
        lambda h: matching.ApplicationMade(application=applied(h)),
        lambda h: {"application-made": {h.manager, h.colleague}},
    ),
    "application made by the manager": (
        lambda h: matching.ApplicationMade(application=applied(h), applied_by=h.manager),
        lambda h: {"application-made-for-you": {h.officer}},
    ),
    "application withdrawn after publication": (
        lambda h: matching.ApplicationWithdrawn(
            application=applied(h), partner=applied(h, at_host=True)
        ),
        lambda h: {
            "application-withdrawn": {h.manager, h.colleague},
            "partner-dropped-out": {h.host, h.other_manager},
        },
    ),
    "pair published": (
        lambda h: matching.PairPublished(one=applied(h), other=applied(h, at_host=True)),
        lambda h: {
            "pair-published": {h.officer, h.host},
            "pair-published-manager": {h.manager, h.colleague, h.other_manager},
        },
    ),
    "applicant left unpaired": (
        lambda h: matching.ApplicantLeftUnpaired(application=applied(h), why="QUOTA_FULL"),
        lambda h: {
            "applicant-left-unpaired": {h.officer},
            "left-unpaired-manager": {h.manager, h.colleague},
        },
    ),
    "membership requested": (
        lambda h: identity.MembershipRequested(person=h.officer, organisation=h.norfolk),
        lambda h: {"membership-requested": {h.manager, h.colleague}},
    ),
    "membership requested of an organisation without managers": (
        lambda h: identity.MembershipRequested(
            person=h.officer, organisation=f"organisations/{new_id()}"
        ),
        lambda h: {"membership-requested": {h.operator}},
    ),
    "person joined": (
        lambda h: identity.PersonJoined(person=h.officer, organisation=h.norfolk),
        lambda h: {"person-joined": {h.officer}},
    ),
    "person moved": (
        lambda h: identity.PersonEmployerChanged(
            person=h.officer, former_organisation=h.norfolk, organisation=h.suffolk
        ),
        lambda h: {"employer-changed": {h.officer}},
    ),
    "person invited": (lambda h: identity.PersonInvited(person=h.officer), lambda h: {}),
    "email confirmation": (
        lambda h: identity.EmailConfirmationRequested(person=h.officer),
        lambda h: {},
    ),
    "password reset": (lambda h: identity.PasswordResetRequested(person=h.officer), lambda h: {}),
    "registration repeated": (
        lambda h: identity.RegistrationRepeated(person=h.officer),
        lambda h: {"registration-repeated": {h.officer}},
    ),
    "account locked": (
        lambda h: identity.AccountLocked(person=h.officer),
        lambda h: {"account-locked": {h.officer}},
    ),
    "second factor on": (
        lambda h: identity.SecondFactorTurnedOn(person=h.officer),
        lambda h: {"second-factor-on": {h.officer}},
    ),
    "second factor off": (
        lambda h: identity.SecondFactorTurnedOff(person=h.officer),
        lambda h: {"second-factor-off": {h.officer}},
    ),
    "second factor reset": (
        lambda h: identity.SecondFactorReset(person=h.officer),
        lambda h: {"second-factor-reset": {h.officer}},
    ),
    "recovery code used": (
        lambda h: identity.RecoveryCodeUsed(person=h.officer, left=9),
        lambda h: {"recovery-code-used": {h.officer}},
    ),
    "identity linked": (
        lambda h: identity.IdentityLinked(person=h.officer, organisation=h.norfolk),
        lambda h: {"identity-linked": {h.officer}},
    ),
    "identity unlinked": (
        lambda h: identity.IdentityUnlinked(person=h.officer, organisation=h.norfolk),
        lambda h: {"identity-unlinked": {h.officer}},
    ),
    "session compromised": (
        lambda h: identity.SessionCompromised(person=h.officer),
        lambda h: {"session-compromised": {h.officer}},
    ),
    "person erased": (lambda h: identity.PersonErased(person=h.officer), lambda h: {}),
}


@pytest.mark.parametrize("case", CASES)
def test_who_is_told_of_what(house: House, case: str) -> None:
    event, told = CASES[case]

    house.hear(event(house))

    assert house.told() == told(house)


@pytest.mark.parametrize("case", CASES)
def test_no_text_names_anybody_and_each_is_about_something(house: House, case: str) -> None:
    event, told = CASES[case]

    house.hear(event(house))

    for person in set().union(*told(house).values()):
        for message in house.inbox(person):
            said = f"{message.subject}\n{message.body}"
            assert message.about and message.subject and message.body
            assert not [name for name in names(house) if name in said]
            assert "people/" not in said


def names(house: House) -> list[str]:
    return [name for each in house.register.contacts.values() for name in each.display_name.split()]


@pytest.mark.parametrize("case", CASES)
def test_each_message_has_one_mail_in_the_trace_of_its_event(house: House, case: str) -> None:
    event, told = CASES[case]

    house.hear(event(house))

    mails = [(each.template, each.person) for each in house.deliveries()]
    told_by_mail = [(kind, who) for kind, people in told(house).items() for who in people]
    private = [pair for pair in mails if pair not in told_by_mail]
    assert sorted(told_by_mail) == sorted(pair for pair in mails if pair not in private)
    assert {each.traceparent for each in house.deliveries()} <= {TRACE}
    assert {kind for kind, _ in private} <= {"invitation", "email-confirmation", "password-reset"}


@pytest.mark.parametrize(
    "kind", ["PersonInvited", "EmailConfirmationRequested", "PasswordResetRequested"]
)
def test_what_carries_a_secret_is_one_mail_and_no_message(house: House, kind: str) -> None:
    house.hear(getattr(identity, kind)(person=house.officer), times=3)

    assert house.delivery().is_urgent
    assert house.told() == {}


def test_every_event_that_concerns_people_is_heard() -> None:
    announced = [
        getattr(file, name)
        for file in (identity, opportunities, matching)
        for name in file.DESCRIPTOR.message_types_by_name
        if not name.endswith("Facts")
    ]

    unheard = {kind.__name__ for kind in announced if kind not in HANDLERS}

    # What one's own organisation's manager or operator did, and knows; what programs tell each other;
    # and what people hear of by the exchanges that a swap is made of.
    known = {"SuggestionDismissed"}
    skills = {"SkillAdded", "SkillRevised", "SkillRetired"}
    between_programs = {"ActTaken", "NoticesCopied", "PartnerRecordDue", "PartnerRecordErased"}
    by_exchanges = {"SwapBegun", "SwapCompleted"}
    assert unheard == known | skills | between_programs | by_exchanges
    assert all(subject_of(kind.DESCRIPTOR) for kind in HANDLERS)


def test_an_older_name_of_an_organisation_does_not_win(house: House) -> None:
    newer = organisations_pb2.Organisation(
        name=house.norfolk, display_name="Norfolk County Council", version=3
    )
    older = organisations_pb2.Organisation(name=house.norfolk, display_name="Old", version=2)
    house.hear(identity.OrganisationRevised(organisation=newer))
    house.hear(identity.OrganisationRevised(organisation=older))

    house.hear(identity.PersonJoined(person=house.officer, organisation=house.norfolk))

    assert "Norfolk County Council" in house.inbox(house.officer)[0].subject


def test_a_late_word_of_an_appointment_does_not_revive_it(house: House) -> None:
    names = {
        "manager": f"{house.suffolk}/managers/{new_id()}",
        "organisation": house.suffolk,
        "person": house.host,
    }
    house.hear(identity.ManagerSteppedDown(**names))
    house.hear(identity.ManagerAppointed(**names))
    house.forget_all()

    house.hear(identity.MembershipRequested(person=house.officer, organisation=house.suffolk))

    assert house.told() == {"membership-requested": {house.other_manager}}


def test_who_stepped_down_is_not_told_any_more(house: House) -> None:
    appointment = house.appoint(house.host, house.suffolk)
    house.hear(
        identity.ManagerSteppedDown(
            manager=appointment, organisation=house.suffolk, person=house.host
        )
    )
    house.forget_all()

    house.hear(identity.MembershipRequested(person=house.officer, organisation=house.suffolk))

    assert house.told() == {"membership-requested": {house.other_manager}}


def test_the_introduction_is_linked_not_told(house: House) -> None:
    facts = house.interest()

    house.hear(opportunities.InterestAccepted(interest=facts))

    (message,) = house.inbox(house.officer)
    assert message.about == f"{facts.interest}/introduction"


def test_a_title_on_two_lines_makes_a_subject_of_one(house: House) -> None:
    house.tell(house.manager, title="Housing\r\nBcc: all@council.example")

    (message,) = house.inbox(house.manager)
    assert message.subject == "Published: Housing Bcc: all@council.example"


def test_erasure_leaves_no_trace_and_what_comes_late_makes_none(house: House) -> None:
    erased = house.manager
    house.tell(erased)
    house.hear(identity.MembershipRequested(person=erased, organisation=house.norfolk))
    house.choose(erased, Preferences.DAILY_DIGEST)

    house.hear(identity.PersonErased(person=erased))
    house.hear(opportunities.InterestAccepted(interest=house.interest()))
    house.hear(
        identity.ManagerAppointed(
            manager=f"{house.norfolk}/managers/{new_id()}",
            organisation=house.norfolk,
            person=erased,
        )
    )
    house.hear(identity.OperatorAppointed(person=erased))

    with house.database.read() as session:
        for table in ("messages", "deliveries", "preferences", "managers", "operators", "erased"):
            rows = session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
            assert erased not in str(rows), table
    assert house.told()["interest-accepted"] == {house.officer, house.other_manager, house.host}
