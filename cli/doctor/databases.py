"""Whether each service's database is there, new enough, and at the schema that the programs know."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from chassis import migrations
from cli.doctor.finding import Finding
from cli.doctor.places import Places

POSTGRESQL = 15  # the oldest that its makers still mend
SQLITE = (3, 35, 0)  # the first with RETURNING


def databases(places: Places) -> Iterator[Finding]:
    """Each database that we are told of."""
    for service, url in places.databases.items():
        yield from database(service, url)


def database(service: str, url: str) -> Iterator[Finding]:
    """One service's database."""
    about = f"database of {service}"
    try:
        at, engine = migrations.current(url), _engine(url)
    except sa.exc.SQLAlchemyError as problem:
        kind = type(problem).__name__
        remedy = "is the server up, and are name, password and network policy as the URL says?"
        yield Finding(about, f"can't be reached ({kind})", remedy)
        return
    yield engine
    yield _schema(service, about, at)


def _schema(service: str, about: str, at: str) -> Finding:
    newest = migrations.head(service)
    if at == newest:
        return Finding(about, f"is at {at}, the newest schema")
    if at > newest:
        return Finding(about, f"is at {at}, of a later version; these programs know it too")
    return Finding(
        about, f"is at {at or 'nothing'}, not {newest}", f"`interchange migrate {service}`"
    )


def _engine(url: str) -> Finding:
    if url.startswith("sqlite"):
        said = f"SQLite {sqlite3.sqlite_version}"
        old = sqlite3.sqlite_version_info < SQLITE
        return Finding("database engine", said, "use a newer Python" if old else "")
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            number = int(connection.scalar(sa.text("SHOW server_version_num")) or 0)
    finally:
        engine.dispose()
    remedy = f"upgrade it to {POSTGRESQL} or later" if number < POSTGRESQL * 10_000 else ""
    return Finding("database engine", f"PostgreSQL {number // 10_000}", remedy)
