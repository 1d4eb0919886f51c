"""Whether people want mail of what their saved searches find."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "preferences",
        sa.Column("alerts_off", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
