"""What messages ask for while nobody has dealt with it, and when somebody has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("messages", sa.Column("settle_time", sa.DateTime(timezone=True)))
    # A table of its own: an index of all messages could not be made while people are told things.
    op.create_table(
        "asks",
        sa.Column(
            "message_id",
            sa.Uuid(),
            sa.ForeignKey("messages.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("template", sa.String(50), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
    )
    op.create_index("asks_by_about", "asks", ["about"])
    op.execute(
        "INSERT INTO asks (message_id, person, event_id, template, about) "
        "SELECT id, person, event_id, template, about FROM messages "
        "WHERE action_needed AND about <> ''"
    )
