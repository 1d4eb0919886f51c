"""When each version was heard of, so that what nobody can say again any more is forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("heard_notices", sa.Column("hear_time", sa.DateTime(timezone=True)))
