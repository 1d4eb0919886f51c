"""The public paths: none comes, goes or changes unseen."""

from __future__ import annotations

from pathlib import Path

from gateway import contract
from gateway.routes import all_routes, lines

SNAPSHOT = Path(__file__).with_name("routes.txt")


def test_the_routes_are_those_of_the_snapshot() -> None:
    """After a change that is meant: `python -m gateway.routes > tests/contract/routes.txt`."""
    assert list(lines()) == SNAPSHOT.read_text().splitlines()


def test_every_method_with_a_rule_has_a_route_and_no_other_has() -> None:
    routed = {route.method.full_name for route in all_routes()}
    ruled = {each.full_name for each in contract.methods() if contract.rule_of(each).ListFields()}

    assert routed == ruled
    assert "interchange.matching.v1.MatchingService.RebuildIndex" not in routed
