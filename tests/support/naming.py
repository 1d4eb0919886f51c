"""A name server on loopback that knows which replicas are ready, as a cluster's does."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from threading import Thread
from typing import Self

HEADER = struct.Struct("!6H")
ADDRESS = 1  # the type of a question for IPv4 addresses
# Name as a pointer to the question's, type, class, seconds that it may be kept, length.
ANSWER = struct.Struct("!HHHIH4s")
ANSWERED = 0x8580  # an answer, with authority, no error


class Names:
    """`with Names(addresses) as names:`; who asks `names.server` is told what `addresses` holds just then."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self._addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.server = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                question, asker = self._socket.recvfrom(512)
                self._socket.sendto(self._answer(question), asker)

    def _answer(self, question: bytes) -> bytes:
        number = HEADER.unpack_from(question)[0]
        labels, end = _labels(question)
        kind = struct.unpack_from("!H", question, end)[0]
        found = self._addresses.get(labels[0], ()) if kind == ADDRESS else ()
        answers = [
            ANSWER.pack(0xC000 | HEADER.size, ADDRESS, 1, 0, 4, IPv4Address(each).packed)
            for each in found
        ]
        header = HEADER.pack(number, ANSWERED, 1, len(answers), 0, 0)
        return header + question[HEADER.size : end + 4] + b"".join(answers)


def _labels(question: bytes) -> tuple[list[str], int]:
    """The name that is asked for, and where its type follows."""
    labels, place = [], HEADER.size
    while length := question[place]:
        labels.append(question[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return labels, place + 1
