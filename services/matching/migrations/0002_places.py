"""Where organisations are: the place of their notices that name none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("organisations", sa.Column("place", sa.LargeBinary()))
    op.add_column("cards", sa.Column("place", sa.LargeBinary()))
