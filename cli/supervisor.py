"""Runs programs as child processes: starts them, starts them again when they die, and stops them all."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.nursery import Born, Closed, Nursery

PR_SET_PDEATHSIG = 1
STOP_WITHIN_S = 10.0
# Waits before a program that died is started again: at once for an accident, slower for one that can't live.
RESTART_AFTER_S = (0.1, 0.5, 1.0, 2.0, 5.0)
# A program that lived so long has recovered: its next death is an accident again.
RECOVERED_AFTER_S = 30.0

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    """What to run: a command with its environment, and the file that takes what it prints."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def _die_with_parent() -> None:
    # A killed supervisor must leave nobody behind; the kernel tells its children.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A program that was started, and how often it had to be started again."""

    program: Program
    process: subprocess.Popen[bytes] | Born
    started_at: float
    deaths: int = 0
    restart_at: float | None = None

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own. Call it from the main thread, which must outlive the program."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            list(program.command),
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


class Supervisor:
    """Keeps programs running until told to stop. Not for several threads."""

    def __init__(self, nursery: Nursery | None = None) -> None:
        """With a nursery Python's programs share what they have in common."""
        self._nursery = nursery
        self._children: dict[str, Child] = {}

    def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        self._children[program.name] = Child(program, self._begun(program), time.monotonic())

    def do(self, program: Program) -> int:
        """Run a program to its end; its status."""
        return self._begun(program).wait()

    def pid(self, name: str) -> int:
        """The process id of a program, to look at it or to hurt it in a test."""
        return self._children[name].process.pid

    def tend(self) -> Iterator[str]:
        """Start again what died, when its wait is over; yields a line for each death and each start."""
        at = time.monotonic()
        for child in self._children.values():
            yield from self._tend(child, at)

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop these programs, or all: tell them all, then wait, then kill what does not end in time."""
        children = [self._children.pop(name) for name in list(names or self._children)]
        for child in children:
            if child.is_running:
                child.process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in children:
            _await_end(child.process, deadline - time.monotonic())

    def _tend(self, child: Child, at: float) -> Iterator[str]:
        if child.is_running:
            return
        if child.restart_at is None:
            if at - child.started_at > RECOVERED_AFTER_S:
                child.deaths = 0
            wait_s = RESTART_AFTER_S[min(child.deaths, len(RESTART_AFTER_S) - 1)]
            child.deaths, child.restart_at = child.deaths + 1, at + wait_s
            yield f"{child.program.name} ended with {child.process.returncode}; starting it again in {wait_s} s"
        if at >= child.restart_at:
            child.process, child.started_at = self._begun(child.program), at
            child.restart_at = None
            yield f"{child.program.name} started again"

    def _begun(self, program: Program) -> subprocess.Popen[bytes] | Born:
        interpreter, *told = program.command
        if self._nursery is None or interpreter != sys.executable or told[0] != "-m":
            return spawn(program)
        program.log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **program.environment}
        try:
            return self._nursery.bear(told[1], told[2:], environment, program.log)
        except Closed:  # each for itself, then
            return spawn(program)


def _await_end(process: subprocess.Popen[bytes] | Born, within_s: float) -> None:
    try:
        process.wait(max(within_s, 0.1))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
