"""Rows as bytes: JSON and XML for HTTP, CSV and Excel for folders.

A name with points lies deeper: ``applicant.name`` is ``{"applicant": {"name": …}}``. A table of CSV or Excel is opened
by people: no cell begins a formula there.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from kiosk.backend.connectors.rows import Row

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for a formula's beginning
ENCODINGS = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}  # with a byte order mark, or old programs read it as GBK


def as_json(rows: Sequence[Row]) -> bytes:
    """An object for one row; for several a list of them, each with its table's name."""
    whole = [_nested(row) for row in rows]
    return json.dumps(whole[0] if len(whole) == 1 else whole, ensure_ascii=False).encode()


def as_xml(rows: Sequence[Row], root: str) -> bytes:
    """``<root>`` for one row; for several ``<rootList>`` of them. Raises ValueError for what XML cannot hold."""
    elements = [_element(root, _nested(row)) for row in rows]
    if len(elements) == 1:
        whole = elements[0]
    else:
        whole = ElementTree.Element(f"{root}List")
        whole.extend(elements)
    data: bytes = ElementTree.tostring(whole, encoding="utf-8", xml_declaration=True)
    return data


def as_csv(rows: Sequence[Row], encoding: str) -> bytes:
    """Rows of one table, below its columns' names; lines end by CR LF (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_columns(rows))
    writer.writerows([guarded(row.values.get(name) or "") for name in _columns(rows)] for row in rows)
    return codecs.encode(text.getvalue(), ENCODINGS[encoding])


def as_xlsx(rows: Sequence[Row]) -> bytes:
    """One sheet, all cells texts: no number loses its zeros, no date its form."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(rows[0].table.name[:31])
    sheet.append(_columns(rows))
    for row in rows:
        sheet.append([guarded(row.values.get(name) or "") for name in _columns(rows)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def guarded(value: str) -> str:
    """The text, or with an apostrophe before it, where a spreadsheet would reckon instead of showing it."""
    return f"'{value}" if value.startswith(FORMULA) else value


def unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(rows[0].values)


def _nested(row: Row) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for name, value in row.values.items():
        *path, last = name.split(".")
        part = whole
        for each in path:
            part = part.setdefault(each, {})
        part[last] = value or ""
    return whole


def _element(name: str, value: Mapping[str, Any] | str) -> ElementTree.Element:
    element = ElementTree.Element(name)
    if isinstance(value, str):
        element.text = value
    else:
        element.extend(_element(key, each) for key, each in value.items())
    return element
