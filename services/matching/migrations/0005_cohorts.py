"""Cohorts, applications, settled pairs and pairing runs with what they found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False)


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def many(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(), nullable=False)


def of(table: str, name: str, *, key: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{table}.id"), nullable=False, primary_key=key)


def upgrade() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        text("display_name", 120),
        sa.Column("description", sa.Text(), nullable=False),
        many("first_side"),
        many("second_side"),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        number("common_days"),
        number("grade_gap"),
        number("organisation_quota"),
        many("organisation_quotas"),
        text("weights", 30),
        text("state", 30),
        sa.Column("published_run_id", sa.Uuid()),
        number("runs"),
        moment("create_time"),
        moment("update_time"),
        number("version"),
    )
    op.create_index("cohorts_newest", "cohorts", ["create_time", "id"])
    applications()
    runs()


def applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of("cohorts", "cohort_id"),
        text("person", 60),
        text("organisation", 60),
        text("side", 30),
        number("grade"),
        many("wants"),
        many("offers"),
        sa.Column("place", sa.JSON()),
        number("travel_miles"),
        flag("is_remote_welcome"),
        many("days"),
        many("conflicts"),
        text("consent_text_version", 50),
        text("applied_by", 60),
        text("state", 30),
        moment("create_time"),
        moment("update_time"),
    )
    active = sa.text("state = 'ACTIVE'")
    op.create_index(
        "applications_once",
        "applications",
        ["cohort_id", "person"],
        unique=True,
        postgresql_where=active,
        sqlite_where=active,
    )
    op.create_index("applications_by_person", "applications", ["person"])
    op.create_index("applications_by_organisation", "applications", ["organisation"])
    op.create_table(
        "settled_pairs",
        of("cohorts", "cohort_id", key=True),
        sa.Column("one_id", sa.Uuid(), primary_key=True),
        sa.Column("other_id", sa.Uuid(), primary_key=True),
        text("settlement", 30),
        moment("settle_time"),
    )


def runs() -> None:
    op.create_table(
        "pairing_runs",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of("cohorts", "cohort_id"),
        number("number"),
        text("state", 30),
        many("inputs"),
        number("applicants"),
        number("possible_pairs"),
        number("pairs"),
        number("kept_pairs"),
        number("worst_points"),
        number("total_points"),
        flag("is_proved"),
        flag("is_restricted"),
        flag("keeps_published"),
        sa.Column("cpu_seconds", sa.Float(), nullable=False),
        moment("create_time"),
        moment("publish_time", nullable=True),
    )
    op.create_index("pairing_runs_of_cohort", "pairing_runs", ["cohort_id", "number"], unique=True)
    op.create_table(
        "found_pairs",
        of("pairing_runs", "run_id", key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        number("points"),
        many("terms"),
        sa.Column("miles", sa.Float()),
        flag("is_locked"),
        flag("is_kept"),
    )
    op.create_index("found_pairs_by_one", "found_pairs", ["one_id"])
    op.create_index("found_pairs_by_other", "found_pairs", ["other_id"])
    op.create_table(
        "left_unpaired",
        of("pairing_runs", "run_id", key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        number("why"),
        many("excluded"),
        number("change"),
        number("amount"),
    )
