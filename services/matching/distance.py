"""How far two places are from each other."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_MILES = 3958.8

# A place on the unit sphere. Comparing chords costs a tenth of computing miles.
Point = tuple[float, float, float]


def point(latitude: float, longitude: float) -> Point:
    """The place at these degrees."""
    north, east = radians(latitude), radians(longitude)
    return (cos(north) * cos(east), cos(north) * sin(east), sin(north))


def chord(one: Point, other: Point) -> float:
    """The square of the straight line between two points: it grows with the miles."""
    x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return x * x + y * y + z * z


def chord_of(away_miles: float) -> float:
    """The squared chord of so many miles, at most a quarter of the way around."""
    return float((2 * sin(away_miles / EARTH_MILES / 2)) ** 2)


def miles(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Great-circle miles between two places in degrees."""
    return miles_of(chord(point(latitude, longitude), point(other_latitude, other_longitude)))


def miles_of(squared_chord: float) -> float:
    """Great-circle miles along such a squared chord."""
    return 2 * EARTH_MILES * asin(min(sqrt(squared_chord) / 2, 1.0))
