"""How long certificates hold: those of the programs, and the one that the public sees."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from chassis.clock import now
from cli.doctor.finding import Finding
from cli.doctor.places import Places

WITHIN_S = 5
SOON = timedelta(days=7)  # whoever renews them does so long before
RENEW = "see why cert-manager does not renew it: `kubectl describe certificate`"


def certificates(places: Places) -> Iterator[Finding]:
    """Each certificate that we are told of."""
    for path in places.certificates:
        yield of_file(path)
    if places.public_url.startswith("https://"):
        yield of_address(places.public_url)


def of_file(path: Path) -> Finding:
    """The certificate in a PEM file."""
    about = f"certificate {path.name}"
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as problem:
        return Finding(about, f"can't be read ({type(problem).__name__})", "is its Secret mounted?")
    return _holds(about, found.not_valid_after_utc)


def of_address(url: str) -> Finding:
    """The certificate that a server shows, as a browser would take it."""
    parts = urlsplit(url)
    about, context = f"certificate of {parts.hostname}", ssl.create_default_context()
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as shown,
        ):
            certificate = shown.getpeercert(binary_form=True) or b""
    except OSError as problem:  # a certificate that is not believed is one of these
        remedy = "is PUBLIC_URL right, the Ingress up, and its certificate by a known authority?"
        return Finding(about, f"is not believed or not shown: {problem}", remedy)
    return _holds(about, x509.load_der_x509_certificate(certificate).not_valid_after_utc)


def _holds(about: str, until: datetime) -> Finding:
    left = until - now()
    said = f"holds until {until:%Y-%m-%d}" if left > timedelta() else f"ended on {until:%Y-%m-%d}"
    return Finding(about, said, RENEW if left < SOON else "")
