"""Organisations, from registered to verified."""
