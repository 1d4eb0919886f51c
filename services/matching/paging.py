"""Where a page ended: the key of its last item, in a token."""

from __future__ import annotations

from typing import Any

from chassis.errors import InvalidArgument
from chassis.pages import read_token


def read_key(token: str, scope: str, *kinds: type) -> tuple[Any, ...]:
    """The values in a token of this scope; InvalidArgument BAD_PAGE_TOKEN when they are of other types.

    Nobody has to know a secret to make a token up, so what it holds is not taken on trust.
    """
    values = read_token(token, scope, len(kinds))
    if [type(value) for value in values] != list(kinds):
        raise InvalidArgument(
            "BAD_PAGE_TOKEN", "must be the token that the same listing gave", field="page_token"
        )
    return tuple(values)
