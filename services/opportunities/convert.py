"""From a consent to its message: requests, notices and interests show one alike."""

from __future__ import annotations

from interchange.opportunities.v1 import notices_pb2 as pb

from chassis import convert
from chassis.timestamps import to_proto as stamp
from services.opportunities.consent import Consent


def consent_to_proto(value: Consent | None) -> pb.Consent | None:
    if value is None:
        return None
    return pb.Consent(
        text_version=value.text_version,
        method=convert.number(value.method),
        give_time=stamp(value.give_time),
        recorded_by=value.recorded_by,
        purpose=value.purpose,
        recipient_region=value.recipient_region,
        expire_time=convert.moment(value.expire_time),
    )
