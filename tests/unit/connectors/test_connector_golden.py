"""What every built-in pack becomes for every kind of department: golden files, to be read by people.

They are written anew with KIOSK_PEER_GOLDEN=write; look at what changed before you keep it. Ids are left out: they
follow from each other (test_connector_delivery.py).
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kiosk.backend.connectors import mapping, rows
from kiosk.backend.connectors.checking import check
from kiosk.backend.connectors.rendering import as_csv, as_json, as_xlsx, as_xml
from kiosk.backend.connectors.rows import Row
from kiosk.backend.connectors.view import View, view
from kiosk.services.loader import BUILTIN
from tests.unit.connectors.connector_world import NOON, OFFICE, STEP, Rated, filled, life, told, views

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("KIOSK_PEER_GOLDEN") == "write"
HIDDEN = ("row_guid", "rowGuid", "cd_batch", "cd_time")
AT = NOON + 20 * STEP
PACKS = BUILTIN


def steps(pack_id: str, kind: str) -> list[View]:
    if kind != "rating_upload":
        return views(pack_id)
    events = life(filled(pack_id)[0])
    return [view(told(pack_id, events, rating=each)) for each in (Rated(), Rated(5, ("510",), "", AT, 2))]


def made(pack_id: str, kind: str) -> list[Row]:
    mapped = mapping.builtin(kind)
    found: list[Row] = []
    for number, each in enumerate(steps(pack_id, kind), 1):
        out = rows.made(mapped, each, f"{pack_id}-{number}", AT, OFFICE)
        assert check(out, mapped.walks) == [], (pack_id, kind, number)
        found += out
    assert len({row.guid for row in found}) == len(found), "each row has an id of its own"
    return found


def plain(row: Row) -> Row:
    """Without ids and the moment at which it is sent."""
    return Row(row.table, "", {name: value for name, value in row.values.items() if name not in HIDDEN}, {})


def texts_of(kind: str, found: list[Row]) -> list[str]:
    """Rows of one table as the department gets them."""
    if kind in ("office_json", "rating_upload"):
        return [as_json([row]).decode() for row in found]
    if kind == "office_xml":
        return [as_xml([row], "record").decode().partition("\n")[2] for row in found]
    if kind == "office_csv":
        return as_csv(found, "utf-8").decode("utf-8-sig").splitlines()[1:]
    if kind == "office_xlsx":
        sheet = load_workbook(io.BytesIO(as_xlsx(found))).worksheets[0]
        return [json.dumps([cell.value for cell in line], ensure_ascii=False) for line in sheet.iter_rows(min_row=2)]
    return [" | ".join(value or "" for value in row.values.values()) for row in found]


def golden(kind: str) -> str:
    """All packs, one below the other; the columns of each table once, above all rows."""
    whole = [(pack_id, plain(row)) for pack_id in PACKS for row in made(pack_id, kind)]
    names = list(dict.fromkeys(row.table.name for _, row in whole))
    texts = {name: iter(texts_of(kind, [row for _, row in whole if row.table.name == name])) for name in names}
    first = {name: next(row for _, row in whole if row.table.name == name) for name in names}
    lines = [f"{name} ({', '.join(row.values)})" for name, row in first.items()]
    for pack_id in PACKS:
        lines += ["", f"== {pack_id}"]
        lines += [f"{row.table.name}: {next(texts[row.table.name])}" for each, row in whole if each == pack_id]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("kind", mapping.BUILTIN)
def test_every_pack_goes_out_as_it_did(kind: str) -> None:
    text, file = golden(kind), GOLDEN / f"{kind}.txt"
    if WRITE:
        file.write_text(text, encoding="utf-8")
    assert text.splitlines() == file.read_text(encoding="utf-8").splitlines()
