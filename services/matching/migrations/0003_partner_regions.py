"""Partner regions: where notices come from, and how far they can be relied on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "partner_regions",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("as_of_time", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
    )
