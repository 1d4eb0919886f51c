"""Asking the running region's federation service for its partners."""

from __future__ import annotations

from collections.abc import Iterator

from interchange.federation.v1 import partners_pb2 as pb
from interchange.federation.v1.partners_pb2_grpc import PartnerServiceStub

from cli.channels import service_channel
from cli.settings import Settings

PAGE = 100
PREFIX = "partners/"
ANY = "-"  # all of them


def partner_service(settings: Settings | None = None) -> PartnerServiceStub:
    """The running region's, asked by the operator's command."""
    return PartnerServiceStub(service_channel(settings or Settings(), "federation"))


def name_of(partner: str) -> str:
    """`partners/scotland`, also from just `scotland`."""
    return partner if partner.startswith(PREFIX) else PREFIX + partner


def all_partners(stub: PartnerServiceStub) -> Iterator[pb.Partner]:
    """Every partner, page by page."""
    token = ""
    while True:
        page = stub.ListPartners(pb.ListPartnersRequest(page_size=PAGE, page_token=token))
        yield from page.partners
        token = page.next_page_token
        if not token:
            return


def pin(
    stub: PartnerServiceStub, region: str, document: bytes, fingerprint: str, channels: list[str]
) -> pb.Partner:
    """Make another region a partner."""
    partner = pb.Partner(
        name=name_of(region), document=document, fingerprint=fingerprint, channels=channels
    )
    return stub.CreatePartner(pb.CreatePartnerRequest(partner=partner))
