"""What this service does when others announce something: it tells whom it concerns."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as opportunities

from chassis.bus import Handlers
from services.notifications.listeners import (
    accounts,
    exchanges,
    interests,
    membership,
    notices,
    requests,
)
from services.notifications.listeners.erasure import on_person_erased

HANDLERS: Handlers = {
    opportunities.RequestMade: requests.on_made,
    opportunities.RequestAnswered: requests.on_answered,
    opportunities.RequestDeclined: requests.on_declined,
    opportunities.RequestWithdrawn: requests.on_withdrawn,
    opportunities.NoticeSubmitted: notices.on_submitted,
    opportunities.NoticePublished: notices.on_published,
    opportunities.NoticeClosed: notices.on_closed,
    opportunities.NoticeExpiring: notices.on_expiring,
    opportunities.NoticeReassigned: notices.on_reassigned,
    opportunities.InterestProposed: interests.on_proposed,
    opportunities.InterestEndorsed: interests.on_endorsed,
    opportunities.InterestAccepted: interests.on_accepted,
    opportunities.InterestDeclined: interests.on_declined,
    opportunities.InterestWithdrawn: interests.on_withdrawn,
    opportunities.ExchangeTermsChanged: exchanges.on_terms_changed,
    opportunities.ExchangeSigned: exchanges.on_signed,
    opportunities.ExchangeAgreed: exchanges.on_agreed,
    opportunities.ExchangeStarted: exchanges.on_started,
    opportunities.ExchangeCompleted: exchanges.on_completed,
    opportunities.ExchangeEndedEarly: exchanges.on_ended_early,
    opportunities.FeedbackGiven: exchanges.on_feedback,
    identity.OrganisationRegistered: membership.on_registered,
    identity.OrganisationVerified: membership.on_verified,
    identity.OrganisationRevised: membership.on_revised,
    identity.ManagerAppointed: membership.on_appointed,
    identity.ManagerSteppedDown: membership.on_stepped_down,
    identity.OperatorAppointed: membership.on_operator,
    identity.MembershipRequested: membership.on_requested,
    identity.PersonJoined: membership.on_joined,
    identity.PersonEmployerChanged: membership.on_moved,
    identity.PersonInvited: accounts.on_invited,
    identity.EmailConfirmationRequested: accounts.on_confirmation,
    identity.PasswordResetRequested: accounts.on_reset,
    identity.RegistrationRepeated: accounts.on_repeated,
    identity.AccountLocked: accounts.on_locked,
    identity.SessionCompromised: accounts.on_compromised,
    identity.PersonErased: on_person_erased,
}
