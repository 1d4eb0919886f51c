"""Organisations of a demonstration: real councils from public lists, third-sector bodies with invented names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from interchange.common.v1.types_pb2 import Place
from interchange.identity.v1 import organisations_pb2 as pb
from qlacref_authorities import records  # type: ignore[attr-defined]  # made when imported

# The town of its main office, degrees north and east, to about a mile.
Office = tuple[str, float, float]
# Name, town, degrees north and east, and what it does.
Body = tuple[str, str, float, float, str]


@dataclass(frozen=True)
class DemoOrganisation:
    """An organisation to register: `key` is how the rest of the demonstration calls it."""

    key: str
    display_name: str
    kind: str
    town: str
    latitude: float
    longitude: float
    ons_code: str = ""
    description: str = ""

    def to_proto(self) -> pb.Organisation:
        """As it is registered."""
        return pb.Organisation(
            display_name=self.display_name,
            kind=pb.Organisation.Kind.Value(self.kind),
            place=Place(label=self.town, latitude=self.latitude, longitude=self.longitude),
            ons_code=self.ons_code,
            description=self.description,
            website=f"https://{self.key}.example/",
            contact_email=f"exchange@{self.key}.example",
        )


def key_of(display_name: str) -> str:
    """A short name fit for a mail domain: "King's Lynn and West Norfolk" is "kings-lynn-and-west-norfolk"."""
    plain = display_name.lower().replace("'", "").replace("\u2019", "").replace("é", "e")
    return "-".join("".join(letter if letter.isalnum() else " " for letter in plain).split())


def councils(offices: Mapping[str, Office], names: Mapping[str, str]) -> Iterator[DemoOrganisation]:
    """Every council with an office, by its code: districts, boroughs and unitaries, then counties.

    Named as in the ONS list unless `names` says otherwise.
    """
    lower = {row["LTLA21CD"]: row["LTLA21NM"] for row in records} | dict(names)
    upper = {row["UTLA21CD"]: row["UTLA21NM"] for row in records}
    for code, (town, latitude, longitude) in sorted(offices.items()):
        is_county = code not in lower
        name = upper[code] if is_county else lower[code]
        suffix = "County Council" if is_county else "Council"
        yield DemoOrganisation(
            key_of(name), f"{name} {suffix}", "LOCAL_AUTHORITY", town, latitude, longitude, code
        )


def third_sector(bodies: Iterable[Body]) -> Iterator[DemoOrganisation]:
    """Invented charities and social enterprises."""
    for name, town, latitude, longitude, description in bodies:
        yield DemoOrganisation(
            key_of(name), name, "THIRD_SECTOR", town, latitude, longitude, description=description
        )
