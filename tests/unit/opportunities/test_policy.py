"""Who may call what: the table of rules against the contract."""

from __future__ import annotations

import pytest

from chassis.auth import ANONYMOUS, Principal
from services.opportunities.policy import RULES

MEMBER = Principal(person="people/1", organisation="organisations/1")
MANAGER = Principal(
    person="people/2", organisation="organisations/1", manages=frozenset({"organisations/1"})
)
OPERATOR = Principal(person="people/3", roles=frozenset({"operator"}))
MATCHING = Principal(service="matching")
FEDERATION = Principal(service="federation")
EVERYBODY = {
    "visitor": ANONYMOUS,
    "member": MEMBER,
    "manager": MANAGER,
    "operator": OPERATOR,
    "matching": MATCHING,
    "federation": FEDERATION,
}


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        ("GetNotice", set(EVERYBODY)),
        ("ListNotices", set(EVERYBODY)),
        ("CreateNotice", {"manager", "operator"}),
        ("PublishNotice", {"manager", "operator"}),
        ("ReturnNotice", {"manager", "operator"}),
        ("CreateNoticeReport", set(EVERYBODY)),
        ("ListNoticeReports", {"operator"}),
        ("DismissNoticeReport", {"operator"}),
        ("CreateInterest", {"member", "manager", "operator"}),
        ("AcceptInterest", {"manager", "operator"}),
        ("CreateRequest", {"member", "manager", "operator"}),
        ("SignExchange", {"member", "manager", "operator"}),
        ("ProposeSwap", {"manager", "operator"}),
        ("ListSwaps", {"member", "manager", "operator", "matching"}),
        ("AgreeSwap", {"manager"}),
        ("BeginSwap", {"manager", "operator"}),
        ("GetFigures", set(EVERYBODY)),
        ("GetPartnerRecord", {"federation"}),
        ("TakePartnerRecord", {"federation"}),
        ("ForgetPartnerRecord", {"federation"}),
        ("ReplayDeadLetter", {"operator"}),
    ],
)
def test_who_may_call(method: str, allowed: set[str]) -> None:
    may = {name for name, who in EVERYBODY.items() if RULES[method](who)}

    assert may == allowed
