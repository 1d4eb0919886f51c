"""Answers to notices, and the introductions that come of them."""
