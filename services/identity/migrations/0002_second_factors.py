"""Second factors: secrets, recovery codes, challenges, sessions that had one, and whether the region asks for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _flag("regions", "second_factor_required")
    _flag("sessions", "has_second_factor")
    op.create_table(
        "second_factors",
        _person(primary_key=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        _moment("create_time"),
        _moment("confirm_time", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_table("recovery_codes", _digest(), _person())
    op.create_index("ix_recovery_codes_person_id", "recovery_codes", ["person_id"])
    op.create_table(
        "challenges",
        _digest(),
        _person(),
        _moment("expire_time"),
        sa.Column("failures", sa.Integer(), nullable=False),
    )
    op.create_index("ix_challenges_person_id", "challenges", ["person_id"])
    op.create_index("ix_challenges_expire_time", "challenges", ["expire_time"])


def _flag(table: str, name: str) -> None:
    """With a default, for code that does not know it yet."""
    column = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column(table, column)


def _digest() -> sa.Column[str]:
    return sa.Column("digest", sa.String(64), primary_key=True)


def _person(*, primary_key: bool = False) -> sa.Column[object]:
    """What hangs on a person goes when they are erased."""
    return sa.Column(
        "person_id",
        sa.Uuid(),
        sa.ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
