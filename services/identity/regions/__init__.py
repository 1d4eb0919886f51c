"""The region that this instance serves."""
