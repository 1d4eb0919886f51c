"""What the domain's values are called on pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType

from web.api import Json
from web.languages import Words, gettext, lazy


class Labels(dict[str, Words]):
    """What the values of one field are called, for each its text: `Labels(WANTED="Wanted")`."""

    def __init__(self, **texts: str) -> None:
        super().__init__({value: lazy(text) for value, text in texts.items()})
        self.texts = tuple(texts.values())


def texts(module: ModuleType) -> Iterator[str]:
    """All that a module's labels say, for the catalogue, which can't see it in the code."""
    for each in vars(module).values():
        if isinstance(each, Labels):
            yield from each.texts


KINDS = Labels(
    WANTED="Wanted",
    NEEDED="Needed",
    OFFERED="Offered",
)
KIND_HINTS = Labels(
    WANTED="Someone wants a development opportunity",
    NEEDED="An organisation needs experience or expertise",
    OFFERED="An organisation offers a place, time or expertise",
)
FORMATS = Labels(
    SECONDMENT="Secondment",
    WORK_SHADOWING="Work shadowing",
    BUDDYING="Buddying",
    DISCUSSION_GROUP="Discussion group",
    PARTNER_SEARCH="Partner search",
    MENTORING="Mentoring",
    COACHING="Coaching",
    FACILITATION="Facilitation",
    SWAP="Swap",
    LEADERSHIP_EXCHANGE="Leadership exchange",
    STAFF_LOAN="Staff loan",
    SHARED_WORKSPACE="Shared workspace",
    TROUBLESHOOTING="Troubleshooting",
)
ATTENDANCES = Labels(
    IN_PERSON="In person",
    REMOTE="Remote",
    HYBRID="Partly remote",
)
VISIBILITIES = Labels(
    ORGANISATION="People of your organisation",
    REGION="Anyone in this region, visitors too",
    NETWORK="Anyone in this region and in partner regions",
)
GRADES = Labels(
    FRONT_LINE="Front line",
    OFFICER="Officer or practitioner",
    MIDDLE="Leads a team",
    SENIOR="Leads a service",
    EXECUTIVE="Leads an organisation or directorate",
    ELECTED_MEMBER="Elected Member or trustee",
)
VETTINGS = Labels(
    NOT_CHECKED="Not checked",
    BASIC="Basic",
    STANDARD="Standard",
    ENHANCED="Enhanced",
    ENHANCED_WITH_LISTS="Enhanced, with the barred lists",
)
VETTINGS_NEEDED = {name: text for name, text in VETTINGS.items() if name != "NOT_CHECKED"}
SECTORS = Labels(
    PUBLIC="Public sector",
    THIRD="Third sector",
    PRIVATE="Private sector",
)
ORGANISATION_KINDS = Labels(
    LOCAL_AUTHORITY="Council",
    THIRD_SECTOR="Charity, social enterprise or voluntary body",
    HEALTH="Health",
    POLICE="Police",
    FIRE="Fire and rescue",
    CENTRAL_GOVERNMENT="Central government",
    PARISH="Parish, town or community council",
    OTHER="Something else",
)
NOTICE_STATES = Labels(
    DRAFT="Draft",
    IN_REVIEW="In review",
    PUBLISHED="Published",
    CLOSED="Closed",
)
CLOSING_REASONS = Labels(
    FILLED="Filled",
    WITHDRAWN="Withdrawn",
    EXPIRED="Expired",
    REMOVED="Removed by the operator",
)
REPORT_REASONS = Labels(
    PERSONAL_DATA="Somebody is named in it or can be recognised",
    MISLEADING="It is not true, or not any more",
    OFFENSIVE="It insults or shuts somebody out",
    ADVERTISING="It sells something",
    OTHER="Something else",
)
REQUEST_STATES = Labels(
    OPEN="Waits for your manager",
    ANSWERED="A notice was drafted",
    DECLINED="Declined",
    WITHDRAWN="Taken back",
)
INTEREST_STATES = Labels(
    PROPOSED="Waits for endorsement",
    ENDORSED="Waits for an answer",
    ACCEPTED="Accepted",
    DECLINED="Declined",
    WITHDRAWN="Taken back",
)
EXCHANGE_STATES = Labels(
    PROPOSED="Terms are being settled",
    AGREED="Agreed",
    UNDER_WAY="Under way",
    COMPLETED="Completed",
    ENDED_EARLY="Ended early",
)
SWAP_STATES = Labels(
    PROPOSED="Waits for agreement",
    AGREED="Agreed",
    UNDER_WAY="Under way",
    COMPLETED="Completed",
    DEGRADED="Became a shorter swap",
    LAPSED="Came to nothing",
)
PAYERS = Labels(
    HOST="The host organisation",
    HOME="The visitor's own organisation",
    SHARED="Both share it",
    NOBODY="There is no cost",
)
EXCHANGE_ROLES = Labels(
    HOST_PERSON="Person at the host",
    VISITING_PERSON="Person who visits",
    HOST_MANAGER="Manager of the host organisation",
    VISITING_MANAGER="Manager of the visiting organisation",
)
PARTY_ROLES = Labels(
    BENEFICIARY="Person the notice is for",
    PARTICIPANT="Person who answered",
    NOTICE_MANAGER="Manager who posted the notice",
    INTERESTED_MANAGER="Manager who answered",
)
FREQUENCIES = Labels(
    INSTANT="At once",
    DAILY_DIGEST="Once a day, in one mail",
    WEEKLY_DIGEST="Once a week, in one mail",
    OFF="Never, except confirmations and passwords",
)
DELIVERY_STATES = Labels(
    QUEUED="Waits",
    SENT="Sent",
    FAILED="Given up",
    SKIPPED="Not wanted",
)
DEAD_LETTER_STATES = Labels(
    WAITING="Waits",
    REPLAYED="Handled again",
    DROPPED="Dropped",
)
PARTNER_STATES = Labels(
    PINNED="Has not answered yet",
    ACTIVE="We exchange",
    UNREACHABLE="Did not answer of late",
    STALE="No word for a day",
    THROTTLED="Sends too much",
    SUSPENDED="Suspended",
    FORKED="Told two histories",
    REMOVED="Removed",
)
HEALTH = Labels(
    **{
        "ready": "Well",
        "not ready": "Not ready",
        "away": "Does not answer",
    }
)
PROGRAMS = Labels(
    identity="Organisations, people and sign-in",
    opportunities="Notices, interests and exchanges",
    matching="Search and suggestions",
    notifications="Messages and mail",
    federation="Partner regions",
    valkey="Sessions and limits",
    gateway="The public API",
    web="These pages",
    cli="The operator’s command",
)
STANCES = Labels(
    HAS="Can do it",
    WANTS="Wants to learn it",
)
COLOURS = {
    "WANTED": "purple",
    "NEEDED": "orange",
    "OFFERED": "teal",
    "DRAFT": "grey",
    "CLOSED": "grey",
    "WITHDRAWN": "grey",
    "DECLINED": "red",
    "ENDED_EARLY": "red",
    "FAILED": "red",
    "ACCEPTED": "green",
    "COMPLETED": "green",
    "PUBLISHED": "green",
    "SENT": "green",
    "VERIFIED": "green",
    "ACTIVE": "green",
    "ready": "green",
    "away": "red",
    "not ready": "yellow",
    "FORKED": "red",
    "STALE": "orange",
    "UNREACHABLE": "orange",
    "THROTTLED": "orange",
    "SUSPENDED": "red",
    "REMOVED": "grey",
}
UNSPECIFIED = "UNSPECIFIED"


def label(value: str, words: Mapping[str, Words]) -> str:
    """A value in words; one that we do not know yet as it is; none as nothing."""
    if not value or value.endswith(UNSPECIFIED):
        return ""
    return str(words[value]) if value in words else value.replace("_", " ").capitalize()


def colour(value: str) -> str:
    return COLOURS.get(value, "blue")


def id_of(name: str) -> str:
    """The last part of a resource's name."""
    return name.rsplit("/", 1)[-1]


def choices(words: Mapping[str, Words]) -> list[tuple[str, Words]]:
    return list(words.items())


def answer_verb(kind: str) -> str:
    """What who reads a notice says to answer it: the verb tells which side they would be on."""
    if kind == "OFFERED":
        return gettext("I’d like this")
    return gettext("I can offer this")


def answer_verb_for(own: Json, other: Json) -> str:
    """The same, for who holds a notice of their own: what is wanted or needed is offered by the other one."""
    if other["kind"] == "OFFERED":
        return gettext("We’d like this")
    if own["kind"] == "NEEDED" and other["kind"] == "WANTED":
        return gettext("We can host this person")
    return gettext("We can offer this")
