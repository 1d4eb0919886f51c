"""Partner regions: what texts call them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "partner_regions",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("as_of_time", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
    )
