"""Who said of a notice's texts that they hold no personal data, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "notices",
        sa.Column("impersonal_by", sa.String(60), nullable=False, server_default=""),
    )
    op.add_column("notices", sa.Column("impersonal_time", sa.DateTime(timezone=True)))
