"""Whoever asks for a free port gets it alone, whoever else asks."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from cli.ports import KEPT, free_port

ASKERS = 3


def test_nobody_is_given_what_somebody_else_was_given() -> None:
    with ProcessPoolExecutor(ASKERS, mp_context=get_context("spawn")) as processes:
        asked = [processes.submit(ports) for _ in range(ASKERS)]
        given = [port for each in asked for port in each.result()]

    assert len(set(given)) == len(given)


def ports() -> list[int]:
    return [free_port() for _ in range(KEPT // ASKERS)]
