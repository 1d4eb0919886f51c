"""What a demonstration of one region is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from demo.notices import DemoNotice
from demo.organisations import Body, DemoOrganisation, Office, councils, third_sector
from demo.people import DemoPerson


@dataclass(frozen=True)
class Size:
    """How much of it: people beside the managers, notices, and interests in them."""

    people: int
    notices: int
    interests: int


# Enough to find, little enough to start three regions in a minute.
SMALL = Size(people=60, notices=24, interests=8)


@dataclass(frozen=True)
class Demonstration:
    """One region's: its councils by code, its charities, the people who sign in, and their notices."""

    code: str
    display_name: str
    offices: Mapping[str, Office]
    third_sector: Sequence[Body]
    cast: Sequence[DemoPerson]
    story: Sequence[DemoNotice]
    asker: str  # who of the cast has asked for something, and is whom the first notice is for
    size: Size = SMALL
    names: Mapping[str, str] = field(
        default_factory=dict
    )  # of councils, by code, not as in the list

    def organisations(self) -> Sequence[DemoOrganisation]:
        """All of them, councils first."""
        return [*councils(self.offices, self.names), *third_sector(self.third_sector)]
