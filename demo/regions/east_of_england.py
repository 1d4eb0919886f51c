"""The East of England: its councils, a dozen invented charities, and the people of the story."""

from __future__ import annotations

from interchange.common.v1 import types_pb2 as types
from interchange.opportunities.v1 import notices_pb2 as pb

from demo.notices import DemoNotice
from demo.people import DemoPerson
from demo.regions.demonstration import Demonstration, Size

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

# The people of the story, who sign in at demo.example.
CAST = (
    DemoPerson("norfolk.manager", "norfolk.manager@demo.example", "Hazel Thirtle", "norfolk",
               "Organisational development lead", types.MIDDLE, ("partnership-working",), ()),
    DemoPerson("suffolk.manager", "suffolk.manager@demo.example", "Imran Quantrill", "suffolk",
               "Workforce development manager", types.MIDDLE, ("partnership-working",), ()),
    DemoPerson("norfolk.officer", "norfolk.officer@demo.example", "Priya Larter", "norfolk",
               "Housing strategy officer", types.OFFICER, ("data-analysis",), ("housing-options",)),
    DemoPerson("suffolk.officer", "suffolk.officer@demo.example", "Gareth Pegg", "suffolk",
               "Housing options team leader", types.MIDDLE, ("housing-options", "homelessness-prevention"), ()),
    DemoPerson("charity.manager", "charity.manager@demo.example", "Zofia Yaxley", "open-latch-housing-advice",
               "Director of services", types.SENIOR, ("homelessness-prevention",), ("commissioning",)),
)  # fmt: skip

# The two notices of the story: everything else in the demonstration stands around them.
STORY = (
    DemoNotice("norfolk", pb.Notice(
        kind=pb.WANTED, format=pb.WORK_SHADOWING,
        title="Work shadowing wanted in a district's housing-options service",
        body="A colleague in housing strategy would like to see how a district runs its housing-options service "
             "from the first interview to the personal housing plan.\n\nTwo days a week for a month would suit.",
        themes=["housing"], skills=["housing-options", "homelessness-prevention"],
        grade_bands=[types.OFFICER], visibility=pb.NETWORK, days_per_week=2,
    )),
    DemoNotice("suffolk", pb.Notice(
        kind=pb.NEEDED, format=pb.WORK_SHADOWING,
        title="Housing strategy experience needed in our housing-options team",
        body="Our housing-options service would gain from somebody who knows housing strategy and data, while they "
             "see how first interviews and personal housing plans work here.",
        themes=["housing"], skills=["housing-options", "data-analysis"],
        grade_bands=[types.OFFICER, types.MIDDLE], visibility=pb.NETWORK, days_per_week=2,
    )),
)  # fmt: skip

EAST_OF_ENGLAND = Demonstration(
    code="east-of-england",
    display_name="East of England",
    offices=OFFICES,
    third_sector=THIRD_SECTOR,
    cast=CAST,
    story=STORY,
    asker="norfolk.officer",
    size=Size(people=600, notices=140, interests=70),
)
