"""Sets of small numbers as integers: a bit for each. And, or and counting cost a few words of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable

BYTE = 8
# For each byte, which of its bits are set.
PLACES = [tuple(place for place in range(BYTE) if byte >> place & 1) for byte in range(256)]


def members(bits: int) -> list[int]:
    """The numbers in the set, smallest first."""
    found: list[int] = []
    for index, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // BYTE, "little")):
        if byte:
            found.extend([index * BYTE + place for place in PLACES[byte]])
    return found


def first(bits: int) -> int:
    """The smallest number in a set that is not empty."""
    return (bits & -bits).bit_length() - 1


def of(numbers: Collection[int]) -> int:
    """The set of these numbers."""
    if not numbers:
        return 0
    # Not one by one into an integer: each step would copy all of it.
    found = bytearray(max(numbers) // BYTE + 1)
    for number in numbers:
        found[number // BYTE] |= 1 << number % BYTE
    return int.from_bytes(found, "little")


def union(sets: Iterable[int]) -> int:
    """What is in any of them."""
    bits = 0
    for each in sets:
        bits |= each
    return bits
