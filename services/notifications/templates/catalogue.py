"""Every template by name: whether its reader has something to do, and how it travels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from interchange.identity.v1 import sessions_pb2

Purpose: TypeAlias = "sessions_pb2.MailPurpose.ValueType"


@dataclass(frozen=True, slots=True)
class Template:
    """What is known of a text beside its words."""

    name: str
    action_needed: bool = False
    is_urgent: bool = False  # about the safety of an account: mailed at once whatever people chose
    purpose: Purpose = sessions_pb2.MAIL_PURPOSE_UNSPECIFIED  # of the secret that its mail carries
    page: str = ""  # where the secret is used
    topic: str = ""  # what its mails can be stopped for by itself; empty: with all others

    @property
    def is_private(self) -> bool:
        """Carries a secret, so that it is only ever a mail."""
        return bool(self.purpose)


def _told(*names: str) -> list[Template]:
    return [Template(name) for name in names]


def _asked(*names: str) -> list[Template]:
    return [Template(name, action_needed=True) for name in names]


def _warned(*names: str) -> list[Template]:
    return [Template(name, is_urgent=True) for name in names]


def _secret(name: str, purpose: Purpose, page: str) -> Template:
    return Template(name, action_needed=True, is_urgent=True, purpose=purpose, page=page)


DIGEST = Template("digest")
ALERTS = "alerts"

CATALOGUE = {
    template.name: template
    for template in [
        *_asked("request-made"),
        *_told("request-answered", "request-declined", "request-withdrawn"),
        *_asked("notice-submitted", "notice-expiring", "notice-reassigned"),
        *_asked("notice-returned", "notice-reported"),
        *_told("notice-published", "notice-closed", "notice-report-settled"),
        *_asked("interest-proposed", "interest-endorsed"),
        *_told("interest-put-forward", "interest-going-on", "interest-accepted"),
        *_told("interest-declined", "interest-not-chosen", "interest-withdrawn"),
        *_asked("exchange-terms-changed", "exchange-action-refused"),
        *_told("exchange-signed", "exchange-agreed", "exchange-started", "exchange-completed"),
        *_told("exchange-ended-early", "feedback-given"),
        *_asked("swap-proposed"),
        *_told("swap-agreed", "swap-degraded", "swap-lapsed"),
        *_asked("organisation-registered", "manager-appointed", "manager-stepped-down"),
        *_told(
            "organisation-verified",
            "manager-replaced",
            "manager-succeeds",
            "operator-appointed",
            "coordinator-appointed",
            "coordinator-dismissed",
        ),
        *_asked("membership-requested"),
        *_told("person-joined", "employer-changed"),
        *_told("cohort-opened", "application-made", "application-made-for-you"),
        *_told("application-withdrawn", "partner-dropped-out"),
        *_told("pair-published-manager", "applicant-left-unpaired", "left-unpaired-manager"),
        *_asked("pair-published"),
        Template("notices-found", topic=ALERTS),
        *_warned("registration-repeated", "account-locked", "session-compromised"),
        *_warned("second-factor-on", "second-factor-off", "second-factor-reset"),
        *_warned("recovery-code-used", "identity-linked", "identity-unlinked"),
        _secret("invitation", sessions_pb2.ACCEPT_INVITATION, "accept-invitation"),
        _secret("email-confirmation", sessions_pb2.CONFIRM_EMAIL, "confirm-email"),
        _secret("password-reset", sessions_pb2.RESET_PASSWORD, "reset-password"),
        DIGEST,
    ]
}
