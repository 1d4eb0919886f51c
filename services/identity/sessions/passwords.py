"""Passwords: which are refused, how they are kept, and how one is checked."""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.errors import InvalidArgument

SHORTEST, LONGEST = 10, 128
# As OWASP recommends where memory is scarce; about 30 ms. The library's default costs eight times that.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
FEWEST_DIFFERENT = 5

# What is left of common passwords without the digits and signs that people put around them.
COMMON = frozenset(
    """
    abcd abcde abcdef abcdefg abcdefgh abcdefghi abcdefghij administrator admin arsenal asdf
    asdfgh asdfghjkl baseball basketball bismillah butterfly changeme charlie chelsea
    chocolate christmas computer council default dragon everton exchange facebook familyname
    fireman football forever freedom guest hello iloveyou interchange internet jennifer
    jesuschrist letmein letmeinnow liverpool login lovely manchester manutd mercedes metallica
    michelle midnight monkey mustang mypassword newpassword november october p@ssword p@ssw0rd
    pa55word pass passphrase passw0rd passwort password passwordpassword password1password
    pokemon princess qazwsx qazwsxedc qwer qwert qwerty qwertyqwerty qwertyui qwertyuiop
    rangers samsung secret september sheffield spiderman starwars strawberry summer sunshine
    superman superstar temp temporary test testing thisisapassword trustno unknown victoria
    welcome welcomehome whatever winter zaq1zaq zxcvbn zxcvbnm 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
    1qaz2wsx3edc
    """.split()  # a list of words reads as words
)
DECORATION = re.compile(r"^[\W\d_]+|[\W\d_]+$")
PLAIN = COMMON | {DECORATION.sub("", word) for word in COMMON}
RUNS = ("0123456789012345678901234567890", "9876543210987654321098765432109")


class Passwords:
    """Hashes passwords with argon2id and checks them, in the same time whether or not there is one."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        # Each thread keeps the memory that argon2 took: so few of our own, not all of the server's.
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="argon2")
        # What an unknown address is checked against: nobody knows it, and it costs the same.
        self._nobodys = self.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        return self._threads.submit(self._hasher.hash, _normalised(password)).result()

    def matches(self, stored: str, password: str) -> bool:
        """Whether it is the one that was hashed; never, but as slowly, when nothing was."""
        check = self._threads.submit(
            self._hasher.verify, stored or self._nobodys, _normalised(password)
        )
        try:
            check.result()
        except (VerificationError, InvalidHashError):
            return False
        return bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether it was hashed with other costs than those of today."""
        return self._hasher.check_needs_rehash(stored)


def require_good(password: str, *, field: str, email: str = "") -> None:
    """Refuse what is too short, too long, or among the first that somebody would try."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidArgument(
            "BAD_PASSWORD", f"must have {SHORTEST} to {LONGEST} characters", field=field
        )
    if is_common(password) or is_address(password, email):
        raise InvalidArgument(
            "COMMON_PASSWORD", "is too easy to guess: choose three random words", field=field
        )


def is_common(password: str) -> bool:
    """Whether it is on the list, with or without decoration, or hardly more than one character."""
    plain = _normalised(password).casefold()
    if len(set(plain)) < FEWEST_DIFFERENT or any(plain in run for run in RUNS):
        return True
    return bool({plain, DECORATION.sub("", plain)} & PLAIN)


def is_address(password: str, email: str) -> bool:
    """Whether it is the person's own address, or the part before the @."""
    plain = password.casefold()
    return bool(email) and plain in (email, email.partition("@")[0])


def _normalised(password: str) -> str:
    """The same characters, however the keyboard composed them."""
    return unicodedata.normalize("NFKC", password)
