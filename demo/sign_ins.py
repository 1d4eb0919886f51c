"""Who can sign in to the demonstrations, and with what. Only ever made there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

PASSWORD = "Exchange-demo-1"
OPERATOR = "operator@demo.example"
# By region, so that the command can print them without reading all of the demonstrations.
SIGN_INS: Mapping[str, Sequence[str]] = {
    "east-of-england": (
        "norfolk.manager@demo.example",
        "suffolk.manager@demo.example",
        "norfolk.officer@demo.example",
        "suffolk.officer@demo.example",
        "charity.manager@demo.example",
    ),
    "south-west": (
        "devon.manager@demo.example",
        "cornwall.manager@demo.example",
        "devon.officer@demo.example",
    ),
    "scotland": (
        "highland.manager@demo.example",
        "fife.manager@demo.example",
        "highland.officer@demo.example",
    ),
}


def sign_ins_of(region: str) -> Sequence[str]:
    """The addresses of the region's demonstration; without one of its own it has the East of England's."""
    return (OPERATOR, *SIGN_INS.get(region, SIGN_INS["east-of-england"]))
