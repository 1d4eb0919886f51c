"""The way to the next page of a listing, as a `Link` header (RFC 8288)."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

TOKEN = ("pageToken", "page_token")


def next_link(path: str, query: str, token: str) -> str:
    """The same listing with the same filters, from `token` on."""
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name not in TOKEN
    ]
    return f'<{quote(path)}?{urlencode([*kept, (TOKEN[0], token)])}>; rel="next"'
