"""What a bench outside this package says, as rows.

Rooms that must not import kiosk return mappings: ``work``; ``reference`` and ``ours`` in words, their medians under
``reference_us`` and ``ours_us`` (or ``_ms``); ``ratio``; ``limit``, where there is one. Two more are understood:
``wire_us`` (or ``_ms``), the time that the bytes alone take on their wire, and ``fsyncs`` of the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.bench.rows import Row

UNITS = ("us", "ms")
ONE_FSYNC = 1.0


def rows_of(values: Mapping[str, Any], limit: float | None = None) -> list[Row]:
    """One row, or one for each thing that was measured. ``limit`` is the registry's, for a row that names none.

    With a wire's time, that is what the limit bounds, and the other reference informs. Raises KeyError for a mapping
    that names no work or no figure.
    """
    unit = next((unit for unit in UNITS if f"ours_{unit}" in values), None)
    if unit is None:
        return [Row.of(dict(values) | {"limit": values.get("limit", limit)})]
    work, ours, reference = str(values["work"]), float(values[f"ours_{unit}"]), values.get(f"reference_{unit}")
    bound = values.get("limit", limit)
    notes = f"{values['ours']}; against: {values['reference']}" if "ours" in values else str(values["reference"])
    rows: list[Row] = []
    if (wire := values.get(f"wire_{unit}")) is not None:
        notes_wire = "against: the bytes' own time on the wire"
        rows.append(_row(work, float(wire), ours, float(ours) / float(wire), bound, unit, notes_wire))
        bound, notes = None, f"against: {values['reference']}"
    ratio = float(values["ratio"]) if "ratio" in values else ours / float(reference or ours)
    rows.append(_row(work, None if reference is None else float(reference), ours, ratio, bound, unit, notes))
    if values.get("fsyncs") is not None:
        rows.append(_row(f"{work}: fsyncs", None, float(values["fsyncs"]), None, ONE_FSYNC, "fsyncs", ""))
    return rows


def _row(
    work: str, reference: float | None, ours: float, ratio: float | None, limit: float | None, unit: str, notes: str
) -> Row:
    return Row(work=work, reference=reference, ours=ours, ratio=ratio, limit=limit, unit=unit, notes=notes)
