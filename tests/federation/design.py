"""Which parts of the design are in force: each can be taken out, to see what it is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Design:
    """The whole design; False takes a part out."""

    in_order: bool = True  # else what comes ahead of a gap is applied at once
    epochs: bool = True  # else an origin that lost entries goes on as if nothing were
    sweep: bool = True  # else a snapshot adds, and takes nothing away
    cursor: bool = True  # else a window of known ids, with tombstones that are collected
    signatures: bool = True  # else what reads well is believed
    pull: bool = True  # else only what is pushed arrives
    proof_of_erasure: bool = True  # else a missing payload is nobody's fault
    recovery: bool = True  # else a restored region serves what its backup held
    proof_of_reading: bool = True  # else an origin believes whoever says what it once said
    comparing: bool = True  # else neighbours never tell each other what they were told


WHOLE = Design()
WITHOUT = {
    "in order": Design(in_order=False),
    "epochs": Design(epochs=False),
    "mark and sweep": Design(sweep=False),
    "the cursor": Design(cursor=False),
    "signatures": Design(signatures=False),
    "pull": Design(pull=False),
    "proof of erasure": Design(proof_of_erasure=False),
    "recovery": Design(recovery=False),
    "proof of reading": Design(proof_of_reading=False),
    "comparing": Design(comparing=False),
}
