"""What happens here when identity announces something: each event twice, for that may happen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from google.protobuf.message import Message
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1 import organisations_pb2
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import interests_pb2, notices_pb2

from services.opportunities.listeners import HANDLERS
from services.opportunities.organisations.directory import take
from tests.support.outbox import announced
from tests.support.register import a_manager
from tests.unit.opportunities.conftest import CONSENT, VISITOR, Place


def hear(place: Place, event: Message) -> None:
    """The same event twice, each in a transaction of its own."""
    for _ in range(2):
        with place.database.begin() as session:
            HANDLERS[type(event)](session, event)


def test_a_newer_organisation_wins_and_an_older_one_does_not(place: Place) -> None:
    notice = place.publish()
    newer = organisations_pb2.Organisation()
    newer.CopyFrom(place.register.organisations[place.norfolk])
    newer.display_name, newer.version = "Norfolk County Council", 3
    older = organisations_pb2.Organisation()
    older.CopyFrom(newer)
    older.display_name, older.version = "Norfolk of old", 2

    hear(place, identity.OrganisationRevised(organisation=newer))
    hear(place, identity.OrganisationRevised(organisation=older))

    seen = place.get(VISITOR, notice.name)
    assert seen.organisation_display_name == "Norfolk County Council"


def test_two_may_learn_of_an_organisation_at_the_same_moment(place: Place) -> None:
    announcement = place.register.organisations[place.register.enter("Essex")]

    def learn(_: int) -> None:
        with place.database.begin() as session:
            take(session, announcement)

    with ThreadPoolExecutor(4) as workers:
        answers = list(workers.map(learn, range(4)))

    assert answers == [None] * 4


def test_a_successor_answers_for_what_was_open(place: Place) -> None:
    notice = place.publish()
    successor = place.register.employ(place.norfolk, "Next One")
    leaving = place.norfolk_manager.person

    hear(
        place,
        identity.ManagerSteppedDown(
            organisation=place.norfolk, person=leaving, successor=successor
        ),
    )

    seen = place.get(a_manager(successor, place.norfolk), notice.name)
    assert seen.manager == successor
    assert len(announced(place.database, events.NoticeReassigned)) == 1


def test_who_is_appointed_adopts_what_nobody_answers_for(place: Place) -> None:
    notice = place.publish()
    hear(
        place,
        identity.ManagerSteppedDown(
            organisation=place.norfolk, person=place.norfolk_manager.person
        ),
    )
    successor = place.register.employ(place.norfolk, "Next One")

    hear(place, identity.ManagerAppointed(organisation=place.norfolk, person=successor))

    assert place.get(a_manager(successor, place.norfolk), notice.name).manager == successor


def test_a_change_of_employer_ends_what_was_open_and_keeps_the_record(place: Place) -> None:
    notice = place.publish()
    interest = place.propose(notice, participant=place.host.person, consent=CONSENT)

    hear(
        place,
        identity.PersonEmployerChanged(
            person=place.host.person,
            former_organisation=place.suffolk,
            organisation=place.norfolk,
        ),
    )

    get = interests_pb2.GetInterestRequest(name=interest.name)
    seen = place.ask(place.suffolk_manager, place.interests.GetInterest, get)
    assert seen.state == interests_pb2.Interest.WITHDRAWN


def test_a_draft_for_somebody_who_is_erased_keeps_no_word_of_them(place: Place) -> None:
    name = "Priya Lartersworth"
    draft = place.draft(beneficiary=place.officer.person, body=f"{name} would like to see it.")

    hear(place, identity.PersonErased(person=place.officer.person))

    seen = place.get(place.norfolk_manager, draft.name)
    assert name not in str(seen)
    assert name not in str(announced(place.database, events.NoticeClosed))


def test_erasure_leaves_no_trace_of_the_person(place: Place) -> None:
    place.request()
    place.introduce()
    person = place.officer.person

    hear(place, identity.PersonErased(person=person))

    with place.database.read() as session:
        tables = ("requests", "notices", "interests", "exchanges", "signatories", "feedback")
        for table in tables:
            rows = session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
            assert person not in str(rows), table
    notices = place.ask(VISITOR, place.notices.ListNotices, notices_pb2.ListNoticesRequest())
    assert person not in str(notices)
