"""What entries carry, by allow-list: what is not listed is dropped, what is listed is cleaned and within its limits."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import TypedDict

import orjson
from interchange.common.v1 import types_pb2 as common
from interchange.opportunities.v1 import notices_pb2 as notices

from services.federation.protocol import shapes
from services.federation.protocol.encoding import b64, read_object, to_text

NOTICE_TYPE = "interchange.notice.v1"
NOTICE_SCHEMA = "interchange/notice/1.1"
RECORD_TYPE = "interchange.record.v1"
RECORD_SCHEMA = "interchange/record/1.0"
RECEIPT_TYPE = "interchange.receipt.v1"
RECEIPT_SCHEMA = "interchange/receipt/1.0"
EPOCH_TYPE = "interchange.epoch.v1"
EPOCH_SCHEMA = "interchange/epoch/1.0"

# Without it the hash of an erased payload could be guessed from what a notice may say.
SALT_BYTES = 16
MAX_TITLE, MAX_BODY, MAX_NAME = 120, 5000, 200
MAX_SKILLS, MAX_LEVEL, MAX_PLACES = 20, 5, 1000

# Controls but tab and line feed; what turns, hides or joins text unseen (bidirectional marks,
# zero-width space and joiner-like formats, tags); surrogates and noncharacters. Joiners that
# scripts and emoji need (U+200C, U+200D) stay.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029|\x85")
KINDS, FORMATS = frozenset(notices.Kind.keys()), frozenset(notices.Format.keys())
GRADE_BANDS = frozenset(common.GradeBand.keys())
ATTENDANCES = frozenset({"", *notices.Attendance.keys()})
VETTINGS = frozenset({"", *common.Vetting.keys()})
SECTORS = frozenset({"", *common.Sector.keys()})
SKILL = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadPayload(Exception):
    """A well-signed payload that this region can't take over: which field, and a stable code."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{reason}: {field}")
        self.field = field
        self.reason = reason


class PlaceFields(TypedDict):
    """Where a notice is."""

    label: str
    latitude: float
    longitude: float


class ConditionFields(TypedDict):
    """What must be so before anybody is matched with a notice; levels by skill, checks by their names."""

    skillLevels: dict[str, int]
    vettingNeeded: str
    vettingHeld: str
    places: int
    placesTaken: int
    newPartnersOnly: bool


class NoticeFields(TypedDict):
    """A notice as regions tell each other of it; enumerations by their names in the protos, "" where not set."""

    id: str
    version: int
    kind: str
    format: str
    title: str
    body: str
    themes: list[str]
    skills: list[str]
    gradeBands: list[str]
    attendance: str
    startDate: str
    endDate: str
    daysPerWeek: float
    closeTime: datetime | None
    publishTime: datetime | None
    updateTime: datetime | None
    place: PlaceFields | None
    conditions: ConditionFields | None


class OrganisationFields(TypedDict):
    """The organisation that a notice is posted for."""

    id: str
    displayName: str
    sector: str


class NoticePayload(TypedDict):
    """All that a `put` of a notice says."""

    notice: NoticeFields
    organisation: OrganisationFields


class SealedRecord(TypedDict):
    """A record sealed to one region, and the sealing key that it opens with."""

    kid: str
    sealed: bytes


class Receipt(TypedDict):
    """Which erasure was carried out."""

    channel: str
    epoch: int
    seq: int
    subject: str


def write_notice(payload: NoticePayload) -> bytes:
    """The payload of a notice. BadPayload where no partner would take it over."""
    content = _json({**payload, "salt": _salt()})
    read_notice(content)
    return content


def read_notice(payload: bytes) -> NoticePayload:
    """What a notice's payload says, cleaned; BadPayload names the first field that can't be taken over."""
    content = _content(payload)
    return {
        "notice": _notice(_part(content, "notice")),
        "organisation": _organisation(_part(content, "organisation")),
    }


def write_record(record: SealedRecord) -> bytes:
    """The payload of a bilateral record."""
    return _json({"kid": record["kid"], "sealed": b64(record["sealed"])})


def read_record(payload: bytes) -> SealedRecord:
    """The sealed record in a payload; BadPayload where there is none."""
    content = _content(payload)
    try:
        kid = shapes.matching(content, "kid", shapes.KID)
        return {"kid": kid, "sealed": shapes.octets(content, "sealed")}
    except ValueError as problem:
        raise BadPayload("sealed", "NOT_SEALED") from problem


def write_receipt(receipt: Receipt) -> bytes:
    """The payload of a receipt."""
    return _json({"salt": _salt(), "receipt": receipt})


def read_receipt(payload: bytes) -> Receipt:
    """The receipt in a payload; BadPayload where there is none."""
    content = _part(_content(payload), "receipt")
    try:
        return {
            "channel": shapes.matching(content, "channel", shapes.CHANNEL),
            "epoch": shapes.whole(content, "epoch", least=1),
            "seq": shapes.whole(content, "seq", least=1),
            "subject": shapes.matching(content, "subject", shapes.UUID_TEXT),
        }
    except ValueError as problem:
        raise BadPayload("receipt", "WRONG_SHAPE") from problem


def _notice(source: shapes.Source) -> NoticeFields:
    return {
        "id": _uuid(source, "notice.id"),
        "version": _version(source),
        "kind": _name(source, "notice.kind", KINDS),
        "format": _name(source, "notice.format", FORMATS),
        "title": _line(source, "notice.title", least=3, limit=MAX_TITLE),
        "body": _body(source),
        "themes": _lines(source, "notice.themes", limit=10, length=50),
        "skills": _skills(source),
        "gradeBands": _names(source, "notice.gradeBands", GRADE_BANDS),
        "attendance": _name(source, "notice.attendance", ATTENDANCES),
        "startDate": _day(source, "notice.startDate"),
        "endDate": _day(source, "notice.endDate"),
        "daysPerWeek": _number(source, "notice.daysPerWeek", 0, 7),
        "closeTime": _moment(source, "notice.closeTime"),
        "publishTime": _moment(source, "notice.publishTime"),
        "updateTime": _moment(source, "notice.updateTime"),
        "place": _place(source),
        "conditions": _conditions(source),
    }


def _organisation(source: shapes.Source) -> OrganisationFields:
    return {
        "id": _uuid(source, "organisation.id"),
        "displayName": _line(source, "organisation.displayName", least=1, limit=MAX_NAME),
        "sector": _name(source, "organisation.sector", SECTORS),
    }


def _content(payload: bytes) -> shapes.Source:
    try:
        return read_object(payload)
    except ValueError as problem:
        raise BadPayload("", "NOT_JSON") from problem


def _part(content: shapes.Source, name: str) -> shapes.Source:
    value = content.get(name)
    if type(value) is not dict:
        raise BadPayload(name, "MISSING")
    return value


def _value(source: shapes.Source, path: str) -> object:
    return source.get(_last(path))


@cache  # the paths are those in this file
def _last(path: str) -> str:
    return path.rpartition(".")[2]


def clean(text: str) -> str:
    """The text without what people can't see; line ends are line feeds."""
    if text.replace("\n", "").isprintable():  # as nearly all are, at a tenth of the cost
        return text
    return UNSEEN.sub("", LINE_ENDS.sub("\n", text))


def _text(value: object, path: str, limit: int) -> str:
    if type(value) is not str:
        raise BadPayload(path, "NOT_TEXT")
    if len(value) > 2 * limit:  # before anything is done with it
        raise BadPayload(path, "TOO_LONG")
    return clean(value).strip()


def _line(source: shapes.Source, path: str, *, least: int, limit: int) -> str:
    return _checked(_flat(_value(source, path), path, limit), path, least, limit)


def _flat(value: object, path: str, limit: int) -> str:
    if type(value) is str and _is_flat(value, limit):
        return value
    return " ".join(_text(value, path, limit).split())


def _is_flat(value: str, limit: int) -> bool:
    """Whether cleaning would change nothing, as for nearly all: of blanks only the space is printable."""
    return (
        len(value) <= limit
        and value.isprintable()
        and "  " not in value
        and not value.startswith(" ")
        and not value.endswith(" ")
    )


def _body(source: shapes.Source) -> str:
    return _checked(_text(source.get("body"), "notice.body", MAX_BODY), "notice.body", 1, MAX_BODY)


def _checked(text: str, path: str, least: int, limit: int) -> str:
    if len(text) > limit:
        raise BadPayload(path, "TOO_LONG")
    if len(text) < least:
        raise BadPayload(path, "TOO_SHORT")
    return text


def _list(source: shapes.Source, path: str, limit: int) -> list[object]:
    value = _value(source, path)
    if value is None:
        return []
    if type(value) is not list:
        raise BadPayload(path, "NOT_A_LIST")
    if len(value) > limit:
        raise BadPayload(path, "TOO_MANY")
    return value


def _lines(source: shapes.Source, path: str, *, limit: int, length: int) -> list[str]:
    found = (_flat(each, path, length) for each in _list(source, path, limit))
    return list(dict.fromkeys(_checked(each, path, 1, length) for each in found))


def _skills(source: shapes.Source) -> list[str]:
    found = _lines(source, "notice.skills", limit=MAX_SKILLS, length=100)
    if not all(SKILL.fullmatch(each) for each in found):
        raise BadPayload("notice.skills", "NOT_AN_ID")
    return found


def _name(source: shapes.Source, path: str, known: Collection[str]) -> str:
    value = _value(source, path)
    return _known("" if value is None else value, path, known)


def _names(source: shapes.Source, path: str, known: Collection[str]) -> list[str]:
    found = _list(source, path, len(known))
    return list(dict.fromkeys(_known(each, path, known) for each in found))


def _known(value: object, path: str, known: Collection[str]) -> str:
    """One of the names in the protos; a newer one than this program knows is held, not guessed at."""
    if type(value) is not str or value not in known or value.endswith("_UNSPECIFIED"):
        raise BadPayload(path, "UNKNOWN_NAME")
    return value


def _uuid(source: shapes.Source, path: str) -> str:
    value = _value(source, path)
    if type(value) is not str or not shapes.UUID_TEXT.fullmatch(value):
        raise BadPayload(path, "NOT_A_UUID")
    return value


def _version(source: shapes.Source) -> int:
    value = source.get("version")
    if type(value) is not int or not 1 <= value < 2**31:
        raise BadPayload("notice.version", "OUT_OF_RANGE")
    return value


def _day(source: shapes.Source, path: str) -> str:
    value = _value(source, path)
    if value in (None, ""):
        return ""
    try:
        if type(value) is str and DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise BadPayload(path, "NOT_A_DAY")


def _number(source: shapes.Source, path: str, least: float, most: float) -> float:
    value = _value(source, path)
    if value is None:
        return 0.0
    if type(value) not in (int, float):
        raise BadPayload(path, "NOT_A_NUMBER")
    number = float(str(value))
    if not least <= number <= most:
        raise BadPayload(path, "OUT_OF_RANGE")
    return number


def _moment(source: shapes.Source, path: str) -> datetime | None:
    name = _last(path)
    if source.get(name) is None:
        return None
    try:
        return shapes.moment(source, name)
    except ValueError as problem:
        raise BadPayload(path, "NOT_A_MOMENT") from problem


def _place(source: shapes.Source) -> PlaceFields | None:
    value = source.get("place")
    if value is None:
        return None
    if type(value) is not dict:
        raise BadPayload("notice.place", "NOT_AN_OBJECT")
    return {
        "label": _line(value, "notice.place.label", least=0, limit=100),
        "latitude": _number(value, "notice.place.latitude", -90, 90),
        "longitude": _number(value, "notice.place.longitude", -180, 180),
    }


def _conditions(source: shapes.Source) -> ConditionFields | None:
    value = source.get("conditions")
    if value is None:
        return None
    if type(value) is not dict:
        raise BadPayload("notice.conditions", "NOT_AN_OBJECT")
    return {
        "skillLevels": _levels(value),
        "vettingNeeded": _name(value, "notice.conditions.vettingNeeded", VETTINGS),
        "vettingHeld": _name(value, "notice.conditions.vettingHeld", VETTINGS),
        "places": _whole(value, "notice.conditions.places", 0, MAX_PLACES),
        "placesTaken": _whole(value, "notice.conditions.placesTaken", 0, 2**31 - 1),
        "newPartnersOnly": value.get("newPartnersOnly") is True,
    }


def _levels(source: shapes.Source) -> dict[str, int]:
    path = "notice.conditions.skillLevels"
    value = source.get("skillLevels")
    if value is None:
        return {}
    if type(value) is not dict:
        raise BadPayload(path, "NOT_AN_OBJECT")
    if len(value) > MAX_SKILLS:
        raise BadPayload(path, "TOO_MANY")
    if not all(SKILL.fullmatch(skill) for skill in value):
        raise BadPayload(path, "NOT_AN_ID")
    return {skill: _checked_whole(level, path, 1, MAX_LEVEL) for skill, level in value.items()}


def _whole(source: shapes.Source, path: str, least: int, most: int) -> int:
    value = _value(source, path)
    return 0 if value is None else _checked_whole(value, path, least, most)


def _checked_whole(value: object, path: str, least: int, most: int) -> int:
    if type(value) is not int:
        raise BadPayload(path, "NOT_A_NUMBER")
    if not least <= value <= most:
        raise BadPayload(path, "OUT_OF_RANGE")
    return value


def _salt() -> str:
    return b64(secrets.token_bytes(SALT_BYTES))


def _json(content: object) -> bytes:
    return orjson.dumps(content, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _default(value: object) -> str:
    if isinstance(value, datetime):
        return to_text(value)
    raise TypeError(f"{type(value).__name__} has no place in a payload")
