"""Signing in through one's organisation: its OpenID Connect provider, and sign-ins that are linked to people."""
