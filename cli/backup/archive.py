"""The file of a backup: lines by member, and a manifest that says what there is and what it must hash to."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import click
import orjson

FORMAT = 1
MANIFEST = "manifest.json"
OWNER_ONLY = 0o600

# All that the standard library's reader says of a file that is no longer as it was written.
DAMAGE = (
    BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    KeyError,
    TypeError,
    ValueError,
    RuntimeError,
)


@dataclass(frozen=True)
class Manifest:
    """What a backup is of, and what is in it."""

    region: str
    moment: str  # RFC 3339: what was committed then is in it, and nothing later
    revisions: Mapping[str, str]  # of each service's schema
    is_demonstration: bool
    contents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # `lines`, `sha256`
    format: int = FORMAT


class Writing:
    """`with Writing(path) as archive:`; the file is there when all of it is, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_name(f"{path.name}.part")
        self._contents: dict[str, Mapping[str, Any]] = {}

    def add(self, member: str, lines: Iterable[bytes]) -> int:
        """One member, line by line; how many lines."""
        number, digest = 0, hashlib.sha256()
        with self._zip.open(member, "w", force_zip64=True) as file:
            for line in lines:
                file.write(line)
                digest.update(line)
                number += 1
        self._contents[member] = {"lines": number, "sha256": digest.hexdigest()}
        return number

    def finish(self, manifest: Manifest) -> None:
        """Say what it is of. Without this it is no backup."""
        told = {**asdict(manifest), "contents": self._contents}
        self._zip.writestr(MANIFEST, orjson.dumps(told, option=orjson.OPT_INDENT_2))

    def __enter__(self) -> Self:
        descriptor = os.open(self._unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _: BaseException | None,
        __: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if kind:
            self._unfinished.unlink()
        else:
            self._unfinished.replace(self._path)


class Reading:
    """A backup that is whole: opened and checked, or refused in words."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = ZipFile(path)
            self.manifest = Manifest(**orjson.loads(self._zip.read(MANIFEST)))
        except DAMAGE as problem:
            raise click.ClickException(f"{path} is not a backup: {problem}") from problem
        if self.manifest.format != FORMAT:
            raise click.ClickException(f"{path} was made by a later release: restore it with that")
        self._check()

    def members(self, below: str) -> Iterator[str]:
        """Those whose names begin so, in the order in which they were written."""
        return (each for each in self.manifest.contents if each.startswith(below))

    def lines(self, member: str) -> Iterator[bytes]:
        with self._zip.open(member) as file:
            yield from file

    def _check(self) -> None:
        for member, told in self.manifest.contents.items():
            try:
                digest = hashlib.sha256()
                for line in self.lines(member):
                    digest.update(line)
            except DAMAGE as problem:
                raise click.ClickException(f"{member} is damaged: {problem}") from problem
            if digest.hexdigest() != told["sha256"]:
                raise click.ClickException(f"{member} is not as it was written")
