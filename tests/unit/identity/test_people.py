"""People register, are added, approved, moved, exported and erased; nobody learns more than they may."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from interchange.common.v1 import types_pb2 as types
from interchange.identity.v1 import audit_pb2, sessions_pb2
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import organisations_pb2 as organisations_pb
from interchange.identity.v1 import people_pb2 as pb
from sqlalchemy import String, cast, or_, select

from chassis.auth import ANONYMOUS, Principal
from chassis.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from services.identity.columns import Base
from tests.support.outbox import announced
from tests.unit.identity.house import (
    NOTIFICATIONS,
    OPPORTUNITIES,
    PASSWORD,
    House,
    a_person,
    nothing_announced,
)

NOBODY = "people/00000000-0000-7000-8000-000000000000"
ASHA = "asha@norfolk.example"


def create(house: House, message: pb.Person, who: Principal = ANONYMOUS) -> pb.Person:
    made: pb.Person = house.people.CreatePerson(pb.CreatePersonRequest(person=message), who)
    return made


def update(
    house: House, name: str, who: Principal, mask: list[str] | None = None, **fields: Any
) -> pb.Person:
    request = pb.UpdatePersonRequest(
        person=pb.Person(name=name, **fields), update_mask=FieldMask(paths=mask or [])
    )
    changed: pb.Person = house.people.UpdatePerson(request, who)
    return changed


def change_employer(
    house: House, name: str, organisation: str, who: Principal, **fields: Any
) -> pb.Person:
    request = pb.ChangeEmployerRequest(name=name, organisation=organisation, **fields)
    moved: pb.Person = house.people.ChangeEmployer(request, who)
    return moved


def listed(house: House, who: Principal, **filters: Any) -> list[str]:
    request = pb.ListPeopleRequest(**filters)
    return [each.name for each in house.people.ListPeople(request, who).people]


def erase(house: House, name: str, who: Principal, etag: str = "") -> None:
    house.people.DeletePerson(pb.DeletePersonRequest(name=name, etag=etag), who)


def export(house: House, name: str, who: Principal) -> pb.PersonExport:
    made: pb.PersonExport = house.people.ExportPerson(pb.ExportPersonRequest(name=name), who)
    return made


def test_who_registers_confirms_their_address_and_is_approved(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")

    registered = house.registered(norfolk, "Asha@Norfolk.example")
    assert (registered.state, registered.email) == (pb.Person.PENDING, ASHA)
    assert not registered.password
    assert announced(house.database, events.MembershipRequested) == []
    house.confirm(registered.name)
    approved = house.approve(registered.name, manager)

    assert approved.state == pb.Person.ACTIVE
    assert [each.organisation for each in approved.employments] == [norfolk]
    asked = events.MembershipRequested(person=registered.name, organisation=norfolk)
    assert announced(house.database, events.MembershipRequested) == [asked]
    confirmed = announced(house.database, events.EmailConfirmationRequested)
    assert [each.person for each in confirmed] == [registered.name]
    joined = events.PersonJoined(person=registered.name, organisation=norfolk)
    assert announced(house.database, events.PersonJoined)[-1] == joined
    assert house.principal(ASHA).organisation == norfolk


def test_who_waits_for_approval_sees_their_record_and_belongs_nowhere(house: House) -> None:
    registered = house.registered(house.organisation(), ASHA)
    house.confirm(registered.name)

    waiting = house.principal(ASHA)

    assert waiting.organisation == ""
    assert house.get_person(registered.name, waiting).state == pb.Person.PENDING


def test_registering_an_address_twice_reads_the_same_and_tells_its_owner(house: House) -> None:
    norfolk = house.organisation()
    first = house.registered(norfolk, ASHA)

    second = house.registered(norfolk, "ASHA@norfolk.example")

    for each in (first, second):
        each.ClearField("create_time")
    assert second.name != first.name
    second.name = first.name
    assert second == first
    repeated = announced(house.database, events.RegistrationRepeated)
    assert [each.person for each in repeated] == [first.name]
    assert listed(house, house.operator, state=pb.Person.PENDING) == [first.name]


def test_the_second_registration_changes_nothing(house: House) -> None:
    norfolk = house.organisation()
    first = house.registered(norfolk, ASHA)
    create(house, a_person(norfolk, ASHA, password="another-long-password"))
    house.confirm(first.name)

    with pytest.raises(Unauthenticated, match="BAD_CREDENTIALS"):
        house.sign_in(ASHA, "another-long-password")
    assert house.sign_in(ASHA).person == first.name


def test_an_address_is_registered_only_so_often(house: House) -> None:
    norfolk = house.organisation()
    for _ in range(5):
        house.registered(norfolk, ASHA)

    with pytest.raises(ResourceExhausted, match="TOO_MANY_TRIES"):
        house.registered(norfolk, ASHA)


@pytest.mark.parametrize("password", ["", "short", "Password123!", ASHA, "qwertyuiop"])
def test_a_password_that_is_too_easy_is_refused(house: House, password: str) -> None:
    message = a_person(house.organisation(), ASHA, password=password)

    with pytest.raises(InvalidArgument) as refusal:
        create(house, message)

    assert refusal.value.violations[0].field == "person.password"


def test_who_registers_names_an_organisation_of_this_region(house: House) -> None:
    nowhere = "organisations/00000000-0000-7000-8000-000000000000"

    with pytest.raises(InvalidArgument, match="NO_SUCH_ORGANISATION"):
        house.registered(nowhere, ASHA)


def test_a_manager_adds_a_member_who_is_invited(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")

    added = create(house, a_person(norfolk, ASHA), manager)

    assert added.state == pb.Person.ACTIVE
    assert announced(house.database, events.PersonInvited)[-1].person == added.name
    assert announced(house.database, events.PersonJoined)[-1].person == added.name
    assert house.actions()[-1] == "manager.appoint"


def test_what_an_operator_adds_is_recorded(house: House) -> None:
    house.invited(house.organisation(), ASHA)

    assert house.actions()[-1] == "person.create"


def test_a_manager_chooses_no_password_for_others(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")

    with pytest.raises(InvalidArgument, match="PASSWORD_IS_THEIRS"):
        create(house, a_person(norfolk, ASHA, password=PASSWORD), manager)


def test_a_manager_adds_to_their_own_organisation_only(house: House) -> None:
    manager = house.manager(house.organisation("Norfolk"), "m@norfolk.example")

    with pytest.raises(PermissionDenied, match="NOT_ITS_MANAGER"):
        create(house, a_person(house.organisation("Suffolk"), ASHA), manager)


def test_who_adds_a_known_address_is_told(house: House) -> None:
    norfolk = house.organisation()
    house.invited(norfolk, ASHA)

    with pytest.raises(AlreadyExists, match="EMAIL_TAKEN"):
        house.invited(norfolk, "Asha@norfolk.example")


def test_an_operator_of_no_organisation_approves_too(house: House) -> None:
    registered = house.registered(house.organisation(), ASHA)

    approved = house.approve(registered.name, house.operator)

    assert approved.state == pb.Person.ACTIVE
    assert house.actions()[-1] == "person.approve"
    with pytest.raises(FailedPrecondition, match="NOTHING_TO_APPROVE"):
        house.approve(registered.name, house.operator)


def test_denied_and_not_there_read_the_same(house: House) -> None:
    norfolk = house.organisation()
    asha = house.invited(norfolk, ASHA)
    colleague = house.member(norfolk, "ben@norfolk.example")
    elsewhere = house.manager(house.organisation("Suffolk"), "m@suffolk.example")
    suffolk = elsewhere.organisation

    for who in (colleague, elsewhere):
        for name in (asha.name, NOBODY):
            for ask in (
                lambda n=name, w=who: house.get_person(n, w),
                lambda n=name, w=who: update(house, n, w, job_title="Mine"),
                lambda n=name, w=who: erase(house, n, w),
                lambda n=name, w=who: export(house, n, w),
                lambda n=name, w=who: house.approve(n, w),
            ):
                with pytest.raises(NotFound) as refusal:
                    ask()
                assert refusal.value.message == f"{name} does not exist, or you may not see them"
        with pytest.raises(NotFound):
            change_employer(house, NOBODY, suffolk, who)
    with pytest.raises(NotFound):
        change_employer(house, asha.name, suffolk, colleague)


def test_a_person_is_seen_by_themself_their_managers_and_operators(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")
    asha = house.member(norfolk, ASHA, job_title="Officer")

    seen = [house.get_person(asha.person, who) for who in (asha, manager, house.operator)]

    assert [each.job_title for each in seen] == ["Officer"] * 3


def test_managers_list_their_own_people_and_operators_all(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    manager = house.manager(norfolk, "m@norfolk.example")
    asha = house.registered(norfolk, ASHA).name
    ben = house.invited(suffolk, "ben@suffolk.example").name
    operator = house.operator

    assert listed(house, manager) == [asha, manager.person]
    assert listed(house, manager, organisation=norfolk) == [asha, manager.person]
    assert listed(house, manager, state=pb.Person.PENDING) == [asha]
    assert listed(house, operator) == [ben, asha, manager.person, operator.person]
    assert listed(house, operator, organisation=suffolk) == [ben]
    with pytest.raises(PermissionDenied, match="NOT_ITS_MANAGER"):
        listed(house, manager, organisation=suffolk)


def test_the_list_of_people_comes_in_pages_whose_tokens_say_nothing_of_them(house: House) -> None:
    norfolk = house.organisation()
    names = [house.invited(norfolk, f"p{n}@norfolk.example").name for n in range(5)]
    request, found = pb.ListPeopleRequest(page_size=2, organisation=norfolk), []

    while True:
        page = house.people.ListPeople(request, house.operator)
        found += [each.name for each in page.people]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
        assert len(page.next_page_token) < 100

    assert found == names[::-1]


def test_a_person_changes_their_own_record(house: House) -> None:
    asha = house.member(house.organisation(), ASHA)
    skills = [
        pb.PersonSkill(skill="housing-options", level=4, stance=pb.PersonSkill.HAS),
        pb.PersonSkill(skill="data-analysis", level=2, stance=pb.PersonSkill.WANTS),
    ]

    changed = update(
        house,
        asha.person,
        asha,
        display_name="Asha Coe",
        job_title="Team leader",
        grade_band=types.MIDDLE,
        commissioner=True,
        language="cy",
        skills=skills,
    )

    assert changed == house.get_person(asha.person, asha)
    assert list(changed.skills) == skills
    assert (changed.grade_band, changed.language) == (types.MIDDLE, "cy")
    assert changed.employments[0].job_title == "Team leader"
    assert update(house, asha.person, asha, mask=["skills"]).skills == []


def test_which_check_somebody_has_their_manager_says(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    manager, asha = house.manager(norfolk, "m@norfolk.example"), house.member(norfolk, ASHA)
    mask = ["vetting_held"]
    with pytest.raises(PermissionDenied, match="CHECK_IS_SEEN"):
        update(house, asha.person, asha, mask, vetting_held=types.ENHANCED)
    with pytest.raises(PermissionDenied, match="CHECK_IS_SEEN"):
        create(house, a_person(suffolk, "new@suffolk.example", vetting_held=types.BASIC))

    noted = update(house, asha.person, manager, mask, vetting_held=types.ENHANCED)
    same = update(house, asha.person, asha, mask, vetting_held=types.ENHANCED)
    moved = change_employer(house, asha.person, suffolk, house.operator)

    assert (noted.vetting_held, same.etag) == (types.ENHANCED, noted.etag)
    assert moved.vetting_held == types.VETTING_UNSPECIFIED


def test_a_stale_change_is_refused(house: House) -> None:
    asha = house.member(house.organisation(), ASHA)
    read = house.get_person(asha.person)
    update(house, asha.person, asha, job_title="Team leader")

    with pytest.raises(Aborted, match="STALE_ETAG"):
        update(house, asha.person, asha, job_title="Head", etag=read.etag)
    with pytest.raises(Aborted, match="STALE_ETAG"):
        erase(house, asha.person, asha, etag=read.etag)


def test_what_other_calls_change_is_refused_here(house: House) -> None:
    asha = house.member(house.organisation(), ASHA)
    other = house.organisation("Suffolk")

    with pytest.raises(InvalidArgument, match="changeEmployer"):
        update(house, asha.person, asha, organisation=other)
    with pytest.raises(InvalidArgument, match="changePassword"):
        update(house, asha.person, asha, password=PASSWORD)


def test_a_new_address_is_confirmed_before_the_next_sign_in(house: House) -> None:
    asha = house.member(house.organisation(), ASHA)

    changed = update(house, asha.person, asha, email="Asha.Coe@norfolk.example")

    assert not changed.HasField("email_confirm_time")
    asked = announced(house.database, events.EmailConfirmationRequested)
    assert [each.person for each in asked] == [asha.person]
    with pytest.raises(FailedPrecondition, match="EMAIL_NOT_CONFIRMED"):
        house.sign_in("asha.coe@norfolk.example")
    house.confirm(asha.person)
    assert house.sign_in("asha.coe@norfolk.example").person == asha.person


def test_nobody_takes_somebody_elses_address(house: House) -> None:
    norfolk = house.organisation()
    asha = house.member(norfolk, ASHA)
    house.invited(norfolk, "ben@norfolk.example")

    with pytest.raises(AlreadyExists, match="EMAIL_TAKEN"):
        update(house, asha.person, asha, email="Ben@norfolk.example")


def test_a_manager_cannot_take_an_account_over_through_its_address(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")
    elsewhere = house.manager(house.organisation("Suffolk"), "m@suffolk.example")
    asha = house.member(norfolk, ASHA)

    with pytest.raises(PermissionDenied, match="EMAIL_IS_THEIRS"):
        update(house, asha.person, manager, email="mine@norfolk.example")
    with pytest.raises(PermissionDenied, match="EMAIL_IS_THEIRS"):
        change_employer(
            house, asha.person, elsewhere.organisation, elsewhere, email="mine@suffolk.example"
        )


def test_a_manager_mends_the_address_of_who_was_not_reached(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")
    wrong = house.invited(norfolk, "asah@norfolk.example")
    old = house.mail_token(wrong.name, sessions_pb2.ACCEPT_INVITATION)

    update(house, wrong.name, manager, email=ASHA)

    assert announced(house.database, events.PersonInvited)[-1].person == wrong.name
    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.reset(old)


def test_what_operators_change_in_others_is_recorded(house: House) -> None:
    asha = house.member(house.organisation(), ASHA)
    before = house.actions()

    update(house, asha.person, asha, job_title="Officer")
    update(house, house.operator.person, house.operator, job_title="Operator")
    update(house, asha.person, house.operator, job_title="Officer")
    assert house.actions() == before
    update(house, asha.person, house.operator, job_title="Team leader")

    assert house.actions() == [*before, "person.update"]


def test_a_person_asks_to_move_and_the_new_manager_approves(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    old, new = (house.manager(each, f"{n}@a.example") for n, each in enumerate((norfolk, suffolk)))
    asha = house.member(norfolk, ASHA, job_title="Officer")

    asked = change_employer(
        house, asha.person, suffolk, asha, job_title="Lead", email="asha@suffolk.example"
    )
    assert (asked.organisation, asked.requested_organisation) == (norfolk, suffolk)
    request = events.MembershipRequested(person=asha.person, organisation=suffolk)
    assert announced(house.database, events.MembershipRequested) == [request]
    assert asha.person in listed(house, new, organisation=suffolk)
    with pytest.raises(PermissionDenied, match="MAY_NOT_EDIT"):
        house.approve(asha.person, old)
    moved = house.approve(asha.person, new)

    assert (moved.organisation, moved.requested_organisation) == (suffolk, "")
    assert (moved.job_title, moved.email) == ("Lead", "asha@suffolk.example")
    assert [(e.organisation, e.job_title) for e in moved.employments] == [
        (norfolk, "Officer"),
        (suffolk, "Lead"),
    ]
    assert moved.employments[0].end_time == moved.employments[1].start_time
    change = events.PersonEmployerChanged(
        person=asha.person, former_organisation=norfolk, organisation=suffolk
    )
    assert announced(house.database, events.PersonEmployerChanged) == [change]
    with pytest.raises(NotFound):
        house.get_person(asha.person, old)


@pytest.mark.parametrize("by", ["operator", "new manager"])
def test_operators_and_new_managers_move_a_person_at_once(house: House, by: str) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    new = house.manager(suffolk, "m@suffolk.example")
    asha = house.member(norfolk, ASHA)

    moved = change_employer(
        house, asha.person, suffolk, house.operator if by == "operator" else new
    )

    assert moved.organisation == suffolk
    assert house.actions()[-1] == "person.changeEmployer"
    assert house.get_person(asha.person, new).email == ASHA


def test_who_moves_manages_the_old_organisation_no_more(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    heir = house.manager(norfolk, "heir@norfolk.example")
    house.manager(norfolk, ASHA)
    session = house.sign_in(ASHA)
    asha = house.verifier.verify(session.access_token)

    change_employer(house, asha.person, suffolk, house.operator)

    told = announced(house.database, events.ManagerSteppedDown)
    assert [(each.person, each.successor) for each in told] == [(asha.person, heir.person)]
    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.verifier.verify(session.access_token)
    renewed = house.verifier.verify(house.refresh(session.refresh_token).access_token)
    assert (renewed.organisation, renewed.manages) == (suffolk, frozenset())


def test_who_moves_without_office_stays_signed_in(house: House) -> None:
    suffolk = house.organisation("Suffolk")
    asha = house.member(house.organisation("Norfolk"), ASHA)
    session = house.sign_in(ASHA)

    change_employer(house, asha.person, suffolk, house.operator)

    assert house.verifier.verify(session.access_token).person == asha.person
    renewed = house.verifier.verify(house.refresh(session.refresh_token).access_token)
    assert renewed.organisation == suffolk


def test_who_waits_for_approval_may_wait_elsewhere(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    registered = house.registered(norfolk, ASHA)
    house.confirm(registered.name)

    asked = change_employer(house, registered.name, suffolk, house.principal(ASHA))
    approved = house.approve(registered.name, house.operator)

    assert (asked.organisation, asked.state) == (suffolk, pb.Person.PENDING)
    assert [each.organisation for each in approved.employments] == [suffolk]
    assert announced(house.database, events.PersonEmployerChanged) == []


def test_an_operator_without_organisation_joins_one(house: House) -> None:
    norfolk = house.organisation()

    joined = change_employer(house, house.operator.person, norfolk, house.operator)

    assert joined.organisation == norfolk
    assert announced(house.database, events.PersonJoined)[-1].person == joined.name


def test_nobody_moves_to_where_they_are_or_to_nowhere(house: House) -> None:
    norfolk = house.organisation()
    asha = house.member(norfolk, ASHA)

    with pytest.raises(FailedPrecondition, match="SAME_EMPLOYER"):
        change_employer(house, asha.person, norfolk, house.operator)
    with pytest.raises(InvalidArgument, match="NO_SUCH_ORGANISATION"):
        change_employer(house, asha.person, NOBODY.replace("people", "organisations"), asha)


def test_an_export_holds_all_that_identity_knows(house: House) -> None:
    norfolk = house.organisation()
    house.manager(norfolk, ASHA)
    asha = house.principal(ASHA)
    managers = house.organisations.ListManagers(organisations_pb.ListManagersRequest()).managers

    held = export(house, asha.person, asha)

    assert held.person == house.get_person(asha.person)
    assert held.manager_appointments == [managers[0].name]
    assert len(held.sessions) == 3
    assert [each.action for each in held.audit_entries] == ["person.create", "person.export"]
    with pytest.raises(PermissionDenied, match="MAY_NOT_EDIT"):
        export(house, asha.person, house.manager(norfolk, "m@norfolk.example"))


def test_an_erased_person_is_nowhere_but_as_an_id_in_the_audit_log(house: House) -> None:
    norfolk = house.organisation()
    heir = house.manager(norfolk, "heir@norfolk.example")
    house.manager(norfolk, ASHA)
    session = house.sign_in(ASHA)
    asha = house.verifier.verify(session.access_token)
    house.mail_token(asha.person, sessions_pb2.RESET_PASSWORD)
    with pytest.raises(Unauthenticated):
        house.sign_in(ASHA, "the wrong password")

    erase(house, asha.person, asha)

    assert announced(house.database, events.PersonErased)[-1].person == asha.person
    assert announced(house.database, events.ManagerSteppedDown)[-1].successor == heir.person
    with pytest.raises(NotFound):
        house.get_person(asha.person)
    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.verifier.verify(session.access_token)
    with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
        house.refresh(session.refresh_token)
    identifier = asha.person.partition("/")[2]
    assert tables_with(house, ASHA, identifier, identifier.replace("-", "")) == {"audit_entries"}
    verdict = house.audit.VerifyAuditLog(audit_pb2.VerifyAuditLogRequest(), house.operator)
    assert verdict.intact


def tables_with(house: House, *texts: str) -> set[str]:
    """The tables in which some column holds one of these texts."""
    with house.database.read() as session:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            if session.execute(
                select(table).where(
                    or_(
                        *(
                            cast(column, String).contains(text)
                            for column in table.columns
                            for text in texts
                        )
                    )
                )
            ).first()
        }


def test_an_erased_address_is_free_again(house: House) -> None:
    norfolk = house.organisation()
    first = house.member(norfolk, ASHA)
    erase(house, first.person, house.operator)

    again = house.registered(norfolk, ASHA)

    assert house.actions()[-1] == "person.erase"
    assert listed(house, house.operator, state=pb.Person.PENDING) == [again.name]


def test_a_manager_erases_nobody(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "m@norfolk.example")
    asha = house.member(norfolk, ASHA)

    with nothing_announced(house.database), pytest.raises(PermissionDenied):
        erase(house, asha.person, manager)


def test_programs_learn_how_to_reach_people(house: House) -> None:
    norfolk = house.organisation("Norfolk")
    asha = house.member(norfolk, ASHA, display_name="Asha Coe", language="cy", job_title="Officer")
    waiting = house.registered(norfolk, "w@norfolk.example")
    wanted = [asha.person, waiting.name, NOBODY, "nonsense", "people/nonsense"]

    request = pb.BatchGetContactsRequest(people=wanted)
    found = {e.person: e for e in house.people.BatchGetContacts(request, OPPORTUNITIES).contacts}

    assert found[asha.person] == pb.Contact(
        person=asha.person,
        display_name="Asha Coe",
        email=ASHA,
        job_title="Officer",
        organisation=norfolk,
        organisation_display_name="Norfolk",
        language="cy",
        email_confirmed=True,
    )
    assert (found[waiting.name].organisation, found[waiting.name].email_confirmed) == ("", False)
    assert len(found) == 2
    assert house.people.BatchGetContacts(request, NOTIFICATIONS).contacts


def test_erasure_takes_an_own_address_out_of_the_organisations_record(house: House) -> None:
    email = "asha@norfolk.example"
    norfolk = house.organisation(contact_email="Asha@norfolk.example")
    person = house.invited(norfolk, email)

    house.people.DeletePerson(pb.DeletePersonRequest(name=person.name), house.operator)

    get = organisations_pb.GetOrganisationRequest(name=norfolk)
    assert house.organisations.GetOrganisation(get, house.operator).contact_email == ""


def test_names_in_texts_are_found_and_not_said(house: House) -> None:
    norfolk = house.organisation()
    house.member(norfolk, ASHA, display_name="Siân Coe-Parry")
    texts = [
        "Ask for (SIAN  COE-PARRY), please.",
        "Siân Coe-Parry\u2019s team",
        "Sian Parry would like to see it",
        "A colleague would like to see it",
        "",
    ]

    found = house.people.FindNames(pb.FindNamesRequest(texts=texts), OPPORTUNITIES)

    assert list(found.named) == [True, True, False, False, False]


def test_an_operator_makes_a_member_a_coordinator_and_ends_it(house: House) -> None:
    norfolk = house.organisation()
    asha = house.member(norfolk, ASHA)
    request = pb.AppointCoordinatorRequest(name=asha.person)

    made = house.people.AppointCoordinator(request, house.operator)

    assert made.coordinator
    assert house.principal(ASHA).is_coordinator
    assert listed(house, house.operator, coordinator=True) == [asha.person]
    with pytest.raises(AlreadyExists, match="already"):
        house.people.AppointCoordinator(request, house.operator)

    house.people.DismissCoordinator(pb.DismissCoordinatorRequest(name=asha.person), house.operator)

    assert not house.principal(ASHA).is_coordinator
    assert announced(house.database, events.CoordinatorAppointed)[0].person == asha.person
    assert announced(house.database, events.CoordinatorDismissed)[0].person == asha.person


def test_who_is_no_member_yet_coordinates_nothing(house: House) -> None:
    waiting = house.registered(house.organisation(), ASHA)

    with nothing_announced(house.database), pytest.raises(FailedPrecondition, match="member"):
        house.people.AppointCoordinator(
            pb.AppointCoordinatorRequest(name=waiting.name), house.operator
        )
