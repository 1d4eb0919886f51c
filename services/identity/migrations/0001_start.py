"""The region, organisations, people, managers, what signing in leaves, the audit log, and the tables of the bus."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from chassis.bus_tables import create_0001

revision = "0001"
down_revision = None

Column = sa.Column[Any]
IN_OFFICE = sa.text("step_down_time IS NULL")
GENESIS = "0" * 64  # what the first entry of the audit log follows


def upgrade() -> None:
    create_0001(op)
    regions()
    organisations()
    people()
    managers()
    credentials()
    sessions()
    mail_tokens()
    sign_in_failures()
    signing_keys()
    audit()


def text(name: str, length: int) -> Column:
    return sa.Column(name, sa.String(length), nullable=False)


def email(name: str) -> Column:
    return text(name, 254)


def enum(name: str) -> Column:
    return text(name, 30)


def moment(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def many(name: str) -> Column:
    return sa.Column(name, sa.JSON(), nullable=False)


def flag(name: str) -> Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def number(name: str) -> Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def identifier() -> Column:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def organisation(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey("organisations.id"), nullable=nullable)


def person(*, primary_key: bool = False) -> Column:
    """What hangs on a person goes when they are erased."""
    return sa.Column(
        "person_id",
        sa.Uuid(),
        sa.ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


def indexes(table: str, **columns: str) -> None:
    for name, listed in columns.items():
        op.create_index(f"{table}_{name}", table, listed.split())


def ix(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def regions() -> None:
    op.create_table(
        "regions",
        sa.Column("code", sa.String(80), primary_key=True),
        text("display_name", 100),
        text("operator_display_name", 200),
        email("contact_email"),
        number("version"),
    )


def organisations() -> None:
    op.create_table(
        "organisations",
        identifier(),
        text("display_name", 200),
        text("sort_name", 50),
        sa.Column("search_name", sa.Text(), nullable=False),
        enum("kind"),
        enum("sector"),
        many("identifiers"),
        text("ons_code", 9),
        sa.Column("place", sa.JSON()),
        text("website", 300),
        text("description", 2000),
        email("contact_email"),
        enum("state"),
        moment("verify_time", nullable=True),
        moment("create_time"),
        number("version"),
    )
    indexes(
        "organisations",
        by_name="sort_name id",
        by_state="state sort_name id",
        by_kind="state kind sort_name id",
        by_sector="state sector sort_name id",
    )
    op.create_table(
        "organisation_identifiers",
        sa.Column("scheme", sa.String(20), primary_key=True),
        sa.Column("key", sa.String(40), primary_key=True),
        organisation("organisation_id"),
    )
    ix("organisation_identifiers", "organisation_id")


def people() -> None:
    op.create_table(
        "people",
        identifier(),
        text("display_name", 100),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        moment("email_confirm_time", nullable=True),
        organisation("organisation_id", nullable=True),
        text("job_title", 100),
        moment("start_time", nullable=True),
        many("former_employments"),
        organisation("requested_organisation_id", nullable=True),
        text("requested_job_title", 100),
        email("requested_email"),
        enum("grade_band"),
        many("skills"),
        flag("commissioner"),
        text("language", 2),
        flag("is_operator"),
        enum("state"),
        moment("create_time"),
        number("version"),
    )
    indexes(
        "people",
        by_organisation="organisation_id id",
        by_requested="requested_organisation_id id",
        by_state="state id",
        unconfirmed="state create_time",
    )


def managers() -> None:
    op.create_table(
        "managers",
        identifier(),
        organisation("organisation_id"),
        person(),
        email("contact_email"),
        moment("appoint_time"),
        moment("commit_time", nullable=True),
        moment("step_down_time", nullable=True),
    )
    op.create_index(
        "managers_one_in_office",
        "managers",
        ["organisation_id", "person_id"],
        unique=True,
        sqlite_where=IN_OFFICE,
        postgresql_where=IN_OFFICE,
    )
    indexes("managers", by_person="person_id")


def credentials() -> None:
    op.create_table("credentials", person(primary_key=True), text("password_hash", 200))


def sessions() -> None:
    op.create_table(
        "sessions",
        identifier(),
        person(),
        number("epoch"),
        moment("create_time"),
        moment("refresh_time"),
        moment("expire_time"),
    )
    ix("sessions", "person_id")
    ix("sessions", "expire_time")
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "session_id",
            sa.Uuid(),
            sa.ForeignKey("sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
        moment("use_time", nullable=True),
    )
    ix("refresh_tokens", "session_id")
    indexes("refresh_tokens", by_use_time="use_time")
    op.create_table(
        "revocations", sa.Column("sid", sa.String(50), primary_key=True), moment("until")
    )
    ix("revocations", "until")


def mail_tokens() -> None:
    op.create_table(
        "mail_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        person(),
        enum("purpose"),
        text("issuer", 50),
        moment("expire_time"),
        sa.UniqueConstraint("person_id", "purpose", "issuer"),
    )
    ix("mail_tokens", "expire_time")


def sign_in_failures() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("digest", sa.String(64), primary_key=True),
        number("count"),
        moment("first_time"),
        moment("locked_until", nullable=True),
    )
    ix("sign_in_failures", "first_time")


def signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(50), primary_key=True),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=False),
        moment("create_time"),
        moment("retire_time", nullable=True),
    )


def audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        moment("create_time"),
        text("actor", 200),
        text("action", 100),
        text("subject", 200),
        text("detail", 500),
        text("hash", 64),
    )
    indexes(
        "audit_entries",
        by_actor="actor sequence",
        by_subject="subject sequence",
        by_action="action sequence",
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        number("entries"),
        text("hash", 64),
    )
    op.bulk_insert(head, [{"id": 1, "entries": 0, "hash": GENESIS}])
