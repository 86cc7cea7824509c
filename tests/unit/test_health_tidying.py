"""Memory that was freed goes back to the machine, and a visit is not disturbed for it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from kiosk.health.rounds import Rounds
from kiosk.health.tidying import EVERY, give_back, tidying


def anonymous() -> int:
    """Bytes that this process has asked for itself."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


def test_holes_between_what_is_used_are_given_back() -> None:
    if not give_back():
        pytest.skip("this C library has no malloc_trim")
    blocks = [ctypes.create_string_buffer(4000) for _ in range(6000)]
    for block in blocks:
        block[0] = b"x"
    kept = blocks[::200]  # so that the heap cannot shrink from its end
    del blocks, block
    held = anonymous()
    give_back()
    assert held - anonymous() > 15_000_000
    assert len(kept) == 30


def test_it_is_done_while_nobody_is_here_and_no_more_often_than_needed() -> None:
    now, idle, done = [0.0], [True], list[float]()
    rounds = Rounds(
        [tidying(lambda: idle[0], lambda: done.append(now[0]))], crashed=lambda error: None, clock=lambda: now[0]
    )
    rounds.step()
    for moment, quiet in ((EVERY - 1, True), (EVERY, False), (2 * EVERY, True)):
        now[0], idle[0] = moment, quiet
        rounds.step()
    assert done == [0.0, 2 * EVERY]
