"""Organisations to be found, whose they are, who acts for them, and whom they had exchanges with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("organisations", sa.Column("payload", sa.LargeBinary()))
    op.add_column(
        "organisations", sa.Column("parent", sa.String(60), nullable=False, server_default="")
    )
    op.create_table(
        "partnerships",
        sa.Column("one", sa.String(60), primary_key=True),
        sa.Column("other", sa.String(60), primary_key=True),
    )
    op.create_index("partnerships_by_other", "partnerships", ["other"])
    op.create_table(
        "offices",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("organisation", sa.String(60), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
    )
    op.create_index("offices_by_organisation", "offices", ["organisation"])
