"""A small region on paper: keys, a document, entries of its log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.federation.protocol.document import KeyInfo, RegionDocument, SealingInfo
from services.federation.protocol.entry import GENESIS, Entry, Op, Protected, seal_entry
from services.federation.protocol.keys import RootKey, SigningKey
from services.federation.protocol.payloads import NOTICE_SCHEMA, NOTICE_TYPE, NoticePayload

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
SUBJECT = "0198f6c2-0000-7000-8000-000000000001"
ROOT = RootKey(bytes(range(32)))
KEY = SigningKey("scotland-1", bytes(range(1, 33)))
OTHER_KEY = SigningKey("scotland-2", bytes(range(2, 34)))


def key_info(key: SigningKey, *, days: int = 90) -> KeyInfo:
    return KeyInfo(key.kid, key.public, AT - timedelta(days=1), AT + timedelta(days=days))


def a_document(**changes: object) -> RegionDocument:
    values: dict[str, object] = {
        "region": "scotland",
        "display_name": "Scotland",
        "url": "https://scotland.example.org",
        "version": 1,
        "root_public": ROOT.public,
        "keys": (key_info(KEY),),
        "sealing": (SealingInfo("seal-1", bytes(32)),),
        "majors": {"interchange.notice": (1,)},
        "limits": {"entryBytes": 65_536},
    }
    return RegionDocument(**{**values, **changes})  # type: ignore[arg-type]


def said(**changes: object) -> Protected:
    values: dict[str, object] = {
        "origin": "scotland",
        "channel": "national",
        "epoch": 1,
        "seq": 1,
        "prev": GENESIS,
        "op": Op.PUT,
        "type": NOTICE_TYPE,
        "subject": SUBJECT,
        "time": AT,
        "dataschema": NOTICE_SCHEMA,
    }
    return Protected(**{**values, **changes})  # type: ignore[arg-type]


def an_entry(
    payload: bytes | None = b'{"notice":{}}', *, key: SigningKey = KEY, **changes: object
) -> Entry:
    return seal_entry(said(**changes), payload, key)


def a_notice(**changes: object) -> NoticePayload:
    notice: dict[str, object] = {
        "id": SUBJECT,
        "version": 3,
        "kind": "OFFERED",
        "format": "WORK_SHADOWING",
        "title": "Shadow a housing options team",
        "body": "Two days with us.\n\nBring questions.",
        "themes": ["housing"],
        "skills": ["housing-options"],
        "gradeBands": ["OFFICER", "MIDDLE"],
        "attendance": "HYBRID",
        "startDate": "2027-01-10",
        "endDate": "2027-02-10",
        "daysPerWeek": 2.5,
        "closeTime": AT + timedelta(days=60),
        "publishTime": AT,
        "updateTime": AT,
        "place": {"label": "Stirling", "latitude": 56.12, "longitude": -3.94},
        "conditions": {
            "skillLevels": {"housing-options": 4},
            "vettingNeeded": "ENHANCED",
            "vettingHeld": "",
            "places": 2,
            "placesTaken": 1,
            "newPartnersOnly": True,
        },
    }
    organisation = {
        "id": "0198f6c2-0000-7000-8000-000000000002",
        "displayName": "Stirling Council",
        "sector": "PUBLIC",
    }
    return {"notice": {**notice, **changes}, "organisation": organisation}  # type: ignore[typeddict-item]
