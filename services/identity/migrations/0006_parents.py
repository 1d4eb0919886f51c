"""Which organisation another one belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "organisations", sa.Column("parent", sa.String(60), nullable=False, server_default="")
    )
