"""Keys, partners, the logs that we write, erasures, and the tables of the bus."""

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
    keys()
    partners()
    logs()
    erasures()


def text(name: str, length: int, *, primary_key: bool = False) -> Column:
    return sa.Column(name, sa.String(length), nullable=False, primary_key=primary_key)


def octets(name: str) -> Column:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def moment(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str, *, primary_key: bool = False) -> Column:
    return sa.Column(
        name, sa.BigInteger(), nullable=False, primary_key=primary_key, autoincrement=False
    )


def keys() -> None:
    op.create_table(
        "region_keys",
        text("kid", 100, primary_key=True),
        octets("public"),
        octets("private"),
        octets("sealing_public"),
        octets("sealing_private"),
        moment("not_before_time"),
        moment("not_after_time"),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), primary_key=True),
        octets("document"),
        sa.Column("version", sa.Integer(), nullable=False),
        moment("publish_time"),
    )


def partners() -> None:
    op.create_table(
        "partners",
        text("region", 40, primary_key=True),
        octets("root_public"),
        octets("document"),
        sa.Column("document_version", sa.Integer(), nullable=False),
        moment("document_time"),
        text("display_name", 100),
        text("url", 300),
        moment("key_expire_time", nullable=True),
        text("state", 30),
        text("state_reason", 500),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("entries_per_hour", sa.Integer(), nullable=False),
        sa.Column("burst", sa.Integer(), nullable=False),
        sa.Column("live_notices", sa.Integer(), nullable=False),
        moment("create_time"),
        moment("last_contact_time", nullable=True),
        moment("as_of_time", nullable=True),
        moment("announce_time", nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        text("failure_reason", 500),
        sa.Column("clock_skew_s", sa.Float(), nullable=False),
        sa.Column("their_cursors", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def logs() -> None:
    op.create_table(
        "channels",
        text("channel", 60, primary_key=True),
        number("epoch"),
        number("seq"),
        text("hash", 64),
        number("first_seq"),
        sa.Column("policy", sa.JSON(), nullable=False),
        moment("epoch_time"),
    )
    op.create_table(
        "log_entries",
        text("channel", 60, primary_key=True),
        number("epoch", primary_key=True),
        number("seq", primary_key=True),
        text("hash", 64),
        text("op", 20),
        text("type", 100),
        text("subject", 64),
        octets("protected"),
        sa.Column("payload", sa.LargeBinary()),
        octets("sig"),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        moment("expire_time", nullable=True),
        moment("time"),
    )
    op.create_index("log_entries_by_subject", "log_entries", ["channel", "subject"])
    live = sa.text("is_live")
    op.create_index(
        "log_entries_live", "log_entries", ["channel", "epoch", "seq"],
        sqlite_where=live, postgresql_where=live,
    )  # fmt: skip
    op.create_index("log_entries_by_time", "log_entries", ["time"])
    op.create_table(
        "snapshots",
        text("id", 100, primary_key=True),
        text("channel", 60),
        number("epoch"),
        octets("manifest"),
        sa.Column("numbers", sa.JSON(), nullable=False),
        moment("expire_time"),
    )
    op.create_index("snapshots_by_expire_time", "snapshots", ["expire_time"])


def erasures() -> None:
    op.create_table(
        "erasures",
        text("region", 40, primary_key=True),
        text("channel", 60, primary_key=True),
        text("subject", 64, primary_key=True),
        moment("create_time"),
        moment("receipt_time", nullable=True),
    )
    op.create_index("erasures_by_partner", "erasures", ["region", "create_time"])
