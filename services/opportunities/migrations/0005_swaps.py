"""Swaps of several posts, and what goes with a post that is put up for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("notices", sa.Column("swap_wishes", sa.JSON()))
    swaps()
    parts()


def swaps() -> None:
    op.create_table(
        "swaps",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("shorter", sa.JSON(), nullable=False),
        sa.Column("proposer", sa.String(60), nullable=False),
        sa.Column("agree_by_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("predecessor", sa.Uuid()),
        sa.Column("successor", sa.Uuid()),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agree_time", sa.DateTime(timezone=True)),
        sa.Column("begin_time", sa.DateTime(timezone=True)),
        sa.Column("end_time", sa.DateTime(timezone=True)),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("swaps_newest", "swaps", ["create_time", "id"])
    op.create_index("swaps_by_deadline", "swaps", ["state", "agree_by_time"])
    op.create_index("ix_swaps_proposer", "swaps", ["proposer"])


def parts() -> None:
    op.create_table(
        "swap_parts",
        sa.Column(
            "swap_id", sa.Uuid(), sa.ForeignKey("swaps.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notices.id"), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("goes_to", sa.Uuid()),
        sa.Column("agreed_by", sa.String(60), nullable=False),
        sa.Column("agree_time", sa.DateTime(timezone=True)),
        sa.Column("has_left", sa.Boolean(), nullable=False),
        sa.Column("exchange_id", sa.Uuid()),
    )
    for column in ("notice_id", "agreed_by", "exchange_id"):
        op.create_index(f"ix_swap_parts_{column}", "swap_parts", [column])
