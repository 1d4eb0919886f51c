"""Notices as managers write them: subjects, ways of asking, and who asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from interchange.common.v1 import types_pb2 as types
from interchange.opportunities.v1 import notices_pb2 as pb

from demo.organisations import DemoOrganisation


@dataclass(frozen=True)
class Subject:
    """Something that organisations do, and what there is to learn of it."""

    name: str
    theme: str
    skills: Sequence[str]
    detail: str


SUBJECTS = (
    Subject("housing options", "housing", ("housing-options", "homelessness-prevention"),
            "first interviews, personal housing plans and work with private landlords"),
    Subject("temporary accommodation", "housing", ("homelessness-prevention", "contract-management"),
            "nightly lets, move-on plans and what brought costs down"),
    Subject("local plan making", "planning", ("local-plans", "public-consultation"),
            "call for sites, evidence and a regulation 18 consultation"),
    Subject("planning enforcement", "planning", ("enforcement", "complaint-handling"),
            "triage of complaints, notices and appeals"),
    Subject("council tax recovery", "finance", ("council-tax", "debt-recovery"),
            "early contact, breathing space and fair payment plans"),
    Subject("commissioning from charities", "commissioning", ("commissioning", "contract-management"),
            "market engagement, proportionate contracts and grant agreements"),
    Subject("food waste collections", "waste", ("waste-contracts", "route-planning"),
            "rounds, containers and talking to residents who would rather not"),
    Subject("digital service design", "digital", ("digital-service-design", "customer-service"),
            "user research, prototypes and a first release in twelve weeks"),
    Subject("data for social care", "digital", ("data-analysis", "performance-reporting"),
            "joining records safely and reports that managers use"),
    Subject("town centre recovery", "economy", ("town-centres", "grant-funding"),
            "empty shops, markets and events with traders"),
    Subject("community safety partnerships", "community safety", ("community-safety", "partnership-working"),
            "shared analysis, problem solving groups and quick wins"),
    Subject("volunteer programmes", "volunteering", ("volunteer-management", "safeguarding"),
            "recruiting, keeping and thanking volunteers"),
    Subject("bid writing", "funding", ("bid-writing", "grant-funding"),
            "theory of change, budgets and partners' letters"),
    Subject("overview and scrutiny", "governance", ("scrutiny", "community-leadership"),
            "work programmes, task groups and questions that help"),
    Subject("retrofit of council homes", "climate", ("retrofit", "carbon-planning"),
            "surveys, suppliers and living with the works"),
    Subject("youth voice", "young people", ("youth-work", "public-consultation"),
            "youth councils, outreach and what changed because of them"),
    Subject("leading change", "leadership", ("change-leadership",),
            "merging teams, honest conversations and keeping the service running"),
    Subject("food hygiene inspections", "environmental health", ("food-safety", "enforcement"),
            "backlogs, ratings and new businesses"),
)  # fmt: skip

WANTED_FORMATS = (pb.WORK_SHADOWING, pb.SECONDMENT, pb.MENTORING, pb.BUDDYING, pb.COACHING)
NEEDED_FORMATS = (
    pb.SECONDMENT,
    pb.TROUBLESHOOTING,
    pb.STAFF_LOAN,
    pb.FACILITATION,
    pb.PARTNER_SEARCH,
)
OFFERED_FORMATS = (
    pb.WORK_SHADOWING, pb.SECONDMENT, pb.MENTORING, pb.DISCUSSION_GROUP, pb.SWAP, pb.SHARED_WORKSPACE,
    pb.LEADERSHIP_EXCHANGE,
)  # fmt: skip

TITLES = {
    pb.WANTED: "{format} wanted in {subject}",
    pb.NEEDED: "Experience of {subject} needed",
    pb.OFFERED: "{format} offered in {subject}",
}
BODIES = {
    pb.WANTED: (
        "A colleague of ours would like to learn how another team goes about {subject}: {detail}.\n\n"
        "They bring several years in a neighbouring service, and will write up what they learn for both sides."
    ),
    pb.NEEDED: (
        "We have a gap in {subject}, and would welcome somebody who has done it: {detail}.\n\n"
        "A few days a week for some months would help; we are open to how it is arranged."
    ),
    pb.OFFERED: (
        "Our team is glad to share what it knows of {subject}: {detail}.\n\n"
        "Come for a day or for longer. There is a desk, a named contact and time to talk."
    ),
}
TROUBLESHOOTER_EVERY = 3  # subjects
TROUBLESHOOTER_BODY = (
    "Somebody with long experience of {subject} can be called on: {detail}.\n\n"
    "From a single telephone call to some days beside your team, within a fortnight of asking."
)
GRADES = (types.FRONT_LINE, types.OFFICER, types.MIDDLE, types.SENIOR, types.EXECUTIVE)


@dataclass(frozen=True)
class DemoNotice:
    """A notice to post for an organisation, given by its key."""

    organisation: str
    notice: pb.Notice


def notices(
    story: Sequence[DemoNotice], organisations: Sequence[DemoOrganisation], today: date, count: int
) -> Iterator[DemoNotice]:
    """The story's own, troubleshooters, then invented ones up to `count`, for these organisations (with a manager)."""
    chance = Random("troubleshooters")
    subjects = SUBJECTS[::TROUBLESHOOTER_EVERY]
    yield from story
    yield from (_troubleshooter(each, chance.choice(organisations)) for each in subjects)
    chance = Random("notices")
    for _ in range(count - len(story) - len(subjects)):
        yield _invent(chance, chance.choice(organisations), today)


def _troubleshooter(subject: Subject, organisation: DemoOrganisation) -> DemoNotice:
    notice = pb.Notice(
        kind=pb.OFFERED,
        format=pb.TROUBLESHOOTING,
        title=f"Troubleshooter for {subject.name}",
        body=TROUBLESHOOTER_BODY.format(subject=subject.name, detail=subject.detail),
        themes=[subject.theme],
        skills=subject.skills,
        attendance=pb.HYBRID,
        visibility=pb.NETWORK,
    )
    return DemoNotice(organisation.key, notice)


def _invent(chance: Random, organisation: DemoOrganisation, today: date) -> DemoNotice:
    kind = chance.choices((pb.WANTED, pb.NEEDED, pb.OFFERED), (5, 3, 4))[0]
    formats = {pb.WANTED: WANTED_FORMATS, pb.NEEDED: NEEDED_FORMATS, pb.OFFERED: OFFERED_FORMATS}[
        kind
    ]
    format_ = chance.choice(formats)
    subject = chance.choice(SUBJECTS)
    words = {
        "format": pb.Format.Name(format_).replace("_", " ").capitalize(),
        "subject": subject.name,
    }
    notice = pb.Notice(
        kind=kind,
        format=format_,
        title=TITLES[kind].format(**words),
        body=BODIES[kind].format(**words, detail=subject.detail),
        themes=[subject.theme],
        skills=subject.skills,
        grade_bands=sorted(chance.sample(GRADES, chance.randint(0, 2))),
        attendance=chance.choices((pb.IN_PERSON, pb.HYBRID, pb.REMOTE), (5, 3, 2))[0],
        visibility=chance.choices((pb.REGION, pb.NETWORK, pb.ORGANISATION), (5, 4, 1))[0],
        days_per_week=chance.choice((0, 0.5, 1, 2, 3, 5)),
    )
    if chance.random() < 0.5:
        start = today + timedelta(days=chance.randint(20, 150))
        notice.start_date, notice.end_date = (
            f"{start}",
            f"{start + timedelta(days=chance.randint(5, 180))}",
        )
    return DemoNotice(organisation.key, notice)
