"""Where a region's own programs are born: a process that has imported what they share forks each of them.

Half of what a Python program holds is its libraries. Forked after they were imported, programs share those pages for as
long as nobody writes to them. The nursery itself does nothing but fork, and has one thread; gRPC is imported in it and
never used.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, Self

import interchange

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
# What most programs import, and nothing that leaves something of itself in those that do not.
COMMON = (
    "chassis.auth", "chassis.bus", "chassis.client", "chassis.columns", "chassis.convert", "chassis.database",
    "chassis.etags", "chassis.fields", "chassis.identity", "chassis.logs", "chassis.operations", "chassis.places",
    "chassis.server", "chassis.telemetry", "chassis.valkey", "chassis.wsgi", "flask", "redis", "requests",
    "sqlalchemy.dialects.sqlite",
)  # fmt: skip
MESSAGE = 256 * 1024  # bytes: a program's environment, with room
FAILED = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Closed(Exception):
    """The nursery is gone."""


@dataclass
class Born:
    """A program that the nursery has forked: as `subprocess.Popen` has it, as far as a supervisor asks."""

    nursery: Nursery
    pid: int
    returncode: int | None = None
    _handle: int = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._handle = os.pidfd_open(self.pid)
        except ProcessLookupError:  # it has ended already
            self.returncode = self.nursery.status(self.pid)

    def poll(self) -> int | None:
        """Its status, or None while it runs."""
        if self.returncode is None and self._has_ended(0):
            self.returncode = self.nursery.status(self.pid)
            os.close(self._handle)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its status, once it has ended; TimeoutExpired when it has not in time."""
        if self.returncode is None and not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        status = self.poll()
        assert status is not None  # noqa: S101  # it has ended
        return status

    def terminate(self) -> None:
        """Tell it to end."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGTERM)

    def _has_ended(self, timeout: float | None) -> bool:
        return bool(select.select([self._handle], [], [], timeout)[0])


class Nursery:
    """`with Nursery.opened() as nursery:`; nursery.bear(module, arguments, environment, log)."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self._pid, self._line = pid, line
        self._ended: dict[int, int] = {}

    @classmethod
    def opened(cls) -> Self:
        """Import what programs share, and fork. For a process with one thread, which must outlive the programs."""
        import_common()
        if len(list(Path("/proc/self/task").iterdir())) > 1:
            raise RuntimeError("a process with several threads can't be forked")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        gc.collect()
        gc.freeze()  # whoever collects garbage writes to what it looks at
        pid = os.fork()
        if not pid:
            ours.close()
            _only(partial(serve, theirs))
        theirs.close()
        return cls(pid, ours)

    def bear(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> Born:
        """Run `python -m module`, in a session of its own, with this environment and no other. Closed when it can't."""
        asked = {
            "module": module,
            "arguments": list(arguments),
            "environment": dict(environment),
            "log": str(log),
        }
        try:
            self._line.send(json.dumps(asked).encode())
            while (told := self._told()) and "born" not in told:
                self._ended[told["ended"]] = told["status"]
            if told:
                return Born(self, told["born"])
        except OSError as problem:
            raise Closed from problem
        raise Closed

    def status(self, pid: int) -> int:
        """How a program that has ended did so; as if told to when the nursery has gone before it could say."""
        with suppress(OSError):
            while pid not in self._ended and (told := self._told()):
                self._ended[told["ended"]] = told["status"]
        return self._ended.pop(pid, -signal.SIGTERM)

    def _told(self) -> Any:
        """What it says next, which it does however busy the machine is; nothing when it is gone."""
        said = self._line.recv(MESSAGE)
        return json.loads(said) if said else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """It ends, and so does who was born in it and still runs."""
        self._line.close()
        os.waitpid(self._pid, 0)


def import_common() -> None:
    """What programs share: libraries, the chassis, the contract."""
    for each in COMMON:
        import_module(each)
    for root in map(Path, interchange.__path__):
        for file in sorted(root.rglob("*_pb2*.py")):
            import_module(".".join(file.relative_to(root.parent).with_suffix("").parts))


def _only(work: Callable[[], None]) -> NoReturn:
    """In a process that was forked: whatever happens, it does not go on as its parent would."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(FAILED)


def serve(line: socket.socket) -> None:
    """Fork who is asked for, and tell who has ended, until nobody can ask any more."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    _entitle("cli.nursery")
    living: dict[int, int] = {}  # by handle
    poll = select.poll()
    poll.register(line, select.POLLIN)
    while True:
        for handle, _ in poll.poll():
            if handle != line.fileno():
                poll.unregister(handle)
                told = _buried(handle, living.pop(handle))
            elif asked := line.recv(MESSAGE):
                pid = _forked(json.loads(asked), closing=[line.fileno(), *living])
                born = os.pidfd_open(pid)
                living[born] = pid
                poll.register(born, select.POLLIN)
                told = {"born": pid}
            else:
                os._exit(0)
            line.send(json.dumps(told).encode())


def _forked(asked: Mapping[str, Any], closing: Sequence[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    for each in closing:
        os.close(each)
    _only(partial(_become, **asked))


def _buried(handle: int, pid: int) -> dict[str, int]:
    os.close(handle)
    _, status = os.waitpid(pid, 0)
    return {"ended": pid, "status": os.waitstatus_to_exitcode(status)}


def _become(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], log: str
) -> None:
    """Be the program until its end, as `python -m` would have it."""
    parent = os.getppid()
    os.setsid()
    # A killed nursery must leave nobody behind; the kernel tells its children.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(FAILED)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _redirect(log)
    os.environ.clear()
    os.environ.update(environment)
    _entitle(module)
    sys.argv = [module, *arguments]
    status = _run(module)
    with suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]  # as at the end of any program
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _run(module: str) -> int:
    sys.modules.pop(f"{module}.__main__", None)  # whoever forked us may be of the same kind
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as told:
        if told.code is None or isinstance(told.code, int):
            return told.code or 0
        sys.stderr.write(f"{told.code}\n")
        return FAILED
    except BaseException:
        traceback.print_exc()
        return FAILED
    return 0


def _redirect(log: str) -> None:
    """Print into the log, read nothing."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.close(nothing)
    # What a program prints is in its log when it dies.
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)


def _entitle(module: str) -> None:
    """What `ps` shows: the arguments lie in one piece of our memory, and the kernel reads them there."""
    fields = Path("/proc/self/stat").read_text().rpartition(") ")[2].split()
    start, end = int(fields[45]), int(fields[46])
    if not start:
        return
    text = f"python -m {module}".encode()[: end - start - 1]
    ctypes.memmove(start, text.ljust(end - start, b"\0"), end - start)
    _libc.prctl(PR_SET_NAME, module.rpartition(".")[2].encode()[:15])
