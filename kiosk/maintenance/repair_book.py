"""The guided repairs (``repairs.toml``): for what is wrong, what is done step by step. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kiosk.access.roles import Deed
from kiosk.maintenance.conditions import CONDITIONS

if TYPE_CHECKING:
    from kiosk.health.proofs import Proof

Does = Literal["wait", "test", "preview", "touch", "loop", "face"]
_DOES = frozenset({"wait", "test", "preview", "touch", "loop", "face"})
_TESTS = frozenset({"internal", "external", "interactive"})
_KEYS = frozenset({"kinds", "deed", "faults", "mends", "renews", "picture", "steps"})


@dataclass(frozen=True, slots=True)
class BookStep:
    """``does``: ``wait`` for the sensor ``sees`` (conditions.py) · ``test``: a self-test of that ``level``, or the
    closed loop ``loop`` where this terminal has it, after which a person answers ``ask`` where there is one ·
    ``preview``: the camera's picture, which a person judges · ``touch``: the grid · ``loop``: the closed loop of that
    name · ``face``: who stands before the camera must be found to be the same as in the picture of a moment ago.
    ``text`` is the end of the key ``maint.repairs.REPAIR.TEXT``.
    """

    text: str
    does: Does
    sees: str = ""
    level: str = ""
    loop: str = ""
    ask: str = ""
    picture: str = ""  # else the repair's
    decides: bool = True  # of a loop: whether the repair has failed where it fails


@dataclass(frozen=True, slots=True)
class Repair:
    """``kinds``: the devices that it is for. It is offered for ``faults``, and for ``mends``: tests of proofs, or their
    codes. ``renews``: the supply that counts anew once it has succeeded.
    """

    name: str
    kinds: tuple[str, ...]
    deed: Deed
    steps: tuple[BookStep, ...]
    faults: frozenset[str] = frozenset()
    mends: frozenset[str] = frozenset()
    renews: str = ""
    picture: str = ""

    def path(self, kind: str) -> str:
        """Its page: ``repairs/roll``; with several kinds ``repairs/reader/id_reader``."""
        return f"repairs/{self.name}" if len(self.kinds) == 1 else f"repairs/{self.name}/{kind}"


@cache
def repairs() -> Mapping[str, Repair]:
    """All by name, in the order of the file. Raises ValueError for a file that is not in order."""
    rows = tomllib.loads(Path(__file__).with_name("repairs.toml").read_text("utf-8"))
    return {name: _repair(name, row) for name, row in rows.items()}


def mending(kind: str, fault: str) -> Repair | None:
    """The repair for a fault of a device."""
    return next((each for each in repairs().values() if kind in each.kinds and fault in each.faults), None)


def proving(kind: str, bad: Proof) -> Repair | None:
    """The repair for a test that did not come out well."""
    told = {bad.test, bad.code}
    return next((each for each in repairs().values() if kind in each.kinds and each.mends & told), None)


def for_kinds(kinds: Iterable[str]) -> tuple[tuple[Repair, str], ...]:
    """What can be done at a terminal with these devices: (repair, kind)."""
    there = tuple(kinds)
    return tuple((each, kind) for each in repairs().values() for kind in each.kinds if kind in there)


def _repair(name: str, row: Mapping[str, Any]) -> Repair:
    if unknown := row.keys() - _KEYS:
        raise ValueError(f"repairs.toml: {name}: {', '.join(sorted(unknown))} is not known")
    steps = tuple(BookStep(**step) for step in row["steps"])
    for number, step in enumerate(steps, 1):
        if (
            step.does not in _DOES
            or (step.does == "wait") != bool(step.sees)
            or (step.does == "loop" and not step.loop)
            or (step.loop and step.does not in ("loop", "test"))
        ):
            raise ValueError(f"repairs.toml: {name}: step {number} does not say what is done")
        if step.sees and step.sees not in CONDITIONS:
            raise ValueError(f"repairs.toml: {name}: step {number} waits for {step.sees!r}, which no sensor sees")
        if (step.does == "test") != (step.level in _TESTS):
            raise ValueError(f"repairs.toml: {name}: step {number} is a test of no level")
    return Repair(
        name,
        tuple(row["kinds"]),
        Deed(row["deed"]),
        steps,
        frozenset(row.get("faults", ())),
        frozenset(row.get("mends", ())),
        str(row.get("renews", "")),
        str(row.get("picture", "")),
    )
