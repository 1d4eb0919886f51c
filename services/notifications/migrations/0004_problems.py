"""Why a mail was not sent, as a name beside what was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column("problem", sa.String(30), nullable=False, server_default="NONE"),
    )
