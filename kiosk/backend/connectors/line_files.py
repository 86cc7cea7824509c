"""The line through folders: files for a department in ``out``, its results in ``in``.

A file is written under another name and then named, so that nobody fetches half of one; the department is asked to do
the same. Its name is the letter's: written twice it is one file. What was read from ``in`` is moved to ``in/done``,
what could not be read to ``in/aside``, and both stay.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from kiosk.backend.connectors.lines import Fetched, Incoming, LineDown, Refused, Sheet
from kiosk.backend.connectors.rendering import as_csv, as_xlsx, unguarded
from kiosk.durable import put

LARGEST = 8 << 20  # bytes of a file that comes
UNFOLDED = 64 << 20  # and of what an Excel file holds
ROWS = 20_000  # of a file
COLUMNS = 256  # of an Excel sheet: one cell far to the right makes every line as wide
KINDS = {"csv": ".csv", "xlsx": ".xlsx"}


class FolderLine:
    def __init__(self, folder: Path, kind: str, encoding: str) -> None:
        self._out, self._in, self._kind, self._encoding = folder / "out", folder / "in", kind, encoding

    def send(self, sheet: Sheet) -> None:
        names = list(dict.fromkeys(row.table.name for row in sheet.rows))
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            for name in names:
                rows = [row for row in sheet.rows if row.table.name == name]
                data = as_csv(rows, self._encoding) if self._kind == "csv" else as_xlsx(rows)
                put(self._out / f"{name}-{sheet.name}{KINDS[self._kind]}", data)
        except UnicodeEncodeError as error:
            raise Refused("encoding", f"a character cannot be written as {self._encoding}") from error
        except OSError as error:
            raise LineDown("folder") from error

    def fetch(self, limit: int) -> Fetched:
        """Every result of the oldest files; a file is one handle, told as taken when all of it is in the store."""
        try:
            waiting = sorted(
                path for path in self._in.glob("*") if path.suffix.lower() in KINDS.values() and path.is_file()
            )
        except OSError as error:
            raise LineDown("folder") from error
        found: list[Incoming] = []
        for path in waiting:
            found += _results(path)
            if len(found) >= limit:
                return Fetched(found, more=True)
        return Fetched(found)

    def taken(self, results: Sequence[Incoming]) -> None:
        files = {each.handle: each.trouble for each in reversed(results) if each.handle}
        try:
            for path, trouble in files.items():
                aside = self._in / ("aside" if trouble else "done")
                aside.mkdir(exist_ok=True)
                path.replace(_free(aside / path.name))
        except FileNotFoundError:
            return  # moved already, by whoever died behind it
        except OSError as error:
            raise LineDown("folder") from error

    def close(self) -> None:
        """Nothing is open."""


def _free(path: Path) -> Path:
    """A name that nobody has: a department that uses one name for every day loses none."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _results(path: Path) -> list[Incoming]:
    """What a file says, line by line; one that cannot be read is one result with trouble."""
    try:
        if path.is_symlink():  # whoever puts files here does not say which others of this machine are read
            raise ValueError("a link")
        if path.stat().st_size > LARGEST:
            return [Incoming({"file": path.name}, path, "too-large")]
        lines = _csv(path.read_bytes()) if path.suffix.lower() == ".csv" else _xlsx(path)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return [Incoming({"file": path.name}, path, "garbled")]
    if not lines or len(lines) > ROWS:
        return [Incoming({"file": path.name}, path, "too-large" if lines else "garbled")]
    return [Incoming(values, path) for values in lines]


def _csv(data: bytes) -> list[dict[str, str]]:
    """UTF-8, with or without a mark; else GB18030. Raises UnicodeDecodeError, csv.Error, ValueError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    return _named([list(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)])


def _xlsx(path: Path) -> list[dict[str, str]]:
    """The first sheet's values; formulas by what they came to last. Raises ValueError, KeyError, BadZipFile."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > UNFOLDED:
            raise ValueError("it unfolds to too much")
        if any(part.filename.lower().endswith(("vbaproject.bin", ".exe")) for part in archive.infolist()):
            raise ValueError("it holds a macro")
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        with closing(book):
            rows = book.worksheets[0].iter_rows(values_only=True, max_row=ROWS + 2, max_col=COLUMNS)
            cells = [[_cell(each) for each in row] for row in rows]
    except MemoryError:
        raise
    except Exception as error:  # its errors are no closed list, and one file must not keep all behind it waiting
        raise ValueError("no workbook") from error
    return _named(cells)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M:%S"))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _named(rows: list[list[str]]) -> list[dict[str, str]]:
    """Lines by the headings of the first one; empty lines are left out. Raises ValueError where they do not fit."""
    if not rows:
        return []
    names = [name.strip() for name in rows[0]]
    while names and not names[-1]:
        names.pop()
    if not names or len(set(names)) < len(names) or not all(names):
        raise ValueError("its headings are empty or stand twice")
    found = []
    for row in rows[1:]:
        cells = [unguarded(cell.strip()) for cell in row]
        if any(cells[len(names) :]):
            raise ValueError("a line is longer than its headings")
        if any(cells):
            found.append({name: cell for name, cell in zip(names, cells, strict=False) if cell})
    return found
