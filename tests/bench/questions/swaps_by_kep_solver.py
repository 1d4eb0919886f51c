"""Run by the Python of an environment that has kep_solver, which is nobody's dependency: the same pool, solved by it.

Reads `{"people": n, "arcs": [[visitor, host], …], "longest": k, "worth": [[members, worth], …]}` from standard input,
every ring with what it is worth; prints what the best are worth together, and the CPU seconds of building and solving,
those of its solver's own process among them.
"""

from __future__ import annotations

import json
import resource
import sys

from kep_solver.entities import Donor, Instance, Recipient, Transplant
from kep_solver.model import PICEF, Objective, Sense


class Worth(Objective):
    """What a ring is worth, looked up by its members from the smallest on."""

    sense = Sense.MAX
    is_integral = False
    need_alt_embed = False

    def __init__(self, worth: list[tuple[list[int], float]]) -> None:
        self._worth = {tuple(members): value for members, value in worth}

    def value(self, graph: object, exchange: object) -> float:
        members = [vertex.index for vertex in exchange.vertices]
        first = members.index(min(members))
        return self._worth[(*members[first:], *members[:first])]

    def describe(self) -> str:
        return "expected worth"


def cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    asked = json.load(sys.stdin)
    worth = Worth(asked["worth"])
    start = cpu_s()
    instance = Instance()
    donors, recipients = [], []
    for number in range(asked["people"]):
        donor, recipient = Donor(str(number)), Recipient(str(number))
        donor.recipient = recipient
        recipient.addDonor(donor)
        donors.append(donor)
        recipients.append(recipient)
        instance.addRecipient(recipient)
    for visitor, host in asked["arcs"]:
        instance.addTransplant(Transplant(donors[host], recipients[visitor], 1.0))
    model = PICEF(instance, [worth], maxCycleLength=asked["longest"], maxChainLength=0)
    model.solve()
    print(json.dumps({"worth": model.objective_value(0), "cpu_s": cpu_s() - start}))


main()
