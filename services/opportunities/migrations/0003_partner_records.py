"""Interests and exchanges with partner regions: who they are with, what waits, whom they name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Column = sa.Column[Any]


def upgrade() -> None:
    consents()
    interests()
    exchanges()
    people()
    op.add_column("partner_positions", text("local_name", 200))


def text(name: str, length: int, default: str = "") -> Column:
    """With a default, so that programs of before go on writing their own."""
    return sa.Column(name, sa.String(length), nullable=False, server_default=default)


def number(name: str) -> Column:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def moment(name: str) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def consents() -> None:
    for table in ("requests", "notices", "interests"):
        op.add_column(table, text("consent_purpose", 100, "introduction"))
        op.add_column(table, text("consent_region", 40))
        op.add_column(table, sa.Column("consent_expire_time", sa.DateTime(timezone=True)))


def interests() -> None:
    op.add_column("interests", text("region", 40))
    op.add_column("interests", text("origin_interest", 200))
    op.add_column("interests", text("reason_code", 50))
    op.add_column(
        "interests",
        sa.Column("is_told", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def exchanges() -> None:
    op.add_column("exchanges", text("region", 40))
    op.add_column("exchanges", text("origin_exchange", 200))
    op.add_column("exchanges", text("follower", 40))
    op.add_column("exchanges", number("origin_version"))
    op.add_column("exchanges", number("terms_version"))
    op.create_table(
        "exchange_actions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "exchange_id",
            sa.Uuid(),
            sa.ForeignKey("exchanges.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("verb", sa.String(30), nullable=False),
        sa.Column("person", sa.String(60), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        moment("create_time"),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("refusal", sa.String(50), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
    )
    op.create_index("ix_exchange_actions_exchange_id", "exchange_actions", ["exchange_id"])
    op.create_index("ix_exchange_actions_person", "exchange_actions", ["person"])
    op.create_table(
        "action_outcomes",
        sa.Column(
            "exchange_id",
            sa.Uuid(),
            sa.ForeignKey("exchanges.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("action", sa.String(200), primary_key=True),
        sa.Column("refusal", sa.String(50), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        moment("create_time"),
    )


def people() -> None:
    op.create_table(
        "partner_people",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("record", sa.String(200), primary_key=True),
        sa.Column("person", sa.String(60), primary_key=True),
        sa.Column("origin_person", sa.String(60), nullable=False),
        sa.Column("organisation", sa.String(60), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("job_title", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("expire_time", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_partner_people_person", "partner_people", ["person"])
    op.create_index("ix_partner_people_expire_time", "partner_people", ["expire_time"])
    op.create_table(
        "told_people",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("record", sa.String(200), primary_key=True),
        sa.Column("person", sa.String(60), primary_key=True),
    )
    op.create_index("ix_told_people_person", "told_people", ["person"])
