"""Searches that people keep, the alerts that come of them, and notices that they starred."""
