"""Who may call what, and who may do what with which thing."""

from __future__ import annotations

from chassis.auth import Principal
from chassis.policy import Rules, any_of, anyone, operator, service, signed_in

RULES: Rules = {
    # one's own inbox
    "ListMessages": signed_in,
    "GetMessage": signed_in,
    "MarkRead": signed_in,
    "MarkAllRead": signed_in,
    # one's own preferences
    "GetPreferences": signed_in,
    "UpdatePreferences": signed_in,
    "Unsubscribe": anyone,  # the token from a mail says who
    # mails
    "ListDeliveries": operator,
    "RetryDelivery": operator,
    # one's own record
    "ExportMessages": signed_in,  # operators, too
    # what could not be processed
    "ListDeadLetters": any_of(operator, service("cli")),
    "ReplayDeadLetter": any_of(operator, service("cli")),
    "DropDeadLetter": any_of(operator, service("cli")),
}


def is_person(who: Principal, person: str) -> bool:
    return bool(person) and who.person == person


def may_export(who: Principal, person: str) -> bool:
    return who.is_operator or is_person(who, person)
