"""What must be so before anybody is matched with a notice, and how many places of it are given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("notices", sa.Column("conditions", sa.JSON()))
    taken = sa.Column("places_taken", sa.Integer(), nullable=False, server_default="0")
    op.add_column("notices", taken)
