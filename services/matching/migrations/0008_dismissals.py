"""Suggestions that managers do not want."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("notice", sa.String(60), primary_key=True),
        sa.Column("other", sa.String(60), primary_key=True),
        sa.Column("organisation", sa.String(60), nullable=False),
        sa.Column("other_organisation", sa.String(60), nullable=False),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("whole_organisation", sa.Boolean(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("dismissals_by_organisation", "dismissals", ["organisation"])
