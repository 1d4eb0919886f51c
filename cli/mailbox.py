"""A region's own mailbox for one machine: takes all mail, keeps each as a file, sends nothing on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import click
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis import signals

KEPT = 5000
LARGEST = 1024 * 1024


class Mailbox:
    """Keeps the newest mails, each as a file whose name says its place in time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._kept = sorted(folder.glob("*.eml"))
        self._numbers = count()

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        """Keep a mail; it is on disk before its sender is told so."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "500 not a mail"
        unfinished = self._folder / f"{time.time_ns()}-{next(self._numbers)}.part"
        unfinished.write_bytes(_received(envelope.rcpt_tos) + content)
        path = unfinished.with_suffix(".eml")
        unfinished.replace(path)
        self._forget_oldest(path)
        return "250 kept"

    def _forget_oldest(self, newest: Path) -> None:
        self._kept.append(newest)
        while len(self._kept) > KEPT:
            self._kept.pop(0).unlink(missing_ok=True)


def _received(recipients: Iterable[str]) -> bytes:
    return b"".join(f"X-Recipient: {each}\r\n".encode() for each in recipients)


@click.command()
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where mails go.")
def main(port: int, folder: Path) -> None:
    """Take mail on loopback until told to stop."""
    told = signals.told_to_end()
    mailbox = Mailbox(folder)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, data_size_limit=LARGEST)
    controller.start()
    signals.wait(told)
    controller.stop()


if __name__ == "__main__":
    main()
