"""Notices, requests, interests and exchanges: from an opportunity wanted to an exchange agreed."""
