"""Sets of small numbers as integers: a bit for each. And, or and counting cost a few words of work."""

from __future__ import annotations

from collections.abc import Iterable

BYTE = 8
# For each byte, which of its bits are set.
PLACES = [tuple(place for place in range(BYTE) if byte >> place & 1) for byte in range(256)]


def members(bits: int) -> list[int]:
    """The numbers in the set, smallest first."""
    found: list[int] = []
    for index, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // BYTE, "little")):
        if byte:
            found.extend(index * BYTE + place for place in PLACES[byte])
    return found


def of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def union(sets: Iterable[int]) -> int:
    """What is in any of them."""
    bits = 0
    for each in sets:
        bits |= each
    return bits
