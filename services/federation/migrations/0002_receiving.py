"""Cursors, entries and snapshots of partners' logs, what was set aside, records on their way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _logs()
    _set_aside()
    _records()


def _logs() -> None:
    op.create_table(
        "received_cursors",
        sa.Column("origin", sa.String(40), primary_key=True),
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("head_time", sa.DateTime(timezone=True)),
        sa.Column("head_line", sa.LargeBinary()),
        sa.Column("live_notices", sa.Integer(), nullable=False),
        sa.Column("snapshot_time", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "received_entries",
        sa.Column("origin", sa.String(40), primary_key=True),
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("epoch", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("op", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(60), nullable=False),
        sa.Column("protected", sa.LargeBinary(), nullable=False),
        sa.Column("sig", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("receive_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("received_entries_by_subject", "received_entries", ["subject"])
    op.create_table(
        "snapshot_entries",
        sa.Column("origin", sa.String(40), primary_key=True),
        sa.Column("channel", sa.String(60), primary_key=True),
        sa.Column("epoch", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
    )


def _set_aside() -> None:
    op.create_table(
        "set_aside_entries",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("reason", sa.String(50), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("line", sa.LargeBinary()),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("origin", "channel", "epoch", "seq", "reason"),
    )
    op.create_index(
        "set_aside_entries_newest", "set_aside_entries", ["origin", "create_time", "id"]
    )
    op.create_index("set_aside_entries_by_subject", "set_aside_entries", ["subject"])


def _records() -> None:
    op.create_table(
        "outgoing_records",
        sa.Column("region", sa.String(40), primary_key=True),
        sa.Column("record", sa.String(200), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_erasure", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("outgoing_records_due", "outgoing_records", ["next_attempt_time"])
    op.create_table(
        "incoming_records",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("op", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("expire_time", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("incoming_records_due", "incoming_records", ["next_attempt_time"])
    op.create_index("incoming_records_by_subject", "incoming_records", ["subject"])
    op.create_table(
        "known_records",
        sa.Column("origin", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.String(200), nullable=False),
        sa.Column("expire_time", sa.DateTime(timezone=True)),
    )
    op.create_index("known_records_expiring", "known_records", ["expire_time"])
