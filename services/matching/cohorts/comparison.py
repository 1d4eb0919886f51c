"""Two runs of one cohort beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from interchange.matching.v1 import pairing_pb2 as pb
from sqlalchemy.orm import Session

from services.matching.cohorts import queries
from services.matching.cohorts.convert import Named, pair_to_proto, run_to_proto
from services.matching.cohorts.models import FoundPair, PairingRun
from services.matching.pairing.applicants import Couple, Weights, couple
from services.matching.pairing.comparing import Difference, compare

MOST_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Compared:
    """The difference, with the pairs that only one of the two has."""

    run: PairingRun
    other: PairingRun
    difference: Difference
    gone: Sequence[FoundPair]
    new: Sequence[FoundPair]


def between(session: Session, run: PairingRun, other: PairingRun) -> Compared:
    after, before = queries.pairs_of(session, run.id), queries.pairs_of(session, other.id)
    difference = compare([_couple(each) for each in before], [_couple(each) for each in after])
    return Compared(
        run=run,
        other=other,
        difference=difference,
        gone=[each for each in before if _couple(each) in difference.gone][:MOST_SHOWN],
        new=[each for each in after if _couple(each) in difference.new][:MOST_SHOWN],
    )


def to_proto(
    found: Compared, people: Mapping[UUID, Named], weights: Weights
) -> pb.PairingRunComparison:
    difference = found.difference
    return pb.PairingRunComparison(
        run=run_to_proto(found.run),
        other=run_to_proto(found.other),
        same=len(difference.same),
        gone=[pair_to_proto(each, people, weights) for each in found.gone],
        new=[pair_to_proto(each, people, weights) for each in found.new],
        gained=len(difference.gained),
        lost=len(difference.lost),
        changed=len(difference.changed),
    )


def _couple(pair: FoundPair) -> Couple:
    return couple(str(pair.one_id), str(pair.other_id))
