"""Messages, preferences, deliveries, who is who, and the tables of the bus."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from chassis.bus_tables import create_0001

revision = "0001"
down_revision = None

Column = sa.Column[Any]


def upgrade() -> None:
    create_0001(op)
    audience()
    preferences()
    messages()
    deliveries()


def text(name: str, length: int) -> Column:
    return sa.Column(name, sa.String(length), nullable=False)


def resource(name: str, *, primary_key: bool = False) -> Column:
    """The name of something that another service owns; empty: none."""
    return sa.Column(name, sa.String(200), nullable=False, primary_key=primary_key)


def moment(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def flag(name: str) -> Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def number(name: str) -> Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def identifier() -> Column:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def some(table: str, name: str, columns: list[str], where: str) -> None:
    """An index of those rows only that are asked for."""
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)


def audience() -> None:
    op.create_table(
        "organisations",
        resource("name", primary_key=True),
        text("display_name", 200),
        number("version"),
    )
    op.create_table(
        "managers",
        resource("appointment", primary_key=True),
        resource("organisation"),
        resource("person"),
        flag("is_in_office"),
    )
    op.create_index("managers_by_organisation", "managers", ["organisation"])
    op.create_index("managers_by_person", "managers", ["person"])
    op.create_table("operators", resource("person", primary_key=True))
    op.create_table(
        "erased", sa.Column("fingerprint", sa.String(64), primary_key=True), moment("at")
    )
    op.create_index("ix_erased_at", "erased", ["at"])


def preferences() -> None:
    op.create_table(
        "preferences",
        resource("person", primary_key=True),
        text("frequency", 30),
        text("language", 5),
        sa.Column("unsubscribe_token", sa.String(50), nullable=False, unique=True),
        number("version"),
    )


def messages() -> None:
    op.create_table(
        "messages",
        identifier(),
        resource("person"),
        text("event_id", 100),
        text("template", 50),
        text("language", 5),
        text("subject", 300),
        sa.Column("body", sa.Text(), nullable=False),
        resource("about"),
        flag("action_needed"),
        flag("waits_for_digest"),
        sa.Column("digest_id", sa.Uuid()),
        moment("create_time"),
        moment("read_time", nullable=True),
        sa.UniqueConstraint("person", "event_id", "template", name="messages_once"),
    )
    op.create_index("messages_newest", "messages", ["person", "create_time", "id"])
    op.create_index("messages_by_age", "messages", ["create_time"])
    op.create_index("messages_by_digest", "messages", ["digest_id"])
    some("messages", "messages_unread", ["person"], "read_time IS NULL")
    some("messages", "messages_waiting", ["person"], "waits_for_digest")


def deliveries() -> None:
    op.create_table(
        "deliveries",
        identifier(),
        resource("person"),
        text("event_id", 100),
        text("template", 50),
        sa.Column("message_id", sa.Uuid()),
        text("state", 30),
        flag("is_urgent"),
        number("attempts"),
        text("error", 300),
        text("traceparent", 55),
        sa.Column("lease", sa.Uuid()),
        moment("lease_until", nullable=True),
        moment("create_time"),
        moment("queue_time"),
        moment("next_attempt_time"),
        moment("send_time", nullable=True),
        sa.UniqueConstraint("person", "event_id", "template", name="deliveries_once"),
    )
    op.create_index("deliveries_newest", "deliveries", ["create_time", "id"])
    op.create_index("deliveries_by_state", "deliveries", ["state", "create_time", "id"])
    some("deliveries", "deliveries_due", ["is_urgent", "next_attempt_time"], "state = 'QUEUED'")
