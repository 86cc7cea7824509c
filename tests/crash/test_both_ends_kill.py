"""kill -9 of terminal and backend at named failpoints and at seeded moments, work going on: nothing lost, none doubled.

Deaths by KIOSK_CRASH_CYCLES (300; 1,000 and 20,000 are the long runs), 50 over one folder, then a check of everything.
A world that fails is played again by ``KIOSK_CRASH_SEED=N KIOSK_CRASH_CYCLES=50``: the same fates, work and keys; the
moments of two running processes are near, not the same. A start is a fork of a process that has everything imported
(ends_zygote.py); the death is SIGKILL of a real process with its threads, files and sockets.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import ends_model, ends_world
from tests.crash.ends_world import BACKEND_POINTS, TERMINAL_POINTS, World, Zygote

CYCLES = int(os.environ.get("KIOSK_CRASH_CYCLES", "300"))
FIRST = int(os.environ.get("KIOSK_CRASH_SEED", "724"))
OF_ONE = 50  # deaths over one folder: a longer journal only takes longer to be looked at
SEEDS = range(FIRST, FIRST + max(1, CYCLES // OF_ONE))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    yield from ends_world.zygote()


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    counted: Counter[str] = Counter()
    began = time.monotonic()
    yield counted
    print(f"\nin {time.monotonic() - began:.0f} s: {dict(sorted(counted.items()))}")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: processes die here, not the disk, and a sync costs nothing there."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="kiosk-ends-") as name:
        yield Path(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_again_and_again_both_ends_agree(zygote: Zygote, tally: Counter[str], folder: Path, seed: int) -> None:
    world = World(zygote, folder, seed, tally)
    try:
        world.play(min(CYCLES, OF_ONE))
        world.settle()
        tally.update(ends_model.check(folder, world.ledger))
    except BaseException:
        print(f"\nplay it again: KIOSK_CRASH_SEED={seed} KIOSK_CRASH_CYCLES={OF_ONE}\n{world.last_words()}")
        raise
    finally:
        world.close()


@pytest.mark.skipif(len(SEEDS) < 20, reason="only a long run comes by every failpoint")
def test_death_was_met_at_every_failpoint_and_work_went_on(tally: Counter[str]) -> None:
    """Or the test above promises more than it did."""
    never = [point for point in (*TERMINAL_POINTS, *BACKEND_POINTS) if not tally[point]]
    assert never == []
    assert tally["deaths"] >= len(SEEDS) * OF_ONE
    assert tally["terminal at a random moment"] > 0 < tally["backend at a random moment"]
    assert tally["cases"] > len(SEEDS) * 20
    assert tally["materials"] > len(SEEDS) * 10
    assert tally["keys"] > len(SEEDS), "the terminal's key was changed"
    assert tally["backend's keys rotated"] > 0
