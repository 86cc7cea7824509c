"""Firing at targets for a time or a number of examples, and keeping what failed so that anybody can fire it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from devices.fuzz.edits import draw_input
from devices.fuzz.target import Failure, Loaded

MOST_FAILURES = 3  # of one target: the same fault fails again and again


@dataclass(slots=True)
class Outcome:
    """What came of one target."""

    target: str
    examples: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)


def fire(
    loaded: Loaded,
    *,
    seed: int,
    examples: int = 0,
    seconds: float = 0.0,
    most: int = MOST_FAILURES,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Golden frames whole and cut off at every length, then drawn inputs, until ``examples`` or ``seconds`` is up, or
    until ``most`` have failed."""
    outcome = Outcome(loaded.target.name)
    start = clock()
    random = Random(f"{seed}:{loaded.target.name}")  # noqa: S311 - reproducible, not secret
    certain = [frame[:end] for frame in loaded.golden for end in range(len(frame), -1, -_stride(len(frame)))]
    while len(outcome.failures) < most:
        if examples and outcome.examples >= examples:
            break
        if seconds and clock() - start >= seconds:
            break
        data = certain.pop() if certain else draw_input(random, loaded.golden)
        outcome.examples += 1
        failure = loaded.check(data)
        if failure is not None:
            outcome.failures.append(smaller(loaded, failure))
    outcome.seconds = clock() - start
    return outcome


def smaller(loaded: Loaded, failure: Failure, seconds: float = 2.0) -> Failure:
    """The same kind of failure with fewer bytes, as far as dropping pieces leads in that CPU time."""
    size = max(1, len(failure.data) // 2)
    end = time.process_time() + seconds
    while size and time.process_time() < end:
        at = 0
        while at < len(failure.data) and time.process_time() < end:
            found = loaded.check(failure.data[:at] + failure.data[at + size :], weigh="memory" in failure.what)
            if found is not None and _kind(found) == _kind(failure):
                failure = found
            else:
                at += size
        size //= 2
    return failure


def keep(failure: Failure, seed: int, folder: Path) -> Path:
    """A reproducer: one JSON object with the input in hexadecimal. Inputs are made up, so it holds nothing personal."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{failure.target}-{sha256(failure.data).hexdigest()[:12]}.json"
    told = {"target": failure.target, "seed": seed, "what": failure.what, "hex": failure.data.hex()}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _kind(failure: Failure) -> str:
    return failure.what.split(" ", 1)[0]


def _stride(size: int) -> int:
    """Every length of a short frame, about 200 of a long one."""
    return max(1, size // 200)
