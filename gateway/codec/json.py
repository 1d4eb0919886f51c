"""JSON text: read more strictly than usual, written fast."""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from typing import NoReturn

import orjson

from chassis.errors import FieldViolation, InvalidArgument

BAD_JSON = "BAD_JSON"


def dumps(value: object) -> bytes:
    """JSON in UTF-8."""
    return orjson.dumps(value)


def loads(raw: bytes) -> object:
    """What a body says. InvalidArgument BAD_JSON unless it is exactly one JSON text in UTF-8 with no key twice."""
    try:
        return _decoder.decode(raw.decode())
    except UnicodeDecodeError as problem:
        raise InvalidArgument(BAD_JSON, "the body is not UTF-8") from problem
    except RecursionError as problem:
        raise InvalidArgument(BAD_JSON, "the body is nested too deeply") from problem
    except JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise InvalidArgument(BAD_JSON, f"the body is not JSON: look at {where}") from problem
    except ValueError as problem:  # a number of thousands of digits
        raise InvalidArgument(BAD_JSON, "the body holds a number that is too long") from problem


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two parsers may choose differently between two values of one key, so neither is believed."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        violation = FieldViolation(twice, "GIVEN_TWICE", "must be given once")
        raise InvalidArgument(BAD_JSON, "the body names a field twice", violations=[violation])
    return found


def _refuse(name: str) -> NoReturn:
    raise InvalidArgument(BAD_JSON, f"{name} is not JSON")


_decoder = JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)
