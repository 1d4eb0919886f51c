"""Who may call what."""

from __future__ import annotations

import pytest
from interchange.notifications.v1 import notifications_pb2 as pb

from chassis.auth import ANONYMOUS, Principal
from services.notifications.deliveries.models import State
from services.notifications.policy import RULES
from services.notifications.preferences.models import Frequency

EVERYBODY = {
    "visitor": ANONYMOUS,
    "member": Principal(person="people/1", organisation="organisations/1"),
    "operator": Principal(person="people/3", roles=frozenset({"operator"})),
    "matching": Principal(service="matching"),
    "cli": Principal(service="cli"),
}
PEOPLE = {"member", "operator"}


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        ("ListMessages", PEOPLE),
        ("GetMessage", PEOPLE),
        ("MarkRead", PEOPLE),
        ("MarkAllRead", PEOPLE),
        ("GetPreferences", PEOPLE),
        ("UpdatePreferences", PEOPLE),
        ("Unsubscribe", set(EVERYBODY)),
        ("ListDeliveries", {"operator"}),
        ("RetryDelivery", {"operator"}),
        ("ExportMessages", PEOPLE),
        ("ReplayDeadLetter", {"operator", "cli"}),
    ],
)
def test_who_may_call(method: str, allowed: set[str]) -> None:
    assert {name for name, who in EVERYBODY.items() if RULES[method](who)} == allowed


def test_every_method_has_a_rule() -> None:
    service = pb.DESCRIPTOR.services_by_name["NotificationService"]

    assert {method.name for method in service.methods} <= set(RULES)


def test_our_numbers_are_those_of_the_contract() -> None:
    assert {each.name: each.value for each in State} == {
        name: number for name, number in pb.Delivery.State.items() if number
    }
    assert {each.name: each.value for each in Frequency} == {
        name: number for name, number in pb.Preferences.Frequency.items() if number
    }
