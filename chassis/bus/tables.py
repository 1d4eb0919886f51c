"""The outbox, the inbox and the dead letters, as SQLAlchemy Core sees them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
)

from chassis.database import UtcDateTime

metadata = MetaData()

outbox = Table(
    "outbox",
    metadata,
    Column("pos", BigInteger, primary_key=True),
    Column("event_id", Uuid),
    Column("subject", String),
    Column("headers", JSON),
    Column("payload", LargeBinary),
    Column("created_at", UtcDateTime),
    Column("published_at", UtcDateTime),
    Column("attempts", Integer),
)

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", String, primary_key=True),
    Column("event_id", String, primary_key=True),
    Column("at", UtcDateTime),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("consumer", String),
    Column("event_id", String),
    Column("subject", String),
    Column("headers", JSON),
    Column("payload", LargeBinary),
    Column("reason", String),
    Column("detail", String),
    Column("deliveries", Integer),
    Column("created_at", UtcDateTime),
    Column("state", String),
)
