"""A nursery for tests, whose own process has threads and so can't be forked; also one of an earlier release's programs.

Each of them would import its libraries for some seconds, and tests start dozens.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from functools import cache

from cli import nursery as today
from cli.nursery import Nursery

# What an earlier release does not have is not shared. It has no nursery either: today's is loaded from its file.
BEGIN = """
import importlib, importlib.util, socket, sys
place = importlib.util.spec_from_file_location("nursery", sys.argv[1])
nursery = sys.modules["nursery"] = importlib.util.module_from_spec(place)
place.loader.exec_module(nursery)
nursery.COMMON = [each for each in nursery.COMMON if importlib.util.find_spec(each)]
nursery.import_common()
for each in sys.argv[3:]:
    importlib.import_module(each)
nursery.serve(socket.socket(fileno=int(sys.argv[2])))
"""


@cache
def ours() -> Nursery:
    """Of today's programs and who runs regions, until this process ends: then they end as well, however it did."""
    return nursery(os.environ, "cli.commands.up")


def nursery(environment: Mapping[str, str], *modules: str) -> Nursery:
    """`with nursery(environment) as born_in:`; the environment says where Python finds what is shared.

    What is shared are these modules as well.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        theirs.set_inheritable(True)
        told = [str(today.__file__), str(theirs.fileno()), *modules]
        command = [sys.executable, "-c", BEGIN, *told]
        pid = os.posix_spawn(sys.executable, command, environment)
    return Nursery(pid, ours)
