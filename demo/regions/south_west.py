"""The South West: its councils as the ONS lists them, some invented charities, and people who sign in."""

from __future__ import annotations

from interchange.common.v1 import types_pb2 as types
from interchange.opportunities.v1 import notices_pb2 as pb

from demo.notices import DemoNotice
from demo.people import DemoPerson
from demo.regions.demonstration import Demonstration

OFFICES = {
    "E06000022": ("Bath", 51.38, -2.36),
    "E06000023": ("Bristol", 51.45, -2.60),
    "E06000024": ("Weston-super-Mare", 51.35, -2.98),
    "E06000025": ("Yate", 51.54, -2.42),
    "E06000026": ("Plymouth", 50.37, -4.14),
    "E06000027": ("Torquay", 50.46, -3.53),
    "E06000030": ("Swindon", 51.56, -1.78),
    "E06000052": ("Truro", 50.26, -5.05),
    "E06000053": ("Hugh Town", 49.91, -6.31),
    "E06000054": ("Trowbridge", 51.32, -2.21),
    "E06000058": ("Bournemouth", 50.72, -1.88),
    "E06000059": ("Dorchester", 50.71, -2.44),
    "E07000040": ("Honiton", 50.80, -3.19),
    "E07000041": ("Exeter", 50.72, -3.53),
    "E07000042": ("Tiverton", 50.90, -3.49),
    "E07000043": ("Barnstaple", 51.08, -4.06),
    "E07000044": ("Totnes", 50.43, -3.69),
    "E07000045": ("Newton Abbot", 50.53, -3.61),
    "E07000046": ("Bideford", 51.02, -4.20),
    "E07000047": ("Tavistock", 50.55, -4.14),
    "E07000078": ("Cheltenham", 51.90, -2.08),
    "E07000079": ("Cirencester", 51.72, -1.97),
    "E07000080": ("Coleford", 51.79, -2.62),
    "E07000081": ("Gloucester", 51.86, -2.24),
    "E07000082": ("Stroud", 51.75, -2.22),
    "E07000083": ("Tewkesbury", 51.99, -2.16),
    "E07000187": ("Shepton Mallet", 51.19, -2.55),
    "E07000188": ("Bridgwater", 51.13, -3.00),
    "E07000189": ("Yeovil", 50.94, -2.63),
    "E07000246": ("Taunton", 51.02, -3.10),
    "E10000008": ("Exeter", 50.71, -3.52),
    "E10000013": ("Gloucester", 51.87, -2.25),
    "E10000027": ("Taunton", 51.01, -3.11),
}
# The list writes it for an index.
NAMES = {"E06000023": "Bristol City"}

# Invented; any likeness to a real body is chance.
THIRD_SECTOR = (
    ("Lantern Quay Housing Advice", "Plymouth", 50.37, -4.14, "Advice for people at risk of homelessness"),
    ("Moorland Minibus Circle", "Tavistock", 50.55, -4.15, "Door-to-door transport on the moor"),
    ("Severn Bore Mentors", "Gloucester", 51.86, -2.25, "Mentoring for care leavers"),
    ("Apple Day Food Alliance", "Taunton", 51.02, -3.10, "Food pantries and cooking groups"),
)  # fmt: skip

CAST = (
    DemoPerson("devon.manager", "devon.manager@demo.example", "Lowri Garrod", "devon",
               "Organisational development partner", types.MIDDLE, ("partnership-working",), ()),
    DemoPerson("cornwall.manager", "cornwall.manager@demo.example", "Tunde Blythe", "cornwall",
               "Workforce lead", types.MIDDLE, ("partnership-working",), ()),
    DemoPerson("devon.officer", "devon.officer@demo.example", "Nadia Tovell", "devon",
               "Community safety officer", types.OFFICER, ("community-safety",), ("public-consultation",)),
)  # fmt: skip

STORY = (
    DemoNotice("devon", pb.Notice(
        kind=pb.WANTED, format=pb.MENTORING,
        title="Mentor wanted for consultation with coastal villages",
        body="A colleague in community safety would like somebody to talk to who has run public consultations in "
             "small places.\n\nAn hour a fortnight for half a year would suit.",
        themes=["community safety"], skills=["public-consultation"],
        grade_bands=[types.OFFICER], attendance=pb.REMOTE, visibility=pb.NETWORK, days_per_week=0.5,
    )),
    DemoNotice("cornwall", pb.Notice(
        kind=pb.OFFERED, format=pb.WORK_SHADOWING,
        title="Work shadowing offered in retrofit of rural homes",
        body="Our team is glad to show how retrofit works in granite cottages: surveys, suppliers and living with the "
             "works.\n\nCome for a week.",
        themes=["climate"], skills=["retrofit", "carbon-planning"],
        grade_bands=[types.OFFICER, types.MIDDLE], visibility=pb.NETWORK, days_per_week=5,
    )),
)  # fmt: skip

SOUTH_WEST = Demonstration(
    code="south-west",
    display_name="South West",
    offices=OFFICES,
    third_sector=THIRD_SECTOR,
    cast=CAST,
    story=STORY,
    asker="devon.officer",
    names=NAMES,
)
