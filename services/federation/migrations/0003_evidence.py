"""Evidence of two histories, and what a cursor must remember: its snapshot's manifest, the terms it was judged by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _cursors()
    _forks()


def _cursors() -> None:
    added = (
        sa.Column("manifest_line", sa.LargeBinary()),
        sa.Column("words", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("judged_by", sa.String(64), nullable=False, server_default=""),
        sa.Column("is_refused", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for column in added:
        op.add_column("received_cursors", column)


def _forks() -> None:
    op.create_table(
        "forks",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(60), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("read_seq", sa.BigInteger(), nullable=False),
        sa.Column("read_hash", sa.String(64), nullable=False),
        sa.Column("read_proof", sa.LargeBinary()),
        sa.Column("head", sa.LargeBinary()),
        sa.Column("teller", sa.String(40), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("origin", "channel", "epoch", "seq", "hash"),
    )
    op.create_index("forks_newest", "forks", ["origin", "create_time", "id"])
