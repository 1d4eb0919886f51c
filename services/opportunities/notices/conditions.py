"""What must be so before anybody is matched with a notice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from interchange.common.v1.types_pb2 import SkillLevel
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import JSON, Dialect, TypeDecorator

from chassis.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Conditions:
    """As the proto says; checks by their numbers there, levels by skill."""

    skill_levels: Mapping[str, int] = field(default_factory=dict)
    vetting_needed: int = 0
    vetting_held: int = 0
    places: int = 0  # 0: any number
    new_partners_only: bool = False

    def check(self, *, skills: Collection[str], taken: int) -> None:
        """Refuse levels of what the notice does not name, and fewer places than are given."""
        for skill in self.skill_levels:
            if skill not in skills:
                raise InvalidArgument(
                    "LEVEL_WITHOUT_SKILL",
                    f"names {skill}, which is not among the notice's skills",
                    field="notice.conditions.skill_levels",
                )
        if self.places and self.places < taken:
            raise InvalidArgument(
                "PLACES_TAKEN", f"{taken} are given already", field="notice.conditions.places"
            )


class ConditionsType(TypeDecorator[Conditions]):
    """Conditions as JSON: they are shown, never searched by."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(
        self, value: Conditions | None, dialect: Dialect
    ) -> dict[str, Any] | None:
        return asdict(value) if value else None

    def process_result_value(
        self, value: dict[str, Any] | None, dialect: Dialect
    ) -> Conditions | None:
        return Conditions(**value) if value else None


def read(message: pb.Notice) -> Conditions | None:
    """None when the notice has none."""
    if not message.HasField("conditions"):
        return None
    given = message.conditions
    levels = {each.skill: each.level for each in given.skill_levels}
    if len(levels) < len(given.skill_levels):
        raise InvalidArgument(
            "SKILL_TWICE", "must name each skill once", field="notice.conditions.skill_levels"
        )
    return Conditions(
        skill_levels=levels,
        vetting_needed=given.vetting_needed,
        vetting_held=given.vetting_held,
        places=given.places,
        new_partners_only=given.new_partners_only,
    )


def to_proto(conditions: Conditions | None) -> pb.Conditions | None:
    if conditions is None:
        return None
    levels = sorted(conditions.skill_levels.items())
    return pb.Conditions(
        skill_levels=[SkillLevel(skill=skill, level=level) for skill, level in levels],
        vetting_needed=conditions.vetting_needed,  # type: ignore[arg-type]  # the proto's number
        vetting_held=conditions.vetting_held,  # type: ignore[arg-type]  # the proto's number
        places=conditions.places,
        new_partners_only=conditions.new_partners_only,
    )
