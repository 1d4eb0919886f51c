"""Skills that operators add."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "local_skills",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("welsh_label", sa.String(100), nullable=False),
        sa.Column("alternative_labels", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("retire_time", sa.DateTime(timezone=True)),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
