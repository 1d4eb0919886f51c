"""What a notice can be: the numbers are those of the contract, the names those of the tables."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """Which way a notice goes."""

    WANTED = 1
    NEEDED = 2
    OFFERED = 3


class Format(IntEnum):
    """What sort of exchange it is about."""

    SECONDMENT = 1
    WORK_SHADOWING = 2
    BUDDYING = 3
    DISCUSSION_GROUP = 4
    PARTNER_SEARCH = 5
    MENTORING = 6
    COACHING = 7
    FACILITATION = 8
    SWAP = 9
    LEADERSHIP_EXCHANGE = 10
    STAFF_LOAN = 11
    SHARED_WORKSPACE = 12
    TROUBLESHOOTING = 13


class Visibility(IntEnum):
    """Who may see a published notice."""

    ORGANISATION = 1
    REGION = 2
    NETWORK = 3


class Attendance(IntEnum):
    """Where the work is done."""

    ATTENDANCE_UNSPECIFIED = 0
    IN_PERSON = 1
    REMOTE = 2
    HYBRID = 3


class State(IntEnum):
    """Where a notice is in its life."""

    DRAFT = 1
    IN_REVIEW = 2
    PUBLISHED = 3
    CLOSED = 4


class Closing(IntEnum):
    """Why a notice was closed."""

    CLOSING_REASON_UNSPECIFIED = 0
    FILLED = 1
    WITHDRAWN = 2
    EXPIRED = 3
    REMOVED = 4
