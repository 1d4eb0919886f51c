"""The councils of the East of England, and a dozen third-sector bodies with invented names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interchange.common.v1.types_pb2 import Place
from interchange.identity.v1 import organisations_pb2 as pb
from qlacref_authorities import records  # type: ignore[attr-defined]  # made when imported

# Where each council has its main office: degrees north and east, to about a mile.
OFFICES = {
    "E06000031": ("Peterborough", 52.57, -0.24),
    "E06000032": ("Luton", 51.88, -0.42),
    "E06000033": ("Southend-on-Sea", 51.54, 0.71),
    "E06000034": ("Grays", 51.48, 0.33),
    "E06000055": ("Bedford", 52.14, -0.47),
    "E06000056": ("Chicksands", 52.04, -0.36),
    "E07000008": ("Cambridge", 52.20, 0.12),
    "E07000009": ("Ely", 52.40, 0.26),
    "E07000010": ("March", 52.55, 0.09),
    "E07000011": ("Huntingdon", 52.33, -0.18),
    "E07000012": ("Cambourne", 52.22, -0.07),
    "E07000066": ("Basildon", 51.57, 0.46),
    "E07000067": ("Braintree", 51.88, 0.55),
    "E07000068": ("Brentwood", 51.62, 0.30),
    "E07000069": ("Thundersley", 51.57, 0.59),
    "E07000070": ("Chelmsford", 51.73, 0.47),
    "E07000071": ("Colchester", 51.89, 0.90),
    "E07000072": ("Epping", 51.70, 0.11),
    "E07000073": ("Harlow", 51.77, 0.09),
    "E07000074": ("Maldon", 51.73, 0.68),
    "E07000075": ("Rochford", 51.58, 0.71),
    "E07000076": ("Clacton-on-Sea", 51.79, 1.15),
    "E07000077": ("Saffron Walden", 52.02, 0.24),
    "E07000095": ("Cheshunt", 51.70, -0.04),
    "E07000096": ("Hemel Hempstead", 51.75, -0.47),
    "E07000098": ("Borehamwood", 51.66, -0.27),
    "E07000099": ("Letchworth Garden City", 51.98, -0.23),
    "E07000102": ("Rickmansworth", 51.64, -0.47),
    "E07000103": ("Watford", 51.66, -0.40),
    "E07000144": ("Thorpe St Andrew", 52.63, 1.35),
    "E07000143": ("Dereham", 52.68, 0.94),
    "E07000145": ("Great Yarmouth", 52.61, 1.73),
    "E07000146": ("King's Lynn", 52.75, 0.40),
    "E07000147": ("Cromer", 52.93, 1.30),
    "E07000148": ("Norwich", 52.63, 1.30),
    "E07000149": ("Long Stratton", 52.49, 1.23),
    "E07000200": ("Hadleigh", 52.04, 0.95),
    "E07000202": ("Ipswich", 52.06, 1.15),
    "E07000203": ("Needham Market", 52.15, 1.05),
    "E07000240": ("St Albans", 51.75, -0.34),
    "E07000241": ("Welwyn Garden City", 51.80, -0.21),
    "E07000242": ("Hertford", 51.80, -0.08),
    "E07000243": ("Stevenage", 51.90, -0.20),
    "E07000244": ("Melton", 52.10, 1.33),
    "E07000245": ("Bury St Edmunds", 52.24, 0.71),
    "E10000003": ("Alconbury Weald", 52.38, -0.23),
    "E10000012": ("Chelmsford", 51.74, 0.47),
    "E10000015": ("Hertford", 51.79, -0.09),
    "E10000020": ("Norwich", 52.61, 1.31),
    "E10000029": ("Ipswich", 52.06, 1.16),
}

# Invented; any likeness to a real body is chance.
THIRD_SECTOR = (
    ("Fenland Furrow Trust", "Wisbech", 52.66, 0.16, "Land-based training for young people"),
    (
        "Broadwater Carers' Circle",
        "Lowestoft",
        52.47,
        1.75,
        "Support for unpaid carers on the coast",
    ),
    (
        "Open Latch Housing Advice",
        "Norwich",
        52.63,
        1.29,
        "Advice for people at risk of homelessness",
    ),
    ("Orwell Bridge Mentors", "Ipswich", 52.05, 1.15, "Mentoring for care leavers"),
    ("Saltmarsh Community Transport", "Maldon", 51.73, 0.67, "Door-to-door transport in villages"),
    ("Lanternlight Debt Advice", "Colchester", 51.89, 0.90, "Free debt and benefits advice"),
    (
        "Three Rivers Repair Café Network",
        "Watford",
        51.66,
        -0.39,
        "Repair cafés and tool libraries",
    ),
    ("Kingfisher Youth Partnership", "Peterborough", 52.57, -0.25, "Youth work in new estates"),
    ("Chalk Stream Volunteers", "Hitchin", 51.95, -0.28, "River care by volunteers"),
    ("Hedgerow Food Alliance", "Bury St Edmunds", 52.25, 0.71, "Food pantries and cooking groups"),
    ("Silver Threads Befriending", "Southend-on-Sea", 51.54, 0.71, "Befriending for older people"),
    ("New Roots Welcome", "Luton", 51.88, -0.41, "Welcome and English for new arrivals"),
)


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


def councils() -> Iterator[DemoOrganisation]:
    """Every council of the region in the ONS list: districts, boroughs and unitaries, then counties."""
    lower = {row["LTLA21CD"]: row["LTLA21NM"] for row in records}
    upper = {row["UTLA21CD"]: row["UTLA21NM"] for row in records}
    for code, (town, latitude, longitude) in sorted(OFFICES.items()):
        is_county = code not in lower
        name = upper[code] if is_county else lower[code]
        suffix = "County Council" if is_county else "Council"
        yield DemoOrganisation(
            key_of(name), f"{name} {suffix}", "LOCAL_AUTHORITY", town, latitude, longitude, code
        )


def third_sector() -> Iterator[DemoOrganisation]:
    """The invented charities and social enterprises."""
    for name, town, latitude, longitude, description in THIRD_SECTOR:
        yield DemoOrganisation(
            key_of(name), name, "THIRD_SECTOR", town, latitude, longitude, description=description
        )
