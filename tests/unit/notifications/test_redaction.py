"""What is kept of a mail server's answer."""

from __future__ import annotations

import pytest

from services.notifications.deliveries.redaction import LONGEST, redacted

PRIYA = ("priya.lartersworth@council.example", "Priya Lartersworth")


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("5.1.1 <priya.lartersworth@council.example>: unknown", "5.1.1 … unknown"),
        ("5.1.1 no mailbox PRIYA.LARTERSWORTH here", "5.1.1 no mailbox … here"),
        ("user lartersworth unknown", "user … unknown"),
        ("Priya\r\n Lartersworth has left", "… has left"),
        ("relaying denied", "relaying denied"),
        ("write to other@postmaster.example", "write to …"),
    ],
)
def test_nobody_is_named(answer: str, kept: str) -> None:
    assert redacted(answer, *PRIYA) == kept


def test_it_fits_into_its_column() -> None:
    assert len(redacted("x" * 5000)) == LONGEST
