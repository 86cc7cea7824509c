"""Open data: a month's cases by place and matter, as CSV for everybody, without persons (suppressing.py).

``*`` stands for what is not told. The first lines, which begin with ``#``, say what was done and why. What was
published of a month must stay as it was: publish a month once, when its cases have come, because two editions could be
subtracted from one another.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kiosk.backend.oversight.excel import guard
from kiosk.backend.oversight.suppressing import LEAST, Safe, pinned, recoverable, suppress
from kiosk.backend.oversight.urgency import STREET

HIDDEN, TOTAL = "*", "合计 total"
NOTES = (
    "办件数：街道 x 事项，{month}。 Cases by street and matter.",
    "1 到 {most} 的数字不公布，能由合计倒推出来的数字也不公布（记作 *）。",
    "Numbers from 1 to {most}, and those that would give them away, are not told (*).",
    "方法 method: primary and complementary cell suppression (Cox 1980; Hundepool et al. 2012). 0 是真的 0。 0 is 0.",
)


def table(rows: Sequence[Any]) -> tuple[list[str], list[str], Safe]:
    """Streets, items and numbers. ``rows``: with ``area_code`` and ``service_id``."""
    streets = sorted({row.area_code[:STREET] for row in rows})
    items = sorted({row.service_id for row in rows})
    at_street, at_item = ({name: number for number, name in enumerate(names)} for names in (streets, items))
    counts = np.zeros((len(streets), len(items)), dtype=np.int64)
    for row in rows:
        counts[at_street[row.area_code[:STREET]], at_item[row.service_id]] += 1
    safe = suppress(counts, LEAST)
    if recoverable(safe).any() or pinned(safe).any():
        raise AssertionError("a number that is not told could be reckoned from the others")
    return streets, items, safe


def csv_of(month: str, rows: Sequence[Any], names: Mapping[str, str]) -> str:
    """With a byte order mark, because a spreadsheet takes the Chinese for something else otherwise."""
    streets, items, safe = table(rows)
    out = io.StringIO()
    for note in NOTES:
        out.write("# " + note.format(month=month, most=LEAST - 1) + "\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["街道 street", *(guard(names.get(item, item)) for item in items), TOTAL])
    for number, street in enumerate([*streets, TOTAL]):
        cells = zip(safe.counts[number].tolist(), safe.hidden[number].tolist(), strict=True)
        writer.writerow([guard(street), *(HIDDEN if hidden else count for count, hidden in cells)])
    return "\ufeff" + out.getvalue()
