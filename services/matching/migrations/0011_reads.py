"""How much of what others say the read model was made of, so that a newer release reads the rest by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("progress", sa.Column("reads", sa.Integer(), nullable=False, server_default="0"))
