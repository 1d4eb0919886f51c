"""Starts the opportunities service: `python -m services.opportunities`."""

from __future__ import annotations

