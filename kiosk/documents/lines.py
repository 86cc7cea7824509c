"""Breaks Chinese text into lines: anywhere between characters, but never a comma first nor an opening bracket last."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

# GB/T 15834-2011, 5.1: these do not begin a line; these do not end one.
NEVER_FIRST = frozenset("，。、；：？！）》〉」』】”’·…—％,.;:?!)]}")
NEVER_LAST = frozenset("（《〈「『【“‘([{")
PAUSES = frozenset("，、；：。")
ALONE = 2  # characters that are too few for a line
WHOLE = re.compile(r"\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日|[!-~]+|.", re.DOTALL)
"""What is never broken: a day, a word of Latin letters and digits, a sign."""


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no wider than ``width`` by ``measure``; days and words of Latin letters and digits stay whole where they
    fit."""
    return [line.rstrip() for paragraph in text.split("\n") for line in _paragraph(paragraph, width, measure)]


def _paragraph(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines: list[str] = []
    line = ""
    for unit in _units(text):
        if line and measure(line + unit.rstrip()) > width:
            line, carried = _carry(line, unit)
            lines.append(line)
            line = carried.lstrip()
        else:
            line += unit
        while len(line) > 1 and measure(line.rstrip()) > width:  # one word wider than the line
            cut = next(i for i in range(len(line), 0, -1) if i == 1 or measure(line[:i]) <= width)
            lines.append(line[:cut])
            line = line[cut:]
    lines.append(line)
    return _accompany(lines, width, measure)


def _accompany(lines: list[str], width: float, measure: Callable[[str], float]) -> list[str]:
    """One or two characters do not stand alone on the last line: some of the line above go with them.

    The break moves to a bracket or a comma of its second half, else by two characters.
    """
    if len(lines) < 2 or len(lines[-1]) > ALONE or lines[-1].isascii():
        return lines
    *rest, above, last = lines
    half, between = len(above) // 2, set(accumulate(map(len, _units(above))))
    cuts = [at for at in range(half + 1, len(above)) if above[at] in NEVER_LAST or above[at - 1] in PAUSES]
    for at in (*reversed(cuts), len(above) - ALONE):
        whole = 0 < at < len(above) and above[at] not in NEVER_FIRST and above[at - 1] not in NEVER_LAST
        if whole and at in between and measure(above[at:] + last) <= width:
            return [*rest, above[:at], above[at:] + last]
    return lines


def _carry(line: str, unit: str) -> tuple[str, str]:
    """Where to break between ``line`` and ``unit``: what may not stand there moves down together, days as a whole."""
    kept, moved = _units(line), ""
    while len(kept) > 1 and ((moved + unit)[0] in NEVER_FIRST or kept[-1][-1] in NEVER_LAST):
        moved = kept.pop() + moved
    return "".join(kept), moved + unit


def _units(text: str) -> list[str]:
    return WHOLE.findall(text)
