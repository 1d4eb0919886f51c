"""A small framework over a real database, with static vectors so that it is quick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pytest
from interchange.matching.v1 import skills_pb2 as pb

from chassis.auth import Principal, acting_as
from chassis.database import Database
from chassis.validation import validate
from services.matching.skills import esco
from services.matching.skills.concept import Concept
from services.matching.skills.framework import Esco, Framework
from services.matching.skills.service import SkillService
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors, Vectors
from tests.conftest import Databases
from tests.unit.matching.conftest import NO_CONTEXT, Noted

WANTED = {"manage-budgets", "welsh"}
OPERATOR = Principal(person="people/5", roles=frozenset({"operator"}))


class Shelf:
    """The service as a caller sees it."""

    def __init__(self, database: Database, theirs: Esco) -> None:
        self.database = database
        self.audit = Noted()
        self.framework = Framework(database, theirs)
        self.service = SkillService(database, self.framework, self.audit)

    def get(self, skill: str) -> pb.Skill:
        return self.service.GetSkill(pb.GetSkillRequest(name=f"skills/{skill}"), NO_CONTEXT)

    def search(self, query: str) -> list[str]:
        found = self.service.SearchSkills(pb.SearchSkillsRequest(query=query), NO_CONTEXT)
        return [each.label for each in found.skills]

    def propose(self, text: str) -> pb.ProposeSkillsResponse:
        request = pb.ProposeSkillsRequest(text=text)
        validate(request)
        return self.service.ProposeSkills(request, NO_CONTEXT)

    def add(self, label: str, **fields: object) -> pb.Skill:
        request = pb.CreateSkillRequest(skill=pb.Skill(label=label, **fields))  # type: ignore[arg-type]
        validate(request)
        with as_operator():
            return self.service.CreateSkill(request, NO_CONTEXT)


@contextmanager
def as_operator() -> Iterator[None]:
    with acting_as(OPERATOR):
        yield


class Few(Esco):
    """A part of ESCO, so that a test takes milliseconds."""

    @cached_property
    def concepts(self) -> Sequence[Concept]:
        every = esco.read(FOLDER)
        return [each for number, each in enumerate(every) if number % 50 == 0 or each.id in WANTED]

    @cached_property
    def meanings(self) -> Vectors:  # type: ignore[override]  # as it is when there is an encoder
        assert self.encoder is not None
        return esco.meanings(self.encoder, self.concepts)


@pytest.fixture(scope="session")
def theirs() -> Esco:
    encoder = StaticVectors(FOLDER)
    return Few(FOLDER, lambda: encoder)


@pytest.fixture
def shelf(databases: Databases, theirs: Esco) -> Shelf:
    return Shelf(databases("matching"), theirs)


@pytest.fixture
def bare_shelf(databases: Databases, tmp_path: Path) -> Shelf:
    """One in a region without the model's files."""
    return Shelf(databases("matching"), Esco(tmp_path, lambda: None))
