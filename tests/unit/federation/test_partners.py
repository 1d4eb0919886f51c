"""Partners as operators see them: pinned by voice, agreed with, stopped, and every act written down first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import ServicerContext
from interchange.federation.v1 import events_pb2 as events
from interchange.federation.v1 import partners_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from prometheus_client import REGISTRY

from chassis.auth import Principal, acting_as
from chassis.database import Database
from chassis.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unavailable,
)
from chassis.identity import Audit
from chassis.validation import validate
from services.federation import measuring
from services.federation.log.models import Erasure
from services.federation.partners.checking import Checking
from services.federation.partners.models import Partner, State
from services.federation.partners.service import PartnerService
from services.federation.protocol.keys import SigningKey, fingerprint
from services.federation.receiving.judging import Judging
from tests.conftest import Databases
from tests.support.outbox import announced
from tests.support.register import Register, an_operator, serving
from tests.unit.federation.origins import AT, Origin, subject_of
from tests.unit.federation.receiver import Receiver

NO_CONTEXT = cast(ServicerContext, None)
REGION = "east-of-england"
SCOTLAND = "partners/scotland"
KEY = SigningKey.generate("east-1")
Answer = TypeVar("Answer")


@dataclass
class Desk:
    """The service, an operator, and the audit log that identity keeps."""

    database: Database
    register: Register
    service: PartnerService
    operator: Principal

    def ask(self, method: Callable[[Any, Any], Answer], request: Any) -> Answer:
        validate(request)
        with acting_as(self.operator):
            return method(request, NO_CONTEXT)

    def pin(self, origin: Origin, **fields: Any) -> pb.Partner:
        content = {
            "document": origin.signed_document,
            "fingerprint": fingerprint(origin.root.public),
            "channels": ["national"],
            **fields,
        }
        request = pb.CreatePartnerRequest(partner=pb.Partner(**content))
        return self.ask(self.service.CreatePartner, request)

    def update(self, *paths: str, etag: str = "", **fields: Any) -> pb.Partner:
        partner = pb.Partner(name=SCOTLAND, etag=etag, **fields)
        request = pb.UpdatePartnerRequest(partner=partner, update_mask=FieldMask(paths=paths))
        return self.ask(self.service.UpdatePartner, request)

    def suspend(self, reason: str = "") -> pb.Partner:
        request = pb.SuspendPartnerRequest(name=SCOTLAND, reason=reason)
        return self.ask(self.service.SuspendPartner, request)

    def resume(self) -> pb.Partner:
        return self.ask(self.service.ResumePartner, pb.ResumePartnerRequest(name=SCOTLAND))

    def remove(self) -> pb.Partner:
        return self.ask(self.service.RemovePartner, pb.RemovePartnerRequest(name=SCOTLAND))

    def get(self, name: str = SCOTLAND) -> pb.Partner:
        return self.ask(self.service.GetPartner, pb.GetPartnerRequest(name=name))

    def told(self) -> list[tuple[int, int]]:
        """State and version, as the region heard."""
        return [
            (each.state, each.version) for each in announced(self.database, events.PartnerRevised)
        ]

    def audited(self) -> list[str]:
        return [each.action for each in self.register.audited]


@pytest.fixture
def scotland() -> Origin:
    return Origin()


@pytest.fixture
def desk(databases: Databases) -> Iterator[Desk]:
    database, register = databases("federation"), Register()
    with serving(register) as channel:
        checking = Checking(lambda: KEY, region=REGION, development=True)
        service = PartnerService(
            database, Audit(channel), checking, Judging(database), region=REGION
        )
        yield Desk(database, register, service, an_operator())


def test_a_partner_is_pinned_by_the_words_that_its_operator_read_out(
    desk: Desk, scotland: Origin
) -> None:
    words = fingerprint(scotland.root.public).upper().replace(" ", ", ")

    partner = desk.pin(scotland, fingerprint=words)

    assert (partner.name, partner.state) == (SCOTLAND, pb.Partner.PINNED)
    assert partner.quota.entries_per_hour == 2_000
    assert desk.get() == partner
    assert desk.audited() == ["partner.create"]
    assert desk.told() == [(pb.Partner.PINNED, partner.version)]


def test_other_words_are_refused(desk: Desk, scotland: Origin) -> None:
    with pytest.raises(FailedPrecondition, match="FINGERPRINT_DIFFERS"):
        desk.pin(scotland, fingerprint=fingerprint(b"x" * 32))

    with pytest.raises(NotFound):
        desk.get()


@pytest.mark.parametrize("document", [b"{}", b"no", b'{"protected": "e30=", "sig": "e30="}'])
def test_what_is_no_document_is_refused(desk: Desk, scotland: Origin, document: bytes) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        desk.pin(scotland, document=document)

    assert refusal.value.violations[0].field == "partner.document"


def test_our_own_region_is_no_partner(desk: Desk) -> None:
    with pytest.raises(InvalidArgument, match="OWN_REGION"):
        desk.pin(Origin(region=REGION))


def test_a_partner_is_pinned_once(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)

    with pytest.raises(AlreadyExists, match="PARTNER_EXISTS"):
        desk.pin(scotland)


def test_nothing_is_done_that_cannot_be_written_down(databases: Databases) -> None:
    database, register = databases("federation"), Register()
    with serving(register) as channel:
        audit = Audit(channel)
    checking = Checking(lambda: KEY, region=REGION, development=True)
    service = PartnerService(database, audit, checking, Judging(database), region=REGION)
    desk = Desk(database, register, service, an_operator())

    with pytest.raises((Unavailable, ValueError)):  # ValueError: a channel that was closed
        desk.pin(Origin())

    assert desk.told() == []


def test_terms_change_one_by_one(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)

    desk.update("policy", policy=pb.PartnerPolicy(kinds=[notices_pb2.OFFERED]))
    partner = desk.update("quota", quota=pb.PartnerQuota(live_notices=7))

    assert list(partner.policy.kinds) == [notices_pb2.OFFERED]
    assert (partner.quota.live_notices, partner.quota.burst) == (7, 10_000)
    assert list(partner.channels) == ["national"]


def test_whoever_saw_other_terms_is_refused_and_time_alone_makes_no_difference(
    desk: Desk, scotland: Origin
) -> None:
    seen = desk.pin(scotland).etag
    with desk.database.begin() as session:
        partner = session.get_one(Partner, "scotland")
        partner.heard(skew_s=0.1, at=AT)
        partner.announced(at=AT)

    desk.update("quota", etag=seen, quota=pb.PartnerQuota(live_notices=7))
    with pytest.raises(Aborted, match="STALE_ETAG"):
        desk.update("quota", etag=seen, quota=pb.PartnerQuota(live_notices=8))


def test_a_partner_is_suspended_and_resumed(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)

    suspended = desk.suspend("too many complaints")
    assert (suspended.state, suspended.state_reason) == (
        pb.Partner.SUSPENDED,
        "too many complaints",
    )
    resumed = desk.resume()
    assert resumed.state == pb.Partner.PINNED
    with pytest.raises(FailedPrecondition, match="NOT_SUSPENDED"):
        desk.resume()

    states = [state for state, _ in desk.told()]
    assert states == [pb.Partner.PINNED, pb.Partner.SUSPENDED, pb.Partner.PINNED]
    assert desk.audited()[:3] == ["partner.create", "partner.suspend", "partner.resume"]


def test_of_a_removed_partner_nothing_is_kept_and_nothing_is_changed(
    desk: Desk, scotland: Origin
) -> None:
    desk.pin(scotland)
    receiver = Receiver(desk.database)
    scotland.put(1)
    receiver.take(scotland)

    desk.remove()

    (gone,) = receiver.told_gone()
    assert gone.erase
    assert all(each.payload is None for each in receiver.entries())
    for change in (desk.suspend, desk.remove, desk.resume, lambda: desk.update("channels")):
        with pytest.raises(FailedPrecondition):
            change()


def test_a_removed_partner_is_pinned_again_and_read_anew(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)
    receiver = Receiver(desk.database)
    scotland.put(1)
    receiver.take(scotland)
    removed = desk.remove()

    again = desk.pin(scotland)
    receiver.take(scotland)

    assert again.state == pb.Partner.PINNED
    assert again.version > removed.version
    assert desk.told() == sorted(desk.told(), key=lambda each: each[1])
    assert receiver.live() == {subject_of(1)}


def test_partners_are_listed_page_by_page(desk: Desk) -> None:
    for region in ("wales", "scotland", "london"):
        desk.pin(Origin(region=region))

    first = desk.ask(desk.service.ListPartners, pb.ListPartnersRequest(page_size=2))
    rest = desk.ask(
        desk.service.ListPartners,
        pb.ListPartnersRequest(page_size=2, page_token=first.next_page_token),
    )

    names = [each.name for each in (*first.partners, *rest.partners)]
    assert names == ["partners/london", "partners/scotland", "partners/wales"]
    assert rest.next_page_token == ""


@pytest.mark.parametrize("name", ["partners/", "scotland", "partners/UPPER", "partners/a/b"])
def test_odd_names_are_refused(desk: Desk, name: str) -> None:
    with pytest.raises(InvalidArgument, match="BAD_NAME"):
        desk.get(name)


def test_erasures_are_listed_until_they_are_receipted(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)
    with desk.database.begin() as session:
        for number in range(3):
            session.add(
                Erasure(
                    region="scotland",
                    channel="national",
                    subject=subject_of(number),
                    create_time=AT,
                    receipt_time=AT if number == 0 else None,
                )
            )

    waiting = pb.ListErasuresRequest(parent="partners/-", outstanding=True)
    of_scotland = pb.ListErasuresRequest(parent=SCOTLAND)

    assert len(desk.ask(desk.service.ListErasures, waiting).erasures) == 2
    assert len(desk.ask(desk.service.ListErasures, of_scotland).erasures) == 3
    assert desk.get().outstanding_erasures == 2


def test_what_was_held_is_listed_and_dropped(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)
    receiver = Receiver(desk.database)
    scotland.say("dance", subject_of(1))
    receiver.take(scotland)

    listing = pb.ListSetAsideEntriesRequest(parent=SCOTLAND)
    (held,) = desk.ask(desk.service.ListSetAsideEntries, listing).set_aside_entries
    assert (held.reason, desk.get().held_entries) == ("UNKNOWN_OP", 1)
    dropping = pb.DropSetAsideEntryRequest(name=held.name)
    dropped = desk.ask(desk.service.DropSetAsideEntry, dropping)

    assert dropped.state == pb.SetAsideEntry.DROPPED
    assert not desk.ask(desk.service.ListSetAsideEntries, listing).set_aside_entries
    with pytest.raises(FailedPrecondition):
        desk.ask(desk.service.DropSetAsideEntry, dropping)


def test_a_check_says_which_step_failed(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)  # whose address answers nothing

    answer = desk.ask(desk.service.CheckPartner, pb.CheckPartnerRequest(name=SCOTLAND))

    (step,) = answer.steps
    assert not step.ok
    assert step.detail


def test_figures_tell_how_it_stands(desk: Desk, scotland: Origin) -> None:
    desk.pin(scotland)
    with desk.database.begin() as session:
        partner = session.get_one(Partner, "scotland")
        partner.heard(skew_s=0.1, at=AT)
        partner.caught_up(AT - timedelta(minutes=1))
        for number, asked in enumerate((AT - timedelta(days=8), AT)):
            session.add(
                Erasure(
                    region="scotland",
                    channel="national",
                    subject=subject_of(number),
                    create_time=asked,
                )
            )

    measuring.measure(desk.database, region=REGION, at=AT + timedelta(minutes=9))

    def figure(name: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"partner": "scotland"})

    assert figure("fed_last_contact_seconds") == 540
    assert figure("fed_head_age_seconds") == 600
    assert figure("fed_partner_state") == State.ACTIVE
    assert figure("fed_erasure_outstanding") == 2
    assert figure("fed_erasure_oldest_seconds") == 8 * 86_400 + 540
    assert figure("fed_key_expires_seconds") == 60 * 86_400 - 540

    with desk.database.begin() as session:
        session.get_one(Partner, "scotland").remove()
    measuring.measure(desk.database, region=REGION, at=AT + timedelta(minutes=9))

    assert figure("fed_last_contact_seconds") is None
    assert figure("fed_erasure_oldest_seconds") is None
