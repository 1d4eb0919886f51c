"""Mails, from the queue to the mail server."""
