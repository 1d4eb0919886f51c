"""Interests and exchanges across regions: what we tell a partner of them, and what a partner tells us."""
