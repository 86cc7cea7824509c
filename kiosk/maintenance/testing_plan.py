"""Which tests there are of what stands in this terminal, and what each of them does. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kiosk.maintenance import grid, heard
from kiosk.maintenance.previews import CAMERAS

Does = Literal["self_test", "loop", "sound", "preview", "colours", "touch", "keypad"]
LEVELS = ("internal", "external", "interactive")
BY_PERSON: dict[str, tuple[str, Does]] = {
    "screen": ("colours", "colours"),
    "touch": (grid.TEST, "touch"),
    "keypad": ("keys", "keypad"),
}
"""What every terminal has and no driver stands behind: the test's name, and what it does."""
COLOURS = ("red", "green", "blue", "white", "black", "grey")
KEYS = "1234567890"


@dataclass(frozen=True, slots=True)
class Plan:
    """One test of one thing."""

    subject: str
    test: str
    does: Does


def plans(kinds: Iterable[str], loops: Iterable[tuple[str, str]]) -> tuple[Plan, ...]:
    """All tests of a terminal with devices of these kinds and these closed loops (subject, test)."""
    there = tuple(loops)
    found: list[Plan] = []
    for kind in kinds:
        found += [Plan(kind, level, "self_test") for level in LEVELS]
        found += [Plan(subject, test, "loop") for subject, test in there if subject == kind]
        if kind in CAMERAS:
            found.append(Plan(kind, "picture", "preview"))
        if kind == "sound":
            found += [Plan(kind, place, "sound") for place in heard.PLACES]
    found += [Plan(subject, test, does) for subject, (test, does) in BY_PERSON.items()]
    known = {plan.subject for plan in found}
    found += [Plan(subject, test, "loop") for subject, test in there if subject not in known]
    return tuple(found)
