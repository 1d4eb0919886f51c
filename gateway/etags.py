"""Etags: of what is answered, and the one a caller wants to find.

A resource's `etag` counts its changes. What is shown of it depends on more: on who looks, and on
figures beside it. So the header carries both, `"3.Vn0kGhLw"`: the version, which is all that
`If-Match` compares, and a digest of this very answer, which lets `If-None-Match` save it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b

from chassis.errors import InvalidArgument
from gateway.answers import Answer

DIGEST = 6  # bytes: eight characters
ANY = "*"
NOT_MODIFIED = 304
KEPT = ("ETag", "Cache-Control")  # what such a word carries
WEAK = "W/"


def of_answer(etag: str, body: bytes) -> str:
    """The header of an answer that holds a resource with this `etag`."""
    digest = urlsafe_b64encode(blake2b(body, digest_size=DIGEST).digest()).decode()
    return f'"{etag.strip(chr(34))}.{digest}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the caller holds exactly this answer. Weak marks, which proxies add, do not matter here."""
    if not if_none_match:
        return False
    known = [each.strip().removeprefix(WEAK) for each in if_none_match.split(",")]
    return ANY in known or etag in known


def unless_known(answer: Answer, if_none_match: str) -> Answer:
    """The answer, or word that the caller holds it already."""
    etag = answer.headers.get("ETag", "")
    if not etag or not is_known(etag, if_none_match):
        return answer
    kept = {name: value for name, value in answer.headers.items() if name in KEPT}
    return Answer(NOT_MODIFIED, b"", kept)


def wanted(if_match: str) -> str:
    """The resource's `etag` in an `If-Match` header: the header of an answer, or the field itself. `*`: any."""
    if if_match.strip() == ANY:
        return ""
    given = if_match.strip().removeprefix(WEAK)
    if "," in given or len(given) < 3 or given[0] != '"' or given[-1] != '"':
        raise InvalidArgument("BAD_IF_MATCH", 'If-Match must be one etag, such as "3"')
    return f'"{given[1:-1].partition(".")[0]}"'
