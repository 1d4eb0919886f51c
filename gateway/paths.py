"""Field paths: as the contract writes them, and as JSON does."""

from __future__ import annotations

import re

from chassis.errors import Error, FieldViolation

_AFTER_UNDERSCORE = re.compile(r"_([a-z0-9])")


def in_json(path: str, *, body: str) -> str:
    """A path as the caller knows it: `notice.grade_bands[1]`, where the body is the `notice`, is `gradeBands[1]`."""
    inner = path.removeprefix(f"{body}.") if body else path
    return _AFTER_UNDERSCORE.sub(lambda found: found[1].upper(), inner)


def rewrite(error: Error, *, body: str) -> Error:
    """A service's error with its fields as the caller knows them, also where its text names them."""
    for each in error.violations:
        if each.field:
            error.message = error.message.replace(each.field, in_json(each.field, body=body))
    error.violations = tuple(
        FieldViolation(in_json(each.field, body=body), each.reason, each.description)
        for each in error.violations
    )
    return error
