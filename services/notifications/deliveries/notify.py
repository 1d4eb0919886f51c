"""Mail through GOV.UK Notify, with one template that takes a subject and a body."""

from __future__ import annotations

import logging

from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from services.notifications.deliveries.models import Problem
from services.notifications.deliveries.redaction import redacted
from services.notifications.deliveries.senders import Away, Mail, NotNow, Refused, Unsent

BAD_REQUEST = 400
TOO_MANY = 429
NOT_TRUSTED = (401, 403)
SERVER_ERROR = 500


class NotifySender:
    """Hands mails to Notify, which sends them on. Our id of a mail is its reference there."""

    def __init__(self, url: str, *, api_key: str, template_id: str, timeout_s: float) -> None:
        # It writes what was refused into its log, and what was refused may be an address.
        logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)
        self._client = NotificationsAPIClient(  # type: ignore[no-untyped-call]
            api_key, base_url=url, timeout=timeout_s
        )
        self._template_id = template_id

    def send(self, mail: Mail) -> None:
        try:
            self._client.send_email_notification(  # type: ignore[no-untyped-call]
                email_address=mail.address,
                template_id=self._template_id,
                personalisation={"subject": mail.subject, "body": mail.text},
                reference=mail.id,
                one_click_unsubscribe_url=mail.unsubscribe_url or None,
            )
        except HTTPError as problem:
            raise _understood(problem, mail) from problem

    def close(self) -> None:
        self._client.request_session.close()


def _understood(problem: HTTPError, mail: Mail) -> Unsent:
    status = int(problem.status_code)
    said = f"{status} {redacted(str(problem.message), mail.address, mail.display_name)}"
    if status in NOT_TRUSTED:
        return Away(Problem.NOT_ACCEPTED, str(status))
    if status == TOO_MANY or status >= SERVER_ERROR:
        return Away(Problem.SERVER_AWAY, str(status))
    if status == BAD_REQUEST:
        return Refused(Problem.REFUSED, said)
    return NotNow(Problem.REFUSED_FOR_NOW, said)
