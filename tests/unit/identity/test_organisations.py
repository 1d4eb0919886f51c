"""Organisations are registered by anybody, checked by operators, and change in the open."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from interchange.common.v1 import types_pb2 as types
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import organisations_pb2 as pb
from interchange.identity.v1 import regions_pb2

from chassis.auth import ANONYMOUS, Principal
from chassis.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.support.outbox import announced
from tests.unit.identity.house import House, nothing_announced

UNKNOWN = "organisations/0198f6c2-0000-7000-8000-00000000000a"
CHARITY = pb.Identifier(scheme="GB-CHC", id="1234567")


def get(house: House, name: str, who: Principal = ANONYMOUS) -> pb.Organisation:
    found: pb.Organisation = house.organisations.GetOrganisation(
        pb.GetOrganisationRequest(name=name), who
    )
    return found


def update(
    house: House, name: str, who: Principal, mask: list[str] | None = None, **fields: Any
) -> pb.Organisation:
    request = pb.UpdateOrganisationRequest(
        organisation=pb.Organisation(name=name, **fields), update_mask=FieldMask(paths=mask or [])
    )
    changed: pb.Organisation = house.organisations.UpdateOrganisation(request, who)
    return changed


def names(house: House, who: Principal = ANONYMOUS, **filters: Any) -> list[str]:
    """Display names of all pages, two at a time."""
    request, found = pb.ListOrganisationsRequest(page_size=2, **filters), []
    while True:
        page = house.organisations.ListOrganisations(request, who)
        found += [each.display_name for each in page.organisations]
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def test_anybody_registers_an_organisation_and_an_operator_verifies_it(house: House) -> None:
    name = house.organisation("Norfolk", verified=False, contact_email="role@norfolk.example")
    assert get(house, name).state == pb.Organisation.REGISTERED

    request = pb.VerifyOrganisationRequest(name=name, note="Companies House, by phone")
    verified = house.organisations.VerifyOrganisation(request, house.operator)

    assert verified.state == pb.Organisation.VERIFIED
    assert (verified.version, verified.etag) == (2, '"2"')
    assert verified.HasField("verify_time")
    assert house.actions() == ["signingKey.create", "operator.appoint", "organisation.verify"]


def test_events_carry_the_whole_public_state_and_its_version(house: House) -> None:
    place = types.Place(label="Norwich", latitude=52.61, longitude=1.31)
    name = house.organisation(
        "Norfolk",
        identifiers=[pb.Identifier(scheme="GB-LAE", id="NFK")],
        place=place,
        website="https://norfolk.example/",
        contact_email="role@norfolk.example",
    )
    update(house, name, house.operator, description="A county.")

    told = [
        announced(house.database, kind)[0].organisation
        for kind in (
            events.OrganisationRegistered,
            events.OrganisationVerified,
            events.OrganisationRevised,
        )
    ]
    assert [each.version for each in told] == [1, 2, 3]
    assert told[-1] == get(house, name)
    assert told[-1].place == place
    assert not any(each.contact_email for each in told)


def test_the_contact_address_is_for_its_managers_and_operators(house: House) -> None:
    name = house.organisation("Norfolk", contact_email="role@norfolk.example")
    manager = house.manager(name, "m@norfolk.example")
    stranger = house.manager(house.organisation("Suffolk"), "m@suffolk.example")

    seen = [get(house, name, who).contact_email for who in (house.operator, manager)]

    assert seen == ["role@norfolk.example"] * 2
    assert [get(house, name, who).contact_email for who in (ANONYMOUS, stranger)] == ["", ""]


def test_the_sector_follows_the_kind_until_somebody_says_another(house: House) -> None:
    name = house.organisation("Trust", kind=pb.Organisation.THIRD_SECTOR)
    assert get(house, name).sector == types.THIRD

    health = update(house, name, house.operator, kind=pb.Organisation.HEALTH)
    private = update(house, name, house.operator, sector=types.PRIVATE)
    still = update(house, name, house.operator, kind=pb.Organisation.OTHER)
    reset = update(house, name, house.operator, mask=["sector"])

    sectors = [each.sector for each in (health, private, still, reset)]
    assert sectors == [types.PUBLIC, types.PRIVATE, types.PRIVATE, types.PUBLIC]


def test_two_organisations_never_share_an_identifier(house: House) -> None:
    house.organisation("Trust", identifiers=[CHARITY])
    other = house.organisation("Copy")

    with pytest.raises(AlreadyExists, match="IDENTIFIER_TAKEN") as refusal:
        house.organisation("Twin", identifiers=[CHARITY])
    with pytest.raises(AlreadyExists, match="IDENTIFIER_TAKEN"):
        update(house, other, house.operator, identifiers=[CHARITY])

    assert refusal.value.violations[0].field == "organisation.identifiers"


def test_identifiers_are_compared_without_case(house: House) -> None:
    house.organisation("One", identifiers=[pb.Identifier(scheme="GB-COH", id="oc1")])

    with pytest.raises(AlreadyExists):
        house.organisation("Two", identifiers=[pb.Identifier(scheme="GB-COH", id="OC1 ")])


def test_an_identifier_that_was_given_up_is_free(house: House) -> None:
    name = house.organisation("Trust", identifiers=[CHARITY])
    update(house, name, house.operator, mask=["identifiers"])

    heir = house.organisation("Heir", identifiers=[CHARITY])

    assert get(house, heir).identifiers == [CHARITY]


def test_one_scheme_is_named_once(house: House) -> None:
    twice = [CHARITY, pb.Identifier(scheme="GB-CHC", id="7")]

    with pytest.raises(InvalidArgument, match="DUPLICATE_SCHEME"):
        house.organisation("Trust", identifiers=twice)


def test_who_an_organisation_belongs_to_is_there_and_not_itself(house: House) -> None:
    group, trust = house.organisation("A group"), house.organisation("A trust")

    update(house, trust, house.operator, parent=group)

    (event,) = announced(house.database, events.OrganisationRevised)
    assert event.organisation.parent == get(house, trust).parent == group
    for name, parent in ((group, trust), (group, group)):
        with pytest.raises(InvalidArgument, match="PARENT_IN_CIRCLE"):
            update(house, name, house.operator, parent=parent)
    with pytest.raises(InvalidArgument, match="NO_SUCH_ORGANISATION"):
        update(house, group, house.operator, parent=UNKNOWN)
    assert not update(house, trust, house.operator, ["parent"]).parent


def test_only_its_managers_and_operators_change_it(house: House) -> None:
    name = house.organisation("Norfolk")
    manager = house.manager(name, "m@norfolk.example")
    stranger = house.manager(house.organisation("Suffolk"), "m@suffolk.example")

    changed = update(house, name, manager, description="A county.")

    assert changed.description == "A county."
    with pytest.raises(PermissionDenied, match="MAY_NOT_EDIT"):
        update(house, name, stranger, description="Ours")


def test_who_read_an_older_version_changes_nothing(house: House) -> None:
    name = house.organisation("Norfolk")
    read = get(house, name)
    update(house, name, house.operator, description="A county.")

    with pytest.raises(Aborted, match="STALE_ETAG"):
        update(house, name, house.operator, description="Mine", etag=read.etag)
    with pytest.raises(Aborted, match="STALE_ETAG"):
        request = pb.VerifyOrganisationRequest(name=name, etag=read.etag)
        house.organisations.VerifyOrganisation(request, house.operator)


def test_a_change_to_the_same_is_no_news(house: House) -> None:
    name = house.organisation("Norfolk")

    with nothing_announced(house.database):
        same = update(house, name, house.operator, display_name="Norfolk")

    assert same.version == 2


def test_a_field_that_is_not_for_callers_is_refused(house: House) -> None:
    name = house.organisation("Norfolk")

    with pytest.raises(InvalidArgument, match="UNKNOWN_FIELD"):
        update(house, name, house.operator, mask=["state"])


def test_verifying_twice_is_refused(house: House) -> None:
    name = house.organisation("Norfolk")

    with pytest.raises(FailedPrecondition, match="ALREADY_VERIFIED"):
        house.organisations.VerifyOrganisation(
            pb.VerifyOrganisationRequest(name=name), house.operator
        )


def test_what_does_not_exist_is_not_found(house: House) -> None:
    with pytest.raises(NotFound, match="NO_SUCH_ORGANISATION"):
        get(house, "organisations/00000000-0000-7000-8000-000000000000")


def test_the_listing_goes_by_name_in_pages(house: House) -> None:
    for name in ("suffolk", "Essex", "Émile Trust", "Norfolk", "Bedford"):
        house.organisation(name)

    assert names(house) == ["Bedford", "Émile Trust", "Essex", "Norfolk", "suffolk"]


def test_visitors_see_verified_organisations_whatever_they_ask(house: House) -> None:
    member = house.member(house.organisation("Norfolk"), "m@norfolk.example")
    house.organisation("Waiting", verified=False)
    waiting = pb.Organisation.REGISTERED

    assert names(house) == names(house, state=waiting) == ["Norfolk"]
    assert names(house, member) == ["Norfolk", "Waiting"]
    assert names(house, member, state=waiting) == ["Waiting"]


def test_the_listing_is_filtered(house: House) -> None:
    house.organisation("Open Latch 100%", kind=pb.Organisation.THIRD_SECTOR)
    house.organisation("Café Latchford", kind=pb.Organisation.OTHER, sector=types.PRIVATE)
    house.organisation("Norfolk")

    assert names(house, query="LATCH") == ["Café Latchford", "Open Latch 100%"]
    assert names(house, query="cafe") == ["Café Latchford"]
    assert names(house, query="0%") == ["Open Latch 100%"]
    assert names(house, query="%") == ["Open Latch 100%"]
    assert names(house, kind=pb.Organisation.LOCAL_AUTHORITY) == ["Norfolk"]
    assert names(house, sector=types.THIRD) == ["Open Latch 100%"]


def test_the_longest_names_in_any_letters_can_be_paged_through(house: House) -> None:
    for number in range(3):
        house.organisation("🏛️" * 99 + str(number))

    assert len(names(house)) == 3


def test_a_page_token_of_another_listing_is_refused(house: House) -> None:
    for number in range(3):
        house.organisation(f"Council {number}")
    request = pb.ListOrganisationsRequest(page_size=1)
    token = house.organisations.ListOrganisations(request).next_page_token

    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        other = pb.ListOrganisationsRequest(page_size=1, page_token=token, query="council")
        house.organisations.ListOrganisations(other)


def test_the_region_says_what_its_operator_says(house: House) -> None:
    current = regions_pb2.GetRegionRequest(name="regions/current")
    before = house.regions.GetRegion(current)
    assert (before.name, before.display_name) == ("regions/east-of-england", "East")

    region = regions_pb2.Region(
        name="regions/current", operator_display_name="Improvement East", etag=before.etag
    )
    house.regions.UpdateRegion(regions_pb2.UpdateRegionRequest(region=region), house.operator)

    after = house.regions.GetRegion(current)
    assert (after.display_name, after.operator_display_name) == ("East", "Improvement East")
    assert house.actions()[-1] == "region.update"
    with pytest.raises(Aborted, match="STALE_ETAG"):
        house.regions.UpdateRegion(regions_pb2.UpdateRegionRequest(region=region), house.operator)


def test_another_region_is_not_here(house: House) -> None:
    with pytest.raises(NotFound, match="NO_SUCH_REGION"):
        house.regions.GetRegion(regions_pb2.GetRegionRequest(name="regions/wales"))
