"""What a partner is told back: that something is erased. Written with the erasure, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.federation.log.writing import Draft, Log, receipted
from services.federation.protocol.entry import Op
from services.federation.protocol.payloads import (
    RECEIPT_SCHEMA,
    RECEIPT_TYPE,
    Receipt,
    write_receipt,
)
from services.federation.receiving.applying import Answers
from services.federation.receiving.planning import Plan
from services.federation.receiving.reading import Received


def answers(log: Log) -> Answers:
    """Answers that go out on our log for the partner."""

    def erased(session: Session, plan: Plan, erasing: Sequence[Received], at: datetime) -> None:
        for each in erasing:
            said = each.protected
            receipt = Receipt(
                channel=plan.channel, epoch=said.epoch, seq=said.seq, subject=said.subject
            )
            log.append(session, draft(plan.origin, receipt), at=at)

    def told(session: Session, region: str, receipt: Receipt, at: datetime) -> None:
        receipted(session, region, receipt["channel"], receipt["subject"], at=at)

    return Answers(erased=erased, receipted=told)


def draft(region: str, receipt: Receipt) -> Draft:
    """The word to a region that what it asked for is done."""
    return Draft(
        channel=f"to.{region}",
        op=Op.RECEIPT,
        type=RECEIPT_TYPE,
        dataschema=RECEIPT_SCHEMA,
        subject=receipt["subject"],
        payload=write_receipt(receipt),
    )
