"""Copies of partner regions' notices, the regions they come from, and where their last words stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # With defaults, so that programs of before go on writing their own.
    for table, column, length in (
        ("organisations", "region", 40),
        ("notices", "origin_notice", 200),
    ):
        op.add_column(
            table, sa.Column(column, sa.String(length), nullable=False, server_default="")
        )
    op.create_table(
        "partner_regions",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("as_of_time", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "partner_positions",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
