"""Tables for everybody, in which nobody can be found: small numbers are left out, and so are those that would give them
away.

A table is places x matters with totals of rows, of columns and of all. Numbers from 1 to ``least`` - 1 are left out
(primary suppression), 0 and larger ones may stand. Then whatever could be reckoned back from the totals is covered by
leaving out more (complementary suppression; L. H. Cox, Suppression Methodology and Statistical Disclosure Control,
JASA 75, 1980, 377-385): until every row and column has no one number left out alone, those left out of it add up to
``least`` or more, and no number is fixed by all totals together (Hundepool et al., Statistical Disclosure Control,
Wiley 2012, ch. 4), not even for whoever knows that what is left out is 1 at least (`pinned`). That leaves two
possibilities at least for each of them; how far they lie apart is not looked at.

Totals are numbers of the table too (its last row and column) and are left out by the same rules. One table a month; no
table over several months is published, because it could be subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 5  # cases that may be told
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Safe:
    """``counts`` with totals in the last row and column; ``hidden``: those that are not told."""

    counts: Counts
    hidden: Mask


def suppress(inner: Counts, least: int = LEAST) -> Safe:
    """``inner``: rows x columns of numbers >= 0."""
    counts = _with_totals(inner)
    hidden = (counts > 0) & (counts < least)
    while True:
        more = _lonely(counts, hidden, least)
        if more is None:
            more = _fixed(counts, hidden)
        if more is None:
            return Safe(counts, hidden)
        hidden[more] = True


def recoverable(safe: Safe) -> Mask:
    """Which hidden numbers follow from those that are told: for whoever checks a table, none may."""
    rows, columns = safe.counts.shape
    places = np.argwhere(safe.hidden)
    found = np.zeros_like(safe.hidden)
    if not len(places):
        return found
    equations = np.zeros((rows + columns, len(places)))
    for number, (row, column) in enumerate(places):
        equations[row, number] = -1.0 if column == columns - 1 else 1.0
        equations[rows + column, number] = -1.0 if row == rows - 1 else 1.0
    _, sizes, basis = np.linalg.svd(equations, full_matrices=True)
    rank = int((sizes > 1e-9).sum())
    free = basis[rank:]  # directions in which hidden numbers can move together without any total changing
    fixed = np.abs(free).max(axis=0) < 1e-9 if len(free) else np.ones(len(places), dtype=np.bool_)
    for (row, column), is_fixed in zip(places, fixed, strict=True):
        found[row, column] = is_fixed
    return found


def pinned(safe: Safe) -> Mask:
    """Which hidden numbers are certain for whoever knows all that is told, and that a hidden number is 1 at least.

    A number can be another one where a change of 1 can be passed on through other hidden numbers, row to column and
    back, until all totals are right again: a closed way through the table (as in networks with flows). A number of
    those that make a row's sum smaller can only be lowered while it is above 1; a total stands on the other side.
    """
    hidden, counts = safe.hidden, safe.counts
    total = np.zeros_like(hidden)
    total[-1, :] ^= True
    total[:, -1] ^= True  # the total of all is the total of totals: it stands with the numbers inside
    lowered, raised = hidden & (counts > 1), hidden
    down, up = np.where(total, raised, lowered), np.where(total, lowered, raised)  # row to column; column to row
    found = np.zeros_like(hidden)
    for row, column in np.argwhere(hidden):
        forth = down.copy(), up.copy()
        forth[0][row, column] = forth[1][row, column] = False
        there = _leads(*forth, row, column)
        back = _leads(forth[1].T, forth[0].T, column, row)
        more, less = (back, there) if total[row, column] else (there, back)
        found[row, column] = not (more or (less and counts[row, column] > 1))
    return found


def _leads(down: Mask, up: Mask, row: int, column: int) -> bool:
    """Whether a way leads from the row to the column: ``down`` from row to column, ``up`` from column to row."""
    rows, columns = np.zeros(down.shape[0], dtype=np.bool_), np.zeros(down.shape[1], dtype=np.bool_)
    rows[row] = True
    while True:
        reached = columns | down[rows].any(axis=0)
        if reached[column]:
            return True
        further = rows | up[:, reached].any(axis=1)
        if (further == rows).all():
            return False
        rows, columns = further, reached


def _with_totals(inner: Counts) -> Counts:
    rows = np.hstack([inner, inner.sum(axis=1, keepdims=True)])
    return np.vstack([rows, rows.sum(axis=0, keepdims=True)])


def _lonely(counts: Counts, hidden: Mask, least: int) -> tuple[int, int] | None:
    """The smallest number more to be hidden, where a row or column hides one alone, or too little in all."""
    for axis in (0, 1):
        table, mask = (counts, hidden) if axis == 0 else (counts.T, hidden.T)
        for line in range(table.shape[0]):
            mine = mask[line]
            if not mine.any() or (mine.sum() >= 2 and table[line][mine].sum() >= least):
                continue
            if (able := _smallest(table[line], mine)) is not None:
                return (line, able) if axis == 0 else (able, line)
    return None


def _smallest(values: Counts, hidden: Mask) -> int | None:
    """Rather a number than a zero, which covers little, and rather one inside than a total."""
    able = np.flatnonzero(~hidden)
    if not len(able):
        return None
    last = len(values) - 1
    return int(min(able, key=lambda at: (values[at] == 0, at == last, values[at], at)))


def _fixed(counts: Counts, hidden: Mask) -> tuple[int, int] | None:
    found = np.argwhere(pinned(Safe(counts, hidden)))
    for row, column in found:
        able = _smallest(counts[row], hidden[row])
        if able is not None:
            return int(row), able
        able = _smallest(counts[:, column], hidden[:, column])
        if able is not None:
            return able, int(column)
    return None
