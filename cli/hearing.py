"""Who hears what on the bus: the durable consumer of each program, and those of lanes, `lane.…`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

HEARING: Mapping[str, Sequence[str]] = {
    "identity": ["evt.opportunities.act.>", "evt.matching.act.>"],
    "opportunities": ["evt.identity.>", "evt.federation.partner.>", "lane.federation.>"],
    "matching": [
        "evt.opportunities.>",
        "evt.identity.organisation.>",
        "evt.identity.manager.>",
        "evt.identity.person.>",
        "evt.federation.partner.>",
        "lane.opportunities.>",
    ],
    "notifications": [
        "evt.opportunities.>",
        "evt.identity.>",
        "evt.matching.>",
        "evt.federation.partner.>",
    ],
    "federation": ["evt.opportunities.notice.>", "evt.opportunities.partner_record.>"],
}
