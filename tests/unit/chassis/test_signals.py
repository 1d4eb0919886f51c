"""A program is told to end, whichever of its threads the kernel gives the signal to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import signal, threading, time
from chassis import signals

told = signals.told_to_end()
asleep = 0.5  # the main thread, by then

def another():
    time.sleep(asleep)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()

threading.Thread(target=another, daemon=True).start()
signals.wait(told)
print("told")
"""


def test_a_signal_to_another_thread_is_heard() -> None:
    root = Path(__file__).parents[3]

    program = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )

    assert program.stdout == "told\n"
