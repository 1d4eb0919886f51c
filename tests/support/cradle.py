"""A nursery for tests, whose own process has threads and so can't be forked; also one of an earlier release's programs.

Each of them would import its libraries for some seconds, and a test that replaces all starts dozens.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from cli import nursery as today
from cli.nursery import Nursery

# What an earlier release does not have is not shared. It has no nursery either: today's is loaded from its file.
BEGIN = """
import importlib.util, socket, sys
place = importlib.util.spec_from_file_location("nursery", sys.argv[1])
nursery = sys.modules["nursery"] = importlib.util.module_from_spec(place)
place.loader.exec_module(nursery)
nursery.COMMON = [each for each in nursery.COMMON if importlib.util.find_spec(each)]
nursery.import_common()
nursery.serve(socket.socket(fileno=int(sys.argv[2])))
"""


def nursery(environment: Mapping[str, str]) -> Nursery:
    """`with nursery(environment) as born_in:`; the environment says where Python finds what is shared."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        theirs.set_inheritable(True)
        command = [sys.executable, "-c", BEGIN, str(today.__file__), str(theirs.fileno())]
        pid = os.posix_spawn(sys.executable, command, environment)
    return Nursery(pid, ours)
