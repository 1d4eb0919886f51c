"""A partner's notice as this region knows it: local names, our enums, and whether our policy admits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.common.v1.types_pb2 import Place, SkillLevel
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.foreign import foreign_name
from services.federation.protocol.payloads import ConditionFields, NoticePayload, PlaceFields


@dataclass(frozen=True, slots=True)
class Admission:
    """Which notices of a partner we take over; an empty set of kinds or formats admits all of them."""

    kinds: frozenset[int] = frozenset()
    formats: frozenset[int] = frozenset()
    refused_organisations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> Self:
        """What was agreed with the partner, as it is kept."""
        return cls(
            frozenset(policy.get("kinds", ())),
            frozenset(policy.get("formats", ())),
            frozenset(policy.get("refused_organisations", ())),
        )

    def objection(self, foreign: Foreign) -> str:
        """Why a notice is not admitted, in words; empty when it is."""
        notice, organisation = foreign.notice, foreign.origin_organisation
        if self.kinds and notice.kind not in self.kinds:
            return "its kind is not admitted"
        if self.formats and notice.format not in self.formats:
            return "its format is not admitted"
        # By its name in its own region, or by that name's last part.
        if {organisation, organisation.partition("/")[2]} & self.refused_organisations:
            return "its organisation is not admitted"
        return ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A notice with the names that both regions have for it."""

    notice: pb.Notice
    origin_notice: str
    origin_organisation: str


def understand(origin: str, content: NoticePayload) -> Foreign:
    """From a payload that `protocol.payloads` has read and cleaned."""
    fields, organisation = content["notice"], content["organisation"]
    origin_notice = f"notices/{fields['id']}"
    origin_organisation = f"organisations/{organisation['id']}"
    enums: Any = {  # by name, which the library takes and its types don't know
        "kind": fields["kind"],
        "format": fields["format"],
        "grade_bands": fields["gradeBands"],
        "attendance": fields["attendance"] or pb.ATTENDANCE_UNSPECIFIED,
        "sector": organisation["sector"] or 0,
    }
    notice = pb.Notice(
        name=foreign_name(origin, origin_notice),
        title=fields["title"],
        body=fields["body"],
        themes=fields["themes"],
        skills=fields["skills"],
        organisation=_organisation_name(origin, origin_organisation),
        organisation_display_name=organisation["displayName"],
        place=_place(fields["place"]),
        conditions=_conditions(fields["conditions"]),
        places_taken=fields["conditions"]["placesTaken"] if fields["conditions"] else 0,
        start_date=fields["startDate"],
        end_date=fields["endDate"],
        days_per_week=fields["daysPerWeek"],
        visibility=pb.NETWORK,
        state=pb.Notice.PUBLISHED,
        close_time=_time(fields["closeTime"]),
        publish_time=_time(fields["publishTime"]),
        update_time=_time(fields["updateTime"]),
        region=origin,
        version=fields["version"],
        **enums,
    )
    return Foreign(notice, origin_notice, origin_organisation)


@lru_cache(maxsize=4096)  # an organisation has many notices
def _organisation_name(origin: str, name: str) -> str:
    return foreign_name(origin, name)


def _place(fields: PlaceFields | None) -> Place | None:
    if fields is None:
        return None
    return Place(label=fields["label"], latitude=fields["latitude"], longitude=fields["longitude"])


def _conditions(fields: ConditionFields | None) -> pb.Conditions | None:
    if fields is None:
        return None
    checks: Any = {  # by name, as above
        "vetting_needed": fields["vettingNeeded"] or 0,
        "vetting_held": fields["vettingHeld"] or 0,
    }
    levels = fields["skillLevels"].items()
    return pb.Conditions(
        skill_levels=[SkillLevel(skill=skill, level=level) for skill, level in levels],
        places=fields["places"],
        new_partners_only=fields["newPartnersOnly"],
        **checks,
    )


def _time(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    # Not FromDatetime, which takes several times as long.
    return Timestamp(seconds=int(moment.timestamp()), nanos=moment.microsecond * 1000)
