"""Organisations' providers, sign-ins through them under way, those that wait to be linked, and those that are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "identity_providers",
        _organisation(primary_key=True),
        _text("issuer", 500),
        _text("client_id", 200),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        _moment("update_time"),
    )
    op.create_table(
        "external_sign_ins",
        _digest(),
        _organisation(),
        _text("issuer", 500),
        _text("redirect_uri", 500),
        _text("purpose", 30),
        _moment("expire_time"),
    )
    op.create_index("ix_external_sign_ins_expire_time", "external_sign_ins", ["expire_time"])
    op.create_table(
        "unlinked_identities",
        _digest(),
        _organisation(),
        _text("issuer", 500),
        _text("subject", 255),
        _moment("expire_time"),
    )
    op.create_index("ix_unlinked_identities_expire_time", "unlinked_identities", ["expire_time"])
    _linked_identities()


def _linked_identities() -> None:
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    op.create_table(
        "linked_identities",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), person, nullable=False),
        _organisation(),
        _text("issuer", 500),
        _text("subject", 255),
        _moment("create_time"),
        _moment("use_time", nullable=True),
        sa.UniqueConstraint("issuer", "subject"),
    )
    op.create_index("ix_linked_identities_person_id", "linked_identities", ["person_id"])


def _organisation(*, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        "organisation_id",
        sa.Uuid(),
        sa.ForeignKey("organisations.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


def _digest() -> sa.Column[str]:
    return sa.Column("digest", sa.String(64), primary_key=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
