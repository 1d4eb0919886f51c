"""Telling people: the inbox, what they want to be told, and the mails."""
