"""This region's signing keys and what it tells of itself."""
