"""Organisations, requests, notices, interests, exchanges, and the tables of the bus."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from chassis.bus_tables import create_0001

revision = "0001"
down_revision = None

Column = sa.Column[Any]
OPEN = sa.text("state IN ('PROPOSED', 'ENDORSED')")


def upgrade() -> None:
    create_0001(op)
    organisations()
    requests()
    notices()
    interests()
    exchanges()


def text(name: str, length: int) -> Column:
    return sa.Column(name, sa.String(length), nullable=False)


def resource(name: str) -> Column:
    """The name of something that another service owns; empty: none."""
    return text(name, 60)


def enum(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.String(30), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def many(name: str) -> Column:
    return sa.Column(name, sa.JSON(), nullable=False)


def version() -> Column:
    return sa.Column("version", sa.Integer(), nullable=False)


def identifier() -> Column:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def terms() -> list[Column]:
    """When and where, of a notice and of an exchange."""
    return [
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("days_per_week", sa.Double(), nullable=False),
        enum("attendance"),
        sa.Column("place", sa.JSON()),
    ]


def consent() -> list[Column]:
    return [
        text("consent_text", 50),
        enum("consent_method"),
        moment("consent_time", nullable=True),
        resource("consent_recorded_by"),
    ]


def newest_first(table: str, **leading: str) -> None:
    """Indexes that end in the key of every listing."""
    for name, columns in leading.items():
        op.create_index(f"{table}_{name}", table, [*columns.split(), "create_time", "id"])


def by(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"{table}_by_{column}", table, [column])


def organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("name", sa.String(60), primary_key=True),
        text("display_name", 200),
        enum("sector"),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        version(),
    )


def requests() -> None:
    op.create_table(
        "requests",
        identifier(),
        resource("person"),
        resource("organisation"),
        text("title", 120),
        sa.Column("body", sa.Text(), nullable=False),
        enum("format", nullable=True),
        many("themes"),
        many("skills"),
        *consent(),
        enum("state"),
        text("decline_reason", 1000),
        sa.Column("notice_id", sa.Uuid()),
        moment("create_time"),
        moment("update_time"),
        version(),
    )
    newest_first("requests", newest="", by_person="person", by_organisation="organisation")
    op.create_index("ix_requests_consent_recorded_by", "requests", ["consent_recorded_by"])


def notices() -> None:
    op.create_table(
        "notices",
        identifier(),
        sa.Column(
            "organisation", sa.String(60), sa.ForeignKey("organisations.name"), nullable=False
        ),
        text("region", 40),
        enum("kind"),
        enum("format"),
        text("title", 120),
        sa.Column("body", sa.Text(), nullable=False),
        many("themes"),
        many("skills"),
        many("grade_bands"),
        *terms(),
        enum("visibility"),
        resource("author"),
        resource("manager"),
        resource("beneficiary"),
        *consent(),
        sa.Column("request_id", sa.Uuid()),
        sa.Column("copied_from", sa.Uuid()),
        enum("state"),
        enum("closing_reason"),
        text("closing_note", 1000),
        moment("close_time", nullable=True),
        sa.Column("is_end_told", sa.Boolean(), nullable=False),
        moment("create_time"),
        moment("publish_time", nullable=True),
        moment("update_time"),
        version(),
    )
    newest_first(
        "notices",
        newest="",
        by_state="state",
        by_kind="state kind",
        by_format="state format",
        by_organisation="organisation",
    )
    by("notices", "author", "manager", "beneficiary")
    op.create_index("notices_by_close_time", "notices", ["state", "close_time"])
    op.create_index("ix_notices_consent_recorded_by", "notices", ["consent_recorded_by"])


def interests() -> None:
    op.create_table(
        "interests",
        identifier(),
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notices.id"), nullable=False),
        resource("notice_organisation"),
        sa.Column(
            "organisation", sa.String(60), sa.ForeignKey("organisations.name"), nullable=False
        ),
        resource("proposer"),
        resource("manager"),
        sa.Column("is_vouched", sa.Boolean(), nullable=False),
        resource("participant"),
        *consent(),
        sa.Column("offered_notice", sa.Uuid()),
        text("message", 2000),
        enum("state"),
        text("decline_reason", 1000),
        sa.Column("exchange_id", sa.Uuid()),
        moment("create_time"),
        moment("endorse_time", nullable=True),
        moment("decide_time", nullable=True),
        version(),
    )
    op.create_index(
        "interests_one_open",
        "interests",
        ["notice_id", "organisation", "participant"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    newest_first(
        "interests",
        newest="",
        by_notice="notice_id",
        by_organisation="organisation",
        by_notice_organisation="notice_organisation",
    )
    by("interests", "participant", "proposer", "manager")
    op.create_index("ix_interests_consent_recorded_by", "interests", ["consent_recorded_by"])


def exchanges() -> None:
    organisation = [
        sa.Column(name, sa.String(60), sa.ForeignKey("organisations.name"), nullable=False)
        for name in ("host_organisation", "visiting_organisation")
    ]
    op.create_table(
        "exchanges",
        identifier(),
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notices.id"), nullable=False),
        sa.Column("interest_id", sa.Uuid(), nullable=False, unique=True),
        enum("format"),
        *organisation,
        *terms(),
        enum("payer"),
        text("payment_note", 1000),
        many("objectives"),
        text("cover", 1000),
        enum("state"),
        text("end_reason", 1000),
        moment("create_time"),
        moment("agree_time", nullable=True),
        moment("start_time", nullable=True),
        moment("end_time", nullable=True),
        moment("update_time"),
        version(),
    )
    newest_first(
        "exchanges", newest="", by_host="host_organisation", by_visitor="visiting_organisation"
    )
    by("exchanges", "state")
    signatories()
    feedback()


def signatories() -> None:
    op.create_table(
        "signatories",
        sa.Column(
            "exchange_id",
            sa.Uuid(),
            sa.ForeignKey("exchanges.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("role", sa.String(30), primary_key=True),
        resource("person"),
        moment("sign_time", nullable=True),
    )
    op.create_index("ix_signatories_person", "signatories", ["person"])


def feedback() -> None:
    op.create_table(
        "feedback",
        identifier(),
        sa.Column(
            "exchange_id",
            sa.Uuid(),
            sa.ForeignKey("exchanges.id", ondelete="CASCADE"),
            nullable=False,
        ),
        enum("role"),
        resource("person"),
        sa.Column("rating", sa.Integer(), nullable=False),
        text("text", 4000),
        moment("create_time"),
    )
    op.create_index("ix_feedback_exchange_id", "feedback", ["exchange_id"])
    op.create_index("ix_feedback_person", "feedback", ["person"])
