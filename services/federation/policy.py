"""Who may call what. All of it is the operator's business; what partners may do is decided at the door."""

from __future__ import annotations

from chassis.policy import Rules, any_of, operator, service

operators = any_of(operator, service("cli"))

RULES: Rules = {
    # other regions
    "CreatePartner": operators,
    "GetPartner": operators,
    "ListPartners": any_of(operators, service("opportunities", "matching")),
    "UpdatePartner": operators,
    "SuspendPartner": operators,
    "ResumePartner": operators,
    "RemovePartner": operators,
    "CheckPartner": operators,
    "ListSetAsideEntries": operators,
    "RetrySetAsideEntry": operators,
    "DropSetAsideEntry": operators,
    "ListForks": operators,
    "ListErasures": operators,
    # this region among others
    "GetRegionIdentity": operators,
    "CreateRegionKey": service("cli"),
    "PublishRegionDocument": service("cli"),
    "StartEpoch": operators,
    "SetChannelPolicy": operators,
    # other regions' requests, as the gateway hands them on
    "AnswerPartner": service("gateway"),
    # what could not be processed
    "ListDeadLetters": operators,
    "ReplayDeadLetter": operators,
    "DropDeadLetter": operators,
}
