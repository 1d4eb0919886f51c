"""Scotland: its 32 councils, some invented charities, and people who sign in."""

from __future__ import annotations

from interchange.common.v1 import types_pb2 as types
from interchange.opportunities.v1 import notices_pb2 as pb

from demo.notices import DemoNotice
from demo.people import DemoPerson
from demo.regions.demonstration import Demonstration

# The list that the others draw on ends at the border.
NAMES = {
    "S12000005": "Clackmannanshire",
    "S12000006": "Dumfries and Galloway",
    "S12000008": "East Ayrshire",
    "S12000010": "East Lothian",
    "S12000011": "East Renfrewshire",
    "S12000013": "Na h-Eileanan Siar",
    "S12000014": "Falkirk",
    "S12000017": "Highland",
    "S12000018": "Inverclyde",
    "S12000019": "Midlothian",
    "S12000020": "Moray",
    "S12000021": "North Ayrshire",
    "S12000023": "Orkney Islands",
    "S12000026": "Scottish Borders",
    "S12000027": "Shetland Islands",
    "S12000028": "South Ayrshire",
    "S12000029": "South Lanarkshire",
    "S12000030": "Stirling",
    "S12000033": "Aberdeen City",
    "S12000034": "Aberdeenshire",
    "S12000035": "Argyll and Bute",
    "S12000036": "City of Edinburgh",
    "S12000038": "Renfrewshire",
    "S12000039": "West Dunbartonshire",
    "S12000040": "West Lothian",
    "S12000041": "Angus",
    "S12000042": "Dundee City",
    "S12000045": "East Dunbartonshire",
    "S12000047": "Fife",
    "S12000048": "Perth and Kinross",
    "S12000049": "Glasgow City",
    "S12000050": "North Lanarkshire",
}
OFFICES = {
    "S12000005": ("Alloa", 56.12, -3.79),
    "S12000006": ("Dumfries", 55.07, -3.61),
    "S12000008": ("Kilmarnock", 55.61, -4.50),
    "S12000010": ("Haddington", 55.96, -2.78),
    "S12000011": ("Giffnock", 55.80, -4.29),
    "S12000013": ("Stornoway", 58.21, -6.39),
    "S12000014": ("Falkirk", 56.00, -3.78),
    "S12000017": ("Inverness", 57.48, -4.23),
    "S12000018": ("Greenock", 55.95, -4.76),
    "S12000019": ("Dalkeith", 55.89, -3.07),
    "S12000020": ("Elgin", 57.65, -3.31),
    "S12000021": ("Irvine", 55.61, -4.67),
    "S12000023": ("Kirkwall", 58.98, -2.96),
    "S12000026": ("Newtown St Boswells", 55.58, -2.67),
    "S12000027": ("Lerwick", 60.15, -1.14),
    "S12000028": ("Ayr", 55.46, -4.63),
    "S12000029": ("Hamilton", 55.78, -4.04),
    "S12000030": ("Stirling", 56.12, -3.94),
    "S12000033": ("Aberdeen", 57.15, -2.10),
    "S12000034": ("Aberdeen", 57.16, -2.14),
    "S12000035": ("Lochgilphead", 56.04, -5.43),
    "S12000036": ("Edinburgh", 55.95, -3.18),
    "S12000038": ("Paisley", 55.84, -4.42),
    "S12000039": ("Dumbarton", 55.94, -4.57),
    "S12000040": ("Livingston", 55.88, -3.52),
    "S12000041": ("Forfar", 56.64, -2.89),
    "S12000042": ("Dundee", 56.46, -2.97),
    "S12000045": ("Kirkintilloch", 55.94, -4.16),
    "S12000047": ("Glenrothes", 56.20, -3.17),
    "S12000048": ("Perth", 56.40, -3.43),
    "S12000049": ("Glasgow", 55.86, -4.25),
    "S12000050": ("Motherwell", 55.79, -3.99),
}

# Invented; any likeness to a real body is chance.
THIRD_SECTOR = (
    ("Ferryman Befriending", "Oban", 56.41, -5.47, "Befriending for older people on the islands"),
    ("Heatherbell Debt Advice", "Inverness", 57.48, -4.22, "Free debt and benefits advice"),
    ("Clydeside Loom Repair Network", "Glasgow", 55.86, -4.26, "Repair cafés and tool libraries"),
    ("Machair Volunteers", "Stornoway", 58.21, -6.38, "Care of the shore by volunteers"),
)

CAST = (
    DemoPerson("highland.manager", "highland.manager@demo.example", "Rhys Spalding", "highland",
               "Workforce development manager", types.MIDDLE, ("partnership-working",), ()),
    DemoPerson("fife.manager", "fife.manager@demo.example", "Kasia Lovell", "fife",
               "Learning and development lead", types.MIDDLE, ("partnership-working",), ()),
    DemoPerson("highland.officer", "highland.officer@demo.example", "Samir Wade", "highland",
               "Housing options team leader", types.MIDDLE, ("housing-options", "homelessness-prevention"),
               ("data-analysis",)),
)  # fmt: skip

STORY = (
    DemoNotice("highland", pb.Notice(
        kind=pb.WANTED, format=pb.MENTORING,
        title="Mentor wanted for a first housing data project",
        body="A colleague who leads a housing-options team is about to begin a project with data, and would like "
             "somebody to talk to who has done one.\n\nAn hour a fortnight, by video.",
        themes=["housing"], skills=["data-analysis"],
        grade_bands=[types.MIDDLE], attendance=pb.REMOTE, visibility=pb.NETWORK, days_per_week=0.5,
    )),
    DemoNotice("fife", pb.Notice(
        kind=pb.OFFERED, format=pb.SECONDMENT,
        title="Secondment offered in town centre recovery",
        body="Our town centre team has a place for half a year: empty shops, markets and events with traders.\n\n"
             "There is a desk, a named contact and time to talk.",
        themes=["economy"], skills=["town-centres", "grant-funding"],
        grade_bands=[types.OFFICER, types.MIDDLE], visibility=pb.NETWORK, days_per_week=3,
    )),
)  # fmt: skip

SCOTLAND = Demonstration(
    code="scotland",
    display_name="Scotland",
    offices=OFFICES,
    third_sector=THIRD_SECTOR,
    cast=CAST,
    story=STORY,
    asker="highland.officer",
    names=NAMES,
)
