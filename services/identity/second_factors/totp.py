"""One-time codes after RFC 6238: six digits that change each thirty seconds."""

from __future__ import annotations

from datetime import datetime

import pyotp
from pyotp.utils import strings_equal

STEP_S = 30
# A clock may be off by one step to either side, and people take time to type.
DRIFT = (-1, 0, 1)


def new_secret() -> str:
    """160 random bits in base 32, as RFC 4226 wants them."""
    return pyotp.random_base32()


def uri(secret: str, *, account: str, issuer: str) -> str:
    """What authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """The step of time that a code belongs to; None when it is none of those around `at`."""
    app, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_S
    digits = "".join(code.split())
    near = [now + drift for drift in DRIFT]
    return next((step for step in near if strings_equal(app.generate_otp(step), digits)), None)
