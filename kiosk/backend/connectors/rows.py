"""Rows of a mapping, made of what a case says. Pure."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.backend.connectors.mapping import Cell, Mapped, RowSpec
from kiosk.backend.connectors.tables import Table
from kiosk.backend.connectors.view import View, moment

_SPACE = uuid.UUID("6b1f7c1e-9f0a-5e55-8c63-7a1d5d2f4c10")  # of our row ids: never another
_WRITTEN = {"datetime": "%Y-%m-%d %H:%M:%S", "date": "%Y-%m-%d", "day": "%Y%m%d", "gbt": "%Y%m%dT%H%M%S"}
ROWS_AT_ONCE = 500  # of one step of one case: a mapping that makes more is wrong


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One row for one table. ``guid`` is the same whenever it is made again. ``unknown``: words without a code."""

    table: Table
    guid: str
    values: Mapping[str, str | None]
    unknown: Mapping[str, str]

    def __repr__(self) -> str:  # the values are personal data
        return f"Row({self.table.name}, {self.guid})"


def letter_guid(connector: str, case_id: str, kind: str, step: int) -> str:
    """The id of what one connector is sent about one step of one case: the same for good, so that twice is once."""
    return str(uuid.uuid5(_SPACE, f"{connector}/{case_id}/{kind}/{step}"))


def made(mapped: Mapped, view: View, guid: str, at: datetime, office: Mapping[str, str]) -> list[Row]:
    """The rows of this step, in the mapping's order. ``guid``: the letter's; ``at``: now, aware; ``office``: the
    operator's own values.
    """
    base = {
        **view.names, **{f"office.{name}": value for name, value in office.items()},
        "row.at": moment(at), "row.batch": batch(guid), "row.operation": "insert",
    }  # fmt: skip
    found: list[Row] = []
    for place, spec in enumerate(mapped.rows):
        if not spec.at & view.moments:
            continue
        for number, names in enumerate(view.each.get(spec.each, ()) if spec.each else ({},)):
            row_guid = str(uuid.uuid5(_SPACE, f"{guid}/{place}/{number}"))
            found.append(_row(spec, {**base, **names, "row.guid": row_guid}, row_guid))
    return found[:ROWS_AT_ONCE]


def batch(guid: str) -> str:
    """32 characters, the same for every row of a letter."""
    return hashlib.sha256(guid.encode()).hexdigest()[:32]


def repaired(rows: Sequence[Row], repairs: Mapping[str, str]) -> list[Row]:
    """With what an operator has put in place of single values: ``TABLE.COLUMN`` -> value, "" for none."""
    if not repairs:
        return list(rows)
    found = []
    for row in rows:
        own = {
            name: repairs[f"{row.table.name}.{name}"] or None
            for name in row.table.columns
            if f"{row.table.name}.{name}" in repairs
        }
        unknown = {name: word for name, word in row.unknown.items() if name not in own}
        found.append(replace(row, values={**row.values, **own}, unknown=unknown))
    return found


def _row(spec: RowSpec, names: Mapping[str, str], guid: str) -> Row:
    values: dict[str, str | None] = {}
    unknown: dict[str, str] = {}
    for cell in spec.cells:
        name = cell.column.name
        word = cell.text or next((names[each] for each in cell.sources if names.get(each)), "")
        value = _coded(cell, word)
        if word and value is None:
            unknown[name] = cell.codes.name if cell.codes is not None else ""
        values[name] = value or None
    return Row(spec.table, guid, values, unknown)


def _coded(cell: Cell, word: str) -> str | None:
    if not word:
        return ""
    if cell.codes is not None and not cell.text:
        return cell.codes.code(word)
    if cell.format and cell.format != "datetime":
        word = _formatted(word, cell.format)
    return word[: cell.column.length] if cell.cut else word


def _formatted(word: str, wanted: str) -> str:
    try:
        return datetime.strptime(word, _WRITTEN["datetime"]).strftime(_WRITTEN[wanted])
    except ValueError:  # no moment: what is wrong with it is told before it is sent
        return word
