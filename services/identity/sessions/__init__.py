"""Signing in and out: passwords, sessions, mailed tokens and signing keys."""
