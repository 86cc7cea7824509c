"""Breaks Chinese text into lines: anywhere between characters, but never a comma first nor an opening bracket last."""

from __future__ import annotations

from collections.abc import Callable

# GB/T 15834-2011, 5.1: these do not begin a line; these do not end one.
NEVER_FIRST = frozenset("，。、；：？！）》〉」』】”’·…—％,.;:?!)]}")
NEVER_LAST = frozenset("（《〈「『【“‘([{")


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no wider than ``width`` by ``measure``; words of Latin letters and digits stay whole where they fit."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for unit in _units(paragraph):
            if line and measure(line + unit.rstrip()) > width:
                line, carried = _carry(line, unit)
                lines.append(line.rstrip())
                line = carried.lstrip()
            else:
                line += unit
            while len(line) > 1 and measure(line.rstrip()) > width:  # one word wider than the line
                cut = next(i for i in range(len(line), 0, -1) if i == 1 or measure(line[:i]) <= width)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line.rstrip())
    return lines


def _carry(line: str, unit: str) -> tuple[str, str]:
    """Where to break between ``line`` and ``unit``: characters that may not stand there move down together."""
    moved = ""
    while len(line) > 1 and ((moved + unit)[0] in NEVER_FIRST or line[-1] in NEVER_LAST):
        moved, line = line[-1] + moved, line[:-1]
    return line, moved + unit


def _units(text: str) -> list[str]:
    units: list[str] = []
    for character in text:
        latin = character.isascii() and not character.isspace()
        if latin and units and units[-1][-1].isascii() and not units[-1][-1].isspace():
            units[-1] += character
        else:
            units.append(character)
    return units
