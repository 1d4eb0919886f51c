"""Words of a partner from before it was pinned anew are told apart from those after."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "partner_positions",
        sa.Column("pinning", sa.BigInteger(), nullable=False, server_default="0"),
    )
