"""A cohort of the demonstration: leaders of councils and charities who applied, and a first run of the pairing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from random import Random

import grpc
from interchange.common.v1 import types_pb2 as types
from interchange.matching.v1 import pairing_pb2 as pb
from interchange.matching.v1.pairing_pb2_grpc import PairingServiceStub

from demo.people import DemoPerson

CONSENT = "cohort-2026-11"
EACH_SIDE = 20
MILES = (30, 50, 80)
# Matching hears of organisations a moment after they were registered.
HEARD_WITHIN_S = 60.0
LOOK_EVERY_S = 0.5

Metadata = tuple[tuple[str, str | bytes], ...]
Step = Callable[[str, int, int], None]


def a_cohort(today: date) -> pb.Cohort:
    """Public with third sector, from next month on."""
    first = today + timedelta(days=30)
    return pb.Cohort(
        display_name="Leadership Exchange",
        description="A day in each other's shoes, for people who lead a team, a service or an organisation.",
        first_side=[types.PUBLIC],
        second_side=[types.THIRD],
        first_day=str(first),
        last_day=str(first + timedelta(days=120)),
        grade_gap=2,
        organisation_quota=3,
    )


def applicants(members: Sequence[DemoPerson], charities: frozenset[str]) -> list[DemoPerson]:
    """The first of either sector; `charities` are keys of organisations."""
    of_charities = [each for each in members if each.organisation in charities]
    of_councils = [each for each in members if each.organisation not in charities]
    return [*of_councils[:EACH_SIDE], *of_charities[:EACH_SIDE]]


def an_application(person: DemoPerson, name: str, chance: Random) -> pb.Application:
    """What somebody applies with: their skills are their themes."""
    return pb.Application(
        person=name,
        grade_band=person.grade_band,
        wants=person.wants,
        offers=person.has,
        travel_miles=chance.choice(MILES),
        remote_welcome=chance.random() < 0.3,
        consent_text_version=CONSENT,
    )


class Cohorts:
    """Makes the cohort through its service."""

    def __init__(self, pairing: PairingServiceStub, operator: Metadata, step: Step) -> None:
        self._pairing = pairing
        self._operator = operator
        self._step = step

    def run(
        self,
        people: Sequence[DemoPerson],
        names: Mapping[str, str],
        managers: Mapping[str, Metadata],
        today: date,
    ) -> None:
        """`names` of people by their keys; `managers` by the keys of their organisations."""
        chance = Random("cohort")
        request = pb.CreateCohortRequest(cohort=a_cohort(today))
        cohort = self._pairing.CreateCohort(request, metadata=self._operator).name
        self._pairing.OpenCohort(pb.OpenCohortRequest(name=cohort), metadata=self._operator)
        for done, person in enumerate(people, start=1):
            application = an_application(person, names[person.key], chance)
            asked = pb.CreateApplicationRequest(parent=cohort, application=application)
            self._apply(asked, managers[person.organisation])
            self._step("applicants", done, len(people))
        start = pb.StartPairingRequest(name=cohort)
        self._pairing.StartPairing(start, metadata=self._operator)
        run = pb.CreatePairingRunRequest(parent=cohort)
        self._pairing.CreatePairingRun(run, metadata=self._operator)

    def _apply(self, request: pb.CreateApplicationRequest, manager: Metadata) -> None:
        deadline = time.monotonic() + HEARD_WITHIN_S
        while True:
            try:
                self._pairing.CreateApplication(request, metadata=manager)
                return
            except grpc.RpcError as problem:
                is_early = problem.code() is grpc.StatusCode.FAILED_PRECONDITION
                if not is_early or time.monotonic() > deadline:
                    raise
            time.sleep(LOOK_EVERY_S)
