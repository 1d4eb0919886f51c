"""What the notifications service is told from outside."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import chassis.config


class Config(chassis.config.Config):
    """The chassis's settings, where mail goes, and the rhythm of digests and retries."""

    program: str = "notifications"
    database_url: str = "sqlite:///data/notifications.db"
    grpc_address: str = "127.0.0.1:7104"

    # smtp://[user:password@]host[:port], smtps://… for TLS from the first byte, or notify://
    mail_url: str = "smtp://127.0.0.1:1025"
    mail_from: str = "Interchange <no-reply@interchange.example>"
    mail_timeout_s: float = 10.0  # for each step of talking to the mail server
    mail_ca_file: Path | None = None  # who vouches for the mail server; none: the system's list
    notify_url: str = "https://api.notifications.service.gov.uk"
    notify_api_key: str = ""
    notify_template_id: str = ""  # a template with ((subject)) and ((body)) and nothing else

    public_url: str = "http://127.0.0.1:8000"  # links in mails begin with it
    api_url: str = ""  # where the gateway answers, for one-click unsubscribing; empty: public_url

    mail_poll_s: float = 2.0  # how late a mail is at most that another replica queued
    mail_lease_s: float = 300.0  # after this, mails that a replica took and did not send are free
    retry_first_s: float = 60.0
    retry_longest_s: float = 4 * 3600.0
    give_up_after_s: float = 48 * 3600.0

    # Digests leave from the first to the second o'clock; weekly ones on Mondays or, late, after.
    digest_from: time = time(7)
    digest_until: time = time(20)
    digest_zone: str = "Europe/London"
    digest_every_s: float = 60.0

    keep_messages: timedelta = timedelta(days=2 * 365)
    keep_deliveries: timedelta = timedelta(days=90)
    purge_every_s: float = 3600.0
