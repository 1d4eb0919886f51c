"""What this service does when identity or federation announces something."""

from __future__ import annotations

from interchange.federation.v1 import events_pb2 as federation
from interchange.identity.v1 import events_pb2 as identity

from chassis.bus import Handlers
from services.opportunities.organisations.listeners import on_organisation
from services.opportunities.participation.erasure import on_person_erased
from services.opportunities.participation.moving import on_employer_changed
from services.opportunities.participation.succession import (
    on_manager_appointed,
    on_manager_stepped_down,
)
from services.opportunities.partners.listeners import (
    on_notices_told,
    on_partner_revised,
)

HANDLERS: Handlers = {
    identity.OrganisationRegistered: on_organisation,
    identity.OrganisationVerified: on_organisation,
    identity.OrganisationRevised: on_organisation,
    identity.ManagerAppointed: on_manager_appointed,
    identity.ManagerSteppedDown: on_manager_stepped_down,
    identity.PersonEmployerChanged: on_employer_changed,
    identity.PersonErased: on_person_erased,
    federation.PartnerRevised: on_partner_revised,
    federation.PartnerNoticesTold: on_notices_told,
}
