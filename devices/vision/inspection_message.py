"""An inspection as the fields of a message, and back. Standard library only: both processes use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.contracts.inspection import Inspection, Place, ReadBack, Third


def inspection_head(found: Inspection) -> dict[str, Any]:
    return {
        "covered": found.covered,
        "occupied": found.occupied,
        "moved": found.moved,
        "shift": found.shift,
        "spots": None if found.spots is None else [place.value for place in found.spots],
    }


def inspection_of(head: Mapping[str, Any]) -> Inspection:
    """Raises KeyError, TypeError, ValueError on garbage."""
    spots, moved = head["spots"], head["moved"]
    if moved is not None and not isinstance(moved, bool):
        raise TypeError("neither moved nor not")
    return Inspection(
        covered=bool(head["covered"]),
        occupied=bool(head["occupied"]),
        moved=moved,
        shift=float(head["shift"]),
        spots=None if spots is None else tuple(Place(one) for one in spots),
    )


def read_back_head(found: ReadBack) -> dict[str, Any]:
    streaks = None if found.streaks is None else [third.value for third in found.streaks]
    return {"kind": "read-back", "code": found.code, "streaks": streaks, "contrast": found.contrast}


def read_back_of(head: Mapping[str, Any]) -> ReadBack:
    """Raises KeyError, TypeError, ValueError on garbage."""
    streaks = head["streaks"]
    told = None if streaks is None else tuple(Third(one) for one in streaks)
    return ReadBack(str(head["code"]), told, float(head["contrast"]))
