"""Between skills and their messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from interchange.matching.v1 import skills_pb2 as pb

from chassis import convert
from chassis.etags import etag
from chassis.names import format_name
from services.matching.skills.concept import Concept
from services.matching.skills.esco import ATTRIBUTION
from services.matching.skills.proposing import Found

WRITABLE = frozenset({"label", "welsh_label", "alternative_labels", "description"})


def to_proto(concept: Concept) -> pb.Skill:
    is_esco = bool(concept.uri)
    return pb.Skill(
        name=format_name("skills", concept.id),
        label=concept.label,
        welsh_label=concept.welsh_label,
        alternative_labels=concept.alternatives,
        description=concept.description,
        source=pb.Skill.ESCO if is_esco else pb.Skill.LOCAL,
        uri=concept.uri,
        attribution=ATTRIBUTION if is_esco else "",
        retire_time=convert.moment(concept.retire_time),
        etag="" if is_esco else etag(concept.version),
    )


def to_proposal(found: Found) -> pb.ProposedSkill:
    return pb.ProposedSkill(
        skill=to_proto(found.concept), score=found.score, evidence=found.evidence
    )


def read_content(message: pb.Skill, fields: Collection[str] = WRITABLE) -> Mapping[str, object]:
    """Values by attribute, of these fields."""
    values = {
        "label": message.label,
        "welsh_label": message.welsh_label,
        "alternative_labels": list(message.alternative_labels),
        "description": message.description,
    }
    return {field: values[field] for field in fields}
