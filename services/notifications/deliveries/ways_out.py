"""Which sender the configuration names."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.notifications.config import Config
from services.notifications.deliveries.senders import Sender
from services.notifications.deliveries.smtp import PORTS, SmtpSender


def sender(config: Config) -> Sender:
    """ValueError for a URL of another scheme: better not to start than to send nothing."""
    scheme = urlsplit(config.mail_url).scheme
    if scheme in PORTS:
        return SmtpSender(
            config.mail_url,
            sender=config.mail_from,
            timeout_s=config.mail_timeout_s,
            ca_file=config.mail_ca_file,
        )
    if scheme == "notify":
        return _notify(config)
    raise ValueError(f"INTERCHANGE_MAIL_URL begins with {scheme}://, not smtp, smtps or notify")


def _notify(config: Config) -> Sender:
    # Imported when wanted: its HTTP client is of no use to who sends by SMTP.
    from services.notifications.deliveries.notify import NotifySender

    return NotifySender(
        config.notify_url,
        api_key=config.notify_api_key,
        template_id=config.notify_template_id,
        timeout_s=config.mail_timeout_s,
    )
