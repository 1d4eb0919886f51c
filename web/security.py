"""What every page forbids browsers to do."""

from __future__ import annotations

import re
import secrets

from flask import Response, g

YEAR_S = 31_536_000
# Code points that HTML has no place for, whoever wrote them: controls, and those that stand for no character.
NO_CHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
UNFIT = re.compile(f"[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f-\\x9f\\ufdd0-\\ufdef{NO_CHARACTERS}]")


def nonce() -> str:
    """Marks the scripts of this page as ours."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def policy() -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce()}'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def fit(response: Response) -> Response:
    """The page without what no page may hold."""
    if response.mimetype == "text/html":
        text = response.get_data(as_text=True)
        if UNFIT.search(text):
            response.set_data(UNFIT.sub("", text))
    return response


def protect(response: Response, *, is_secure: bool) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = policy()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if is_secure:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
    headers.setdefault("Cache-Control", "no-store")  # pages may hold what only their reader may see
    return response
