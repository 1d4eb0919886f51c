"""Reports of notices, and what is to be changed of a notice that was given back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "notices",
        sa.Column("review_note", sa.String(1000), nullable=False, server_default=""),
    )
    op.create_table(
        "notice_reports",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notices.id"), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("reporter", sa.String(60), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("settle_time", sa.DateTime(timezone=True)),
    )
    indexes = {
        "by_notice": ["notice_id", "state"],
        "by_state": ["state", "create_time", "id"],
        "oldest": ["create_time", "id"],
        "by_reporter": ["reporter"],
    }
    for name, columns in indexes.items():
        op.create_index(f"notice_reports_{name}", "notice_reports", columns)
