"""Invented people: names drawn from lists, jobs by sector, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from interchange.common.v1 import types_pb2 as types
from interchange.identity.v1 import people_pb2 as pb

from demo.organisations import DemoOrganisation

FIRST_NAMES = """
    Aisha Alan Amara Andrew Anita Asha Ben Beth Bronwen Carol Cerys Chidi Chloe Clare Daniel
    Dawn Deepa Dilys Ed Efua Elin Emma Esther Farid Fiona Gareth Grace Hannah Haruka Helen
    Ian Imran Ines Ioana Jack Jamila Jin Joan Kasia Kemi Kofi Laura Leila Liam Lowri Magda
    Maria Mei Mohammed Nadia Nia Nisha Olu Owen Parveen Pawel Priya Rachel Rhys Rosa Ruth
    Samir Sanjay Sara Shanice Siân Stuart Tariq Tess Tunde Uma Victor Wanda Wen Yasmin Yusuf
    Zara Zofia
""".split()
LAST_NAMES = """
    Abbott Achebe Adeyemi Ahmed Akhtar Ashby Baines Banerjee Barker Begum Bevan Blythe
    Carver Chaudhry Clarke Coe Cooke Cortez Dack Davies Desai Eagle Ellis Evans Farrow
    Fernandes Flack Garrod Gooch Gordon Griffiths Haque Hill Howlett Hughes Hussain Ivanova
    Jenkins Jermy Jones Kaur Kerrison Kowalski Larter Lewis Lovell Mann Mbeki Mensah Miah
    Morgan Mutasa Ncube Nowak Nunn Okafor Okonkwo Osei Owen Patel Pegg Pereira Pryke
    Quantrill Rahman Rees Roberts Rose Sadd Seago Shah Singh Smith Spalding Tait Thirtle
    Thomas Tovell Utting Vasquez Wade Warnes Williams Wright Yaxley Zhang
""".split()

COUNCIL_JOBS = (
    ("Housing options officer", types.OFFICER, ("housing-options", "homelessness-prevention")),
    ("Planning policy officer", types.OFFICER, ("local-plans", "public-consultation")),
    ("Revenues team leader", types.MIDDLE, ("council-tax", "debt-recovery")),
    ("Waste and recycling manager", types.SENIOR, ("waste-contracts", "route-planning")),
    ("Community safety officer", types.OFFICER, ("community-safety", "partnership-working")),
    ("Customer services adviser", types.FRONT_LINE, ("customer-service", "complaint-handling")),
    ("Commissioning manager", types.SENIOR, ("commissioning", "contract-management")),
    ("Data analyst", types.OFFICER, ("data-analysis", "performance-reporting")),
    ("Head of digital", types.SENIOR, ("digital-service-design", "change-leadership")),
    ("Economic development officer", types.OFFICER, ("town-centres", "grant-funding")),
    ("Environmental health officer", types.OFFICER, ("food-safety", "enforcement")),
    ("Elected Member", types.ELECTED_MEMBER, ("scrutiny", "community-leadership")),
    ("Director of place", types.EXECUTIVE, ("regeneration", "change-leadership")),
    ("Climate change officer", types.MIDDLE, ("carbon-planning", "retrofit")),
)
CHARITY_JOBS = (
    ("Volunteer co-ordinator", types.OFFICER, ("volunteer-management", "safeguarding")),
    ("Fundraising manager", types.MIDDLE, ("bid-writing", "grant-funding")),
    ("Advice worker", types.FRONT_LINE, ("debt-advice", "homelessness-prevention")),
    ("Chief executive", types.EXECUTIVE, ("change-leadership", "trustee-boards")),
    ("Trustee", types.ELECTED_MEMBER, ("trustee-boards", "scrutiny")),
    ("Project worker", types.FRONT_LINE, ("youth-work", "partnership-working")),
)


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to add: `key` is the part of the address before the @."""

    key: str
    address: str
    display_name: str
    organisation: str
    job_title: str
    grade_band: types.GradeBand.ValueType
    has: Sequence[str]
    wants: Sequence[str]
    commissioner: bool = False

    def to_proto(self, organisation: str) -> pb.Person:
        """As they are added, given their organisation's resource name."""
        has = [
            pb.PersonSkill(skill=skill, level=4, stance=pb.PersonSkill.HAS) for skill in self.has
        ]
        wants = [
            pb.PersonSkill(skill=skill, level=2, stance=pb.PersonSkill.WANTS)
            for skill in self.wants
        ]
        return pb.Person(
            display_name=self.display_name,
            email=self.address,
            organisation=organisation,
            job_title=self.job_title,
            grade_band=self.grade_band,
            skills=[*has, *wants],
            commissioner=self.commissioner,
        )


def managers(
    organisations: Sequence[DemoOrganisation], cast: Sequence[DemoPerson]
) -> dict[str, DemoPerson]:
    """One manager for nine in ten organisations, by the organisation's key; the cast's own come first."""
    chance = Random("managers")
    chosen = {person.organisation: person for person in cast if person.key.endswith(".manager")}
    for organisation in organisations:
        if organisation.key not in chosen and chance.random() < 0.9:
            chosen[organisation.key] = _invent(chance, organisation, f"manager.{organisation.key}")
    return chosen


def participants(organisations: Sequence[DemoOrganisation], count: int) -> Iterator[DemoPerson]:
    """Invented people spread over the organisations, larger councils having more of them."""
    chance = Random("participants")
    weights = [
        4 if "County" in each.display_name else 2 if each.ons_code else 1 for each in organisations
    ]
    for number in range(count):
        organisation = chance.choices(organisations, weights)[0]
        yield _invent(chance, organisation, f"{number}")


def _invent(chance: Random, organisation: DemoOrganisation, key: str) -> DemoPerson:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    jobs = COUNCIL_JOBS if organisation.ons_code else CHARITY_JOBS
    job_title, grade_band, has = chance.choice(jobs)
    wants = chance.choice(
        [skills for _, _, skills in (*COUNCIL_JOBS, *CHARITY_JOBS) if skills != has]
    )
    local = f"{first}.{last}.{key}".lower().replace("â", "a")
    return DemoPerson(
        key, f"{local}@{organisation.key}.example", f"{first} {last}", organisation.key, job_title,
        grade_band, has, wants[:1], commissioner="ommissioning" in job_title,
    )  # fmt: skip
