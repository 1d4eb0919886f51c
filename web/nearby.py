"""Where and when one looks: within some miles of a place that the region knows, and on which days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from web.api import Json
from web.asked import api

MILES = (5, 10, 20, 40, 80)
USUAL = 20
KNOWN = 20  # organisations among which a place is looked for
DEGREES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Bounds:
    """As they were typed, and what the API is asked for with them."""

    near: str = ""
    miles: int = USUAL
    place: tuple[float, float] | None = None
    first: str = ""
    last: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether the region knows no such place: then it narrows nothing."""
        return bool(self.near) and self.place is None

    @property
    def asked(self) -> Json:
        """For the API, and for a search that is kept."""
        found: Json = {"fromDate": self.first, "toDate": self.last}
        if self.place:
            found["latitude"], found["longitude"] = self.place
            found["radiusMiles"] = self.miles
        return {name: value for name, value in found.items() if value != ""}

    @property
    def typed(self) -> Json:
        """For an address of ours."""
        around = {"near": self.near, "miles": self.miles} if self.near else {}
        days = {"from": self.first, "to": self.last}
        return {**around, **{name: day for name, day in days.items() if day}}


def bounds_of(arguments: Mapping[str, str]) -> Bounds:
    """What the address says; what makes no sense there narrows nothing."""
    near, miles = arguments.get("near", "").strip()[:100], arguments.get("miles", "")
    return Bounds(
        near,
        int(miles) if miles.isdecimal() and int(miles) in MILES else USUAL,
        _place(near) if near else None,
        _day(arguments.get("from", "")),
        _day(arguments.get("to", "")),
    )


def kept(search: Json) -> Json:
    """The bounds of a search that was kept, for an address of ours."""
    degrees = search.get("latitude"), search.get("longitude")
    place = degrees if all(isinstance(each, float | int) for each in degrees) else None
    near = f"{place[0]}, {place[1]}" if place and search.get("radiusMiles") else ""
    miles = int(search.get("radiusMiles") or USUAL)
    first, last = search.get("fromDate", ""), search.get("toDate", "")
    return Bounds(near, miles, first=first, last=last).typed


def _place(near: str) -> tuple[float, float] | None:
    """Degrees as they are; else where an organisation is that is called so, or at a place of this name."""
    degrees = DEGREES.fullmatch(near)
    if degrees:
        north, east = map(float, degrees.groups())
        return (north, east) if abs(north) <= 90 and abs(east) <= 180 else None
    found = api().get("/v1/organisations:search", query=near, pageSize=KNOWN)
    return next(_places(near, found["organisations"]), None)


def _places(near: str, organisations: Iterable[Json]) -> Iterator[tuple[float, float]]:
    """Of those that are somewhere; first whoever is at a place of just this name."""
    somewhere = [each["place"] for each in organisations if each.get("place")]
    somewhere.sort(key=lambda place: place["label"].casefold() != near.casefold())
    return ((each["latitude"], each["longitude"]) for each in somewhere if _is_on_earth(each))


def _is_on_earth(place: Json) -> bool:
    """A place in words only says 0, 0, which is in the sea."""
    return bool(place["latitude"] or place["longitude"])


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        return ""
