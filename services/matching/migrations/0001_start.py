"""Cards, organisations, progress, and the tables of the bus."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.bus_tables import create_0001

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_0001(op)
    op.create_table(
        "cards",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("organisation", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("cards_following", "cards", ["generation", "position"])
    op.create_index("cards_by_organisation", "cards", ["organisation"])
    op.create_table(
        "organisations",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("sector", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("building", sa.Integer(), nullable=False),
        sa.Column("build_time", sa.DateTime(timezone=True)),
    )
    op.execute("INSERT INTO progress (id, position, generation, building) VALUES (1, 0, 1, 0)")
