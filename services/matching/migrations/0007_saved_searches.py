"""Saved searches, alerts, starred notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person", sa.String(60), nullable=False),
        sa.Column("display_name", sa.String(120), nullable=False),
        sa.Column("search", sa.LargeBinary(), nullable=False),
        sa.Column("alerts", sa.String(30), nullable=False),
        moment("create_time"),
        moment("alert_time", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("saved_searches_by_person", "saved_searches", ["person", "id"])
    op.create_index("saved_searches_by_alerts", "saved_searches", ["alerts"])
    alerts()
    op.create_table(
        "favourites",
        sa.Column("person", sa.String(60), primary_key=True),
        sa.Column("notice", sa.String(60), primary_key=True),
        moment("star_time"),
    )
    op.create_index("favourites_newest", "favourites", ["person", "star_time", "notice"])


def alerts() -> None:
    searches = sa.ForeignKey("saved_searches.id", ondelete="CASCADE")
    op.create_table(
        "alerts",
        sa.Column("search_id", sa.Uuid(), searches, primary_key=True),
        sa.Column("notice", sa.String(60), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        moment("due_time"),
        moment("send_time", nullable=True),
    )
    waits = sa.text("send_time IS NULL")
    op.create_index(
        "alerts_waiting", "alerts", ["due_time"], postgresql_where=waits, sqlite_where=waits
    )
    op.create_index("alerts_by_notice", "alerts", ["notice"])
    op.create_index("alerts_by_person", "alerts", ["person"])
