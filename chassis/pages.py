"""One page of a listing, by the key of the last row seen: never by counting rows from the start."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Generic, NoReturn, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, literal, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.operators import desc_op

from chassis.errors import InvalidArgument

T = TypeVar("T")

LONGEST_TOKEN = 1000  # what the protos allow
DIGEST = 9  # bytes; twelve characters of base64


class PageRequest(Protocol):
    """Any List request in AIP style."""

    @property
    def page_size(self) -> int: ...
    @property
    def page_token(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in order, and the token of the next page: empty on the last one."""

    items: Sequence[T]
    next_page_token: str


Key = ColumnElement[Any] | InstrumentedAttribute[Any] | UnaryExpression[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One column of the key and its direction."""

    column: ColumnElement[Any]
    descending: bool

    def after(self, value: object) -> ColumnElement[bool]:
        bound = literal(value, self.column.type)
        return self.column < bound if self.descending else self.column > bound

    def at(self, value: object) -> ColumnElement[bool]:
        return self.column == literal(value, self.column.type)

    def order(self) -> ColumnElement[Any]:
        return self.column.desc() if self.descending else self.column.asc()


def paginate(
    session: Session,
    select: Select[T],
    *,
    key: Sequence[Key],
    request: PageRequest,
    scope: str,
    default: int = 20,
    most: int = 100,
) -> Page[T]:
    """One page of `select`, ordered by `key`: columns that are never null and together unique, `.desc()` where wanted.

    `scope` is the method with its filters: a token of another scope, or an altered one, is
    InvalidArgument BAD_PAGE_TOKEN.
    """
    parts = [_part(each) for each in key]
    size = _size(request.page_size, default, most)
    statement = select.add_columns(*(part.column for part in parts))
    if request.page_token:
        statement = statement.where(
            _beyond(parts, read_token(request.page_token, scope, len(parts)))
        )
    ordered = statement.order_by(*(part.order() for part in parts)).limit(size + 1)
    rows = session.execute(ordered).all()
    items = [row[0] for row in rows[:size]]
    more = len(rows) > size
    return Page(items, write_token(rows[size - 1][-len(parts) :], scope) if more else "")


def _size(asked: int, default: int, most: int) -> int:
    if asked < 0:
        raise InvalidArgument("BAD_PAGE_SIZE", "must not be negative", field="page_size")
    return min(asked or default, most)


def _part(key: Key) -> Part:
    if isinstance(key, UnaryExpression) and key.modifier is desc_op:
        return Part(key.element, descending=True)
    column = key.expression if isinstance(key, InstrumentedAttribute) else key
    return Part(column, descending=False)


def _beyond(parts: Sequence[Part], values: Sequence[object]) -> ColumnElement[bool]:
    """Rows after these values. One direction: a row comparison, which an index answers at once."""
    if len({part.descending for part in parts}) > 1:
        return or_(*(_step(parts, values, depth) for depth in range(len(parts))))
    columns = tuple_(*(part.column for part in parts))
    bound = tuple_(*(literal(v, p.column.type) for p, v in zip(parts, values, strict=True)))
    return columns < bound if parts[0].descending else columns > bound


def _step(parts: Sequence[Part], values: Sequence[object], depth: int) -> ColumnElement[bool]:
    """Equal in the first `depth` columns and beyond in the next."""
    equal = [part.at(value) for part, value in zip(parts[:depth], values, strict=False)]
    return and_(*equal, parts[depth].after(values[depth]))


# What a token holds of a value: a letter for its type, then text that gives exactly it back.
WRITERS: dict[type, tuple[str, Callable[[Any], str]]] = {
    UUID: ("u", lambda value: value.hex),
    datetime: ("t", datetime.isoformat),
    date: ("d", date.isoformat),
    bool: ("b", lambda value: "1" if value else ""),
    int: ("i", str),
    float: ("f", repr),
    str: ("s", str),
}
READERS: dict[str, Callable[[str], object]] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "b": bool,
    "i": int,
    "f": float,
    "s": str,
}


def write_token(values: Sequence[object], scope: str) -> str:
    """A token for the values of the last row's key, good for this scope only."""
    content = json.dumps([_written(value) for value in values], separators=(",", ":")).encode()
    token = base64.urlsafe_b64encode(_digest(content, scope) + content).decode().rstrip("=")
    if len(token) > LONGEST_TOKEN:
        raise ValueError("the key of this listing is too long for a page token")
    return token


def _written(value: object) -> str:
    letter, write = WRITERS[type(value)]
    return letter + write(value)


def read_token(token: str, scope: str, parts: int) -> Sequence[object]:
    """The values in a token of this scope; InvalidArgument BAD_PAGE_TOKEN for any other text."""
    if len(token) > LONGEST_TOKEN:
        _refuse()
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        digest, content = raw[:DIGEST], raw[DIGEST:]
        values = [READERS[text[0]](text[1:]) for text in json.loads(content)]
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error):
        _refuse()
    if len(values) != parts or digest != _digest(content, scope):
        _refuse()
    return values


def _digest(content: bytes, scope: str) -> bytes:
    # No secret: a forged token only names another place in a listing the caller may read anyway.
    return sha256(scope.encode() + b"\0" + content).digest()[:DIGEST]


def _refuse() -> NoReturn:
    raise InvalidArgument(
        "BAD_PAGE_TOKEN", "must be the token that the same listing gave", field="page_token"
    )
