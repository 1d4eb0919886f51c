"""Other regions, and how it stands between us."""
