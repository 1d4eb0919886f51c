"""The check of their criminal record that a person's manager has seen, by its number in the proto; 0: not said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "people", sa.Column("vetting_held", sa.Integer(), nullable=False, server_default="0")
    )
