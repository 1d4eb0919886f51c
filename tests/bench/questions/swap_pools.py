"""Invented pools of posts: towns of a region, councils and charities in them, people who would go some way."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from services.matching.distance import Point, point
from services.matching.swaps.posts import Post, Wish

PUBLIC, THIRD = 1, 2
BANDS = range(1, 7)
SKILLS = [f"skill-{number}" for number in range(12)]
SPRING = date(2027, 3, 1)
MILES_A_DEGREE = 69.0


def pool(people: int, hosts: int, *, seed: int) -> list[Post]:
    """So many people, and so many posts of hosts who need nothing back."""
    random = Random(seed)
    towns = [_town(random) for _ in range(max(8, people // 40))]
    everybody = [_person(random, towns, number) for number in range(people)]
    return everybody + [_host(random, towns, number) for number in range(hosts)]


def _town(random: Random) -> Point:
    """Somewhere in a square of 100 miles."""
    span = 50 / MILES_A_DEGREE
    return point(52.3 + random.uniform(-span, span), 0.8 + random.uniform(-1.6, 1.6) * span)


def _person(random: Random, towns: list[Point], number: int) -> Post:
    sector = PUBLIC if random.random() < 0.6 else THIRD
    band = random.choice(BANDS)
    return _post(random, towns, f"notices/{number}", sector, band, wish=_wish(random, sector, band))


def _host(random: Random, towns: list[Point], number: int) -> Post:
    return _post(random, towns, f"notices/host-{number}", THIRD, random.choice(BANDS), wish=None)


def _post(
    random: Random, towns: list[Point], name: str, sector: int, band: int, *, wish: Wish | None
) -> Post:
    town = random.randrange(len(towns))
    first = SPRING + timedelta(days=random.randrange(0, 120))
    return Post(
        notice=name,
        organisation=f"organisations/{town}-{sector}-{random.randrange(3)}",
        sector=sector,
        bands=frozenset({band}),
        skills=frozenset(random.sample(SKILLS, 3)),
        place=towns[town],
        remote_share=random.choice((0.0, 0.0, 0.5, 1.0)),
        first_day=first,
        last_day=first + timedelta(days=random.choice((5, 14, 30, 60))),
        wish=wish,
    )


def _wish(random: Random, sector: int, band: int) -> Wish:
    """Three of four would go to the other sector, half of them know what they want to learn."""
    other = THIRD if sector == PUBLIC else PUBLIC
    skills = random.sample(SKILLS, 4) if random.random() < 0.5 else []
    return Wish(
        sectors=frozenset({other}) if random.random() < 0.75 else frozenset(),
        skills=frozenset(skills),
        radius_miles=random.choice((10.0, 20.0, 30.0, 50.0)),
    )
