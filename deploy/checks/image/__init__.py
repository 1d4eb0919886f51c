"""Checks that take minutes and root: `make check-image`."""
