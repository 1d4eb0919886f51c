"""Who can sign in to the demonstration, and with what. Only ever made there."""

from __future__ import annotations

PASSWORD = "Exchange-demo-1"
OPERATOR = "operator@demo.example"
SIGN_INS = (
    OPERATOR,
    "norfolk.manager@demo.example",
    "suffolk.manager@demo.example",
    "norfolk.officer@demo.example",
    "suffolk.officer@demo.example",
    "charity.manager@demo.example",
)
