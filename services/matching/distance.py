"""How far two places are from each other."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_MILES = 3958.8


def miles(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Great-circle miles between two points in degrees, by the haversine formula."""
    north, other_north = radians(latitude), radians(other_latitude)
    rise, run = other_north - north, radians(other_longitude - longitude)
    half = sin(rise / 2) ** 2 + cos(north) * cos(other_north) * sin(run / 2) ** 2
    return 2 * EARTH_MILES * asin(sqrt(half))
