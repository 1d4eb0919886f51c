"""What all who take part are told of swaps. That legs begin and end is told of each exchange."""

from __future__ import annotations

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1.swaps_pb2 import Swap, SwapLeg
from sqlalchemy.orm import Session

from services.notifications.audience.queries import display_name, managers
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell

Facts = events.SwapFacts


def on_proposed(session: Session, event: events.SwapProposed) -> None:
    deadline = event.swap.swap.agree_by_time.ToDatetime().date()
    _tell(session, "swap-proposed", event.swap, deadline=deadline, legs=_legs(session, event.swap))


def on_revised(session: Session, event: events.SwapRevised) -> None:
    """Whose organisation has agreed has nothing more to do."""
    agreed = managers(session, *_agreed(event.swap.swap))
    settle(session, event.swap.swap.name, "swap-proposed", people=agreed)


def on_agreed(session: Session, event: events.SwapAgreed) -> None:
    _settle(session, event.swap)
    _tell(session, "swap-agreed", event.swap, legs=_legs(session, event.swap))


def on_degraded(session: Session, event: events.SwapDegraded) -> None:
    _settle(session, event.swap)
    _tell(session, "swap-degraded", event.swap, gone=_gone(session, event.swap.swap))


def on_lapsed(session: Session, event: events.SwapLapsed) -> None:
    _settle(session, event.swap)
    _tell(session, "swap-lapsed", event.swap, gone=_gone(session, event.swap.swap))


def _settle(session: Session, facts: Facts) -> None:
    settle(session, facts.swap.name, "swap-proposed")


def _tell(session: Session, template: str, facts: Facts, **more: object) -> None:
    """Managers of all organisations, and whom the notices are for; but who did it themselves."""
    everybody = [*managers(session, *_organisations(facts.swap).values()), *facts.people]
    people = [person for person in everybody if person != facts.actor]
    size = len(_organisations(facts.swap))
    tell(session, template, people, about=facts.swap.name, size=size, **more)


def _organisations(swap: Swap) -> dict[str, str]:
    """By notice."""
    hosts = {leg.host_notice: leg.host_organisation for leg in swap.legs}
    return hosts | {leg.visiting_notice: leg.visiting_organisation for leg in swap.legs}


def _agreed(swap: Swap) -> set[str]:
    hosts = {each.host_organisation for each in swap.legs if each.HasField("host_agree_time")}
    return hosts | {
        each.visiting_organisation for each in swap.legs if each.HasField("visiting_agree_time")
    }


def _legs(session: Session, facts: Facts) -> list[str]:
    return [_leg(session, leg) for leg in facts.swap.legs]


def _leg(session: Session, leg: SwapLeg) -> str:
    """Names and titles, which need no translation, in one line whatever was put into them."""
    visitor = display_name(session, leg.visiting_organisation)
    host = display_name(session, leg.host_organisation)
    words = f"{visitor} ({leg.visiting_notice_title}) → {host} ({leg.host_notice_title})"
    return " ".join(words.split())


def _gone(session: Session, swap: Swap) -> str:
    organisations = _organisations(swap)
    return ", ".join(display_name(session, organisations[each]) for each in swap.left)
