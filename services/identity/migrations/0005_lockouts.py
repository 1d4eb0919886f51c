"""Whose account a lockout is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("sign_in_failures", sa.Column("person_id", sa.Uuid()))
