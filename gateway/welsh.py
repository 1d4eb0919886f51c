"""Problems in Welsh: a title for each kind, sentences for what people meet, and the contract's rules by their names.

The services say what happened in English and by a reason; readers of `Accept-Language: cy` are told by the
reason. What has no Welsh here stays as it was said.
"""

from __future__ import annotations

import re

import grpc

from chassis.errors import Error, FieldViolation

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
Code = grpc.StatusCode

TITLES: dict[grpc.StatusCode, str] = {
    Code.INVALID_ARGUMENT: "Nid yw’r cais yn gywir",
    Code.UNAUTHENTICATED: "Mae angen mewngofnodi",
    Code.PERMISSION_DENIED: "Ni chaniateir hyn",
    Code.NOT_FOUND: "Heb ei ganfod",
    Code.FAILED_PRECONDITION: "Ni ellir gwneud hyn eto",
    Code.ALREADY_EXISTS: "Mae’n bod eisoes",
    Code.ABORTED: "Newidiodd rhywbeth yn y cyfamser",
    Code.RESOURCE_EXHAUSTED: "Gormod o geisiadau",
    Code.UNAVAILABLE: "Nid yw’r gwasanaeth ar gael",
    Code.DEADLINE_EXCEEDED: "Cymerodd yr ateb ormod o amser",
    Code.UNIMPLEMENTED: "Nid yw hyn ar gael yma",
    Code.INTERNAL: "Aeth rhywbeth o’i le",
}

SENTENCES = {
    "ACCOUNT_LOCKED": "bu gormod o gynigion: arhoswch bymtheg munud, neu gofynnwch i’r gweithredwr",
    "ALREADY_PROPOSED": "mae gennych ddiddordeb agored yn yr hysbysiad hwn eisoes",
    "BAD_CHALLENGE": "cymerodd hyn ormod o amser, neu ormod o gynigion: mewngofnodwch eto",
    "BAD_CREDENTIALS": (
        "mae’r e-bost neu’r cyfrinair yn anghywir, neu nid yw cyfeiriad cyfrif newydd wedi’i gadarnhau eto: "
        "dilynwch y ddolen yn ein neges"
    ),
    "BAD_EXPIRE_TIME": "rhaid iddo fod yn hwyrach na nawr, ac o fewn blwyddyn",
    "BAD_PASSWORD": "rhaid cael {0} i {1} nod",
    "BAD_SIGN_IN": "cwblhawyd y mewngofnodi hwn eisoes, neu cymerodd ormod o amser: dechreuwch eto",
    "BAD_TOKEN": "defnyddiwyd y ddolen hon, neu mae’n rhy hen: gofynnwch am un arall",
    "CHECK_IS_SEEN": "rheolwr sy’n dweud pa wiriad y mae wedi’i weld",
    "COMMON_PASSWORD": "mae’n rhy hawdd ei ddyfalu: dewiswch dri gair ar hap",
    "CONSENT_MISSING": "nid yw pawb wedi cytuno i gael eu cyflwyno eto",
    "EMAIL_NOT_CONFIRMED": "cadarnhewch eich cyfeiriad yn gyntaf: dilynwch y ddolen yn ein neges",
    "EMAIL_TAKEN": "mae gan rywun yn y rhanbarth hwn y cyfeiriad hwn",
    "END_BEFORE_START": "rhaid iddo beidio â bod cyn y dechrau",
    "IDENTITY_TAKEN": "mae’r mewngofnodi hwn wedi’i gysylltu â chyfrif eisoes",
    "INTERNAL": "aeth rhywbeth o’i le ar ein hochr ni",
    "MAY_NOT_EDIT": "nid eich un chi yw hwn i’w newid",
    "MAY_NOT_SEE": "nid eich un chi yw hwn i’w weld",
    "NOTICE_CLOSED": "mae’r hysbysiad wedi cau",
    "NOT_ITS_MANAGER": "nid ydych yn rheolwr ar y sefydliad hwn",
    "NOT_PUBLISHED": "nid yw’r hysbysiad wedi’i gyhoeddi",
    "NOT_YOURS": "i’r person ei hun y mae hyn",
    "NO_PLACE_LEFT": "nid oes lle ar ôl: mae’r cyfan wedi’u rhoi",
    "NO_ORGANISATION": "nid ydych yn aelod o sefydliad eto",
    "ONLY_WAY_IN": "hebddo ni allech fewngofnodi: gofynnwch am gyfrinair yn gyntaf",
    "ORGANISATION_NOT_VERIFIED": "rhaid i weithredwr y rhanbarth wirio’r sefydliad yn gyntaf",
    "OWN_NOTICE": "hysbysiad eich sefydliad eich hun yw hwn",
    "REFRESH_TOKEN_REUSED": "defnyddiwyd y tocyn hwn o’r blaen: mewngofnodwch eto i fod yn ddiogel",
    "SECOND_FACTOR_NEEDED": "mae angen cod o’ch ap dilysu hefyd",
    "SECOND_FACTOR_REQUIRED": "mae’r rhanbarth yn gofyn i reolwyr a gweithredwyr gael ail gam",
    "SIGN_IN_FIRST": "mewngofnodwch i wneud hyn",
    "STALE_ETAG": "newidiodd rhywun hyn yn y cyfamser: edrychwch arno eto",
    "STARTING": "mae’r rhanbarth newydd ddechrau; rhowch gynnig arall arni ymhen ychydig",
    "TERMS_INCOMPLETE": "rhaid llenwi’r holl delerau cyn llofnodi",
    "TOKEN_REVOKED": "daeth y sesiwn hon i ben: mewngofnodwch eto",
    "TOO_MANY_REQUESTS": "gormod o geisiadau: rhowch gynnig arall arni ymhen {0} eiliad",
    "TOO_MANY_TRIES": "gormod o gynigion: arhoswch, yna rhowch gynnig arall arni",
    "UNAVAILABLE": "nid yw rhan o’r gwasanaeth yn ateb; rhowch gynnig arall arni ymhen ychydig",
    "UNKNOWN_FIELD": "nid oes maes o’r fath",
    "UNKNOWN_PATH": "nid oes dim yn y llwybr hwn: gweler /docs",
    "WRONG_CODE": "nid hwn yw’r cod y mae eich ap yn ei ddangos nawr, neu fe’i defnyddiwyd o’r blaen",
    "WRONG_PASSWORD": "nid hwn yw eich cyfrinair presennol",
    "WRONG_TYPE": "nid yw o’r math cywir",
}

# The contract's rules, after protovalidate's names; numbers are those of the English sentence.
RULES = {
    "required": "rhaid ei roi",
    "string.min_len": "rhaid cael o leiaf {0} nod",
    "string.max_len": "rhaid cael {0} nod ar y mwyaf",
    "string.len": "rhaid cael {0} nod yn union",
    "string.email": "rhaid iddo fod yn gyfeiriad e-bost, fel enw@cyngor.example",
    "string.uri": "rhaid iddo fod yn gyfeiriad gwe, fel https://cyngor.example/tudalen",
    "string.uuid": "rhaid iddo fod yn UUID mewn llythrennau bach gyda chysylltnodau",
    "enum.defined_only": "rhaid iddo fod yn un o’r gwerthoedd yn y contract",
    "enum.not_in": "rhaid ei roi",
    "repeated.min_items": "rhaid cael o leiaf {0} cofnod",
    "repeated.max_items": "rhaid cael {0} cofnod ar y mwyaf",
    "repeated.unique": "rhaid peidio ag enwi dim ddwywaith",
    "gt": "rhaid iddo fod yn fwy na {0}",
    "gte": "rhaid iddo fod yn {0} neu fwy",
    "lt": "rhaid iddo fod yn llai na {0}",
    "lte": "rhaid iddo fod yn {0} neu lai",
    "gte_lte": "rhaid iddo fod o {0} i {1}",
    "finite": "rhaid iddo fod yn rhif",
}
EMPTY = {"must not be empty": "rhaid peidio â’i adael yn wag"}
FIELDS_NOT_RIGHT = "INVALID_FIELDS"


def title(error: Error) -> str:
    return TITLES.get(error.code, TITLES[Code.INTERNAL])


def sentence(error: Error) -> str:
    """What happened, or empty when there is no Welsh for it."""
    if error.reason == FIELDS_NOT_RIGHT:
        named = list(dict.fromkeys(each.field for each in error.violations if each.field))
        return "nid yw’r meysydd hyn yn gywir: " + ", ".join(named) if named else ""
    return _filled(SENTENCES.get(error.reason, ""), error.message)


def field(violation: FieldViolation) -> str:
    """What would be right; as it was said when there is no Welsh for it."""
    said, rule = violation.description, violation.reason
    known = EMPTY.get(said) or RULES.get(rule) or RULES.get(rule.partition(".")[2])
    return _filled(known or SENTENCES.get(rule, ""), said) or said


def _filled(template: str, said: str) -> str:
    """With the numbers of the English sentence; empty when it has fewer than are wanted."""
    numbers = NUMBER.findall(said)
    try:
        return template.format(*numbers)
    except IndexError:
        return ""
