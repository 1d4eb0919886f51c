"""Swaps: several exchanges that all begin or none."""
