"""Which notices are up for a swap, and which swaps have been proposed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table("swap_posts", sa.Column("name", sa.String(60), primary_key=True))
    op.create_table(
        "known_swaps",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
    )
    op.create_index("known_swaps_pending", "known_swaps", ["is_pending"])
