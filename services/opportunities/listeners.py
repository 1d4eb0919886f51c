"""What this service does when identity announces something."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as identity

from chassis.bus import Handlers
from services.opportunities.organisations.listeners import on_organisation
from services.opportunities.participation.erasure import on_person_erased
from services.opportunities.participation.moving import on_employer_changed
from services.opportunities.participation.succession import (
    on_manager_appointed,
    on_manager_stepped_down,
)

HANDLERS: Handlers = {
    identity.OrganisationRegistered: on_organisation,
    identity.OrganisationVerified: on_organisation,
    identity.OrganisationRevised: on_organisation,
    identity.ManagerAppointed: on_manager_appointed,
    identity.ManagerSteppedDown: on_manager_stepped_down,
    identity.PersonEmployerChanged: on_employer_changed,
    identity.PersonErased: on_person_erased,
}
