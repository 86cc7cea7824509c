"""The line through folders: files that spreadsheets open safely, results read from whatever a clerk saves."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from kiosk.backend.connectors import line_files
from kiosk.backend.connectors.line_files import FolderLine
from kiosk.backend.connectors.lines import LineDown, Refused, Sheet
from kiosk.backend.connectors.rendering import as_csv, as_xlsx, guarded, unguarded
from kiosk.backend.connectors.rows import Row
from kiosk.backend.connectors.tables import Column, Table

HEADINGS = "row_guid,case_no,result,at,reason,who"


def row(table: str = "application", **values: str) -> Row:
    return Row(Table(table, {name: Column(name) for name in values}), "g", values, {})


def test_files_are_named_by_their_letter_and_written_twice_they_are_one(tmp_path: Path) -> None:
    line = FolderLine(tmp_path, "csv", "utf-8")
    sheet = Sheet("g", "20260601-1-g", [row(case_no="1", name="王某某"), row("step", case_no="1", event="受理")])
    line.send(sheet)
    line.send(sheet)
    assert sorted(path.name for path in tmp_path.glob("out/*")) == [
        "application-20260601-1-g.csv",
        "step-20260601-1-g.csv",
    ]
    data = (tmp_path / "out" / "application-20260601-1-g.csv").read_bytes()
    assert data == "\ufeffcase_no,name\r\n1,王某某\r\n".encode()


def test_old_programs_get_gb18030_with_every_character() -> None:
    data = as_csv([row(name="𠮷䶮某", phone="+86")], "gb18030")
    assert data.decode("gb18030") == "name,phone\r\n𠮷䶮某,'+86\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")'])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text
    assert as_csv([row(note=text)], "utf-8").decode("utf-8-sig").splitlines()[1].lstrip('"').startswith("'")
    if text[0] != "\r":
        sheet = load_workbook(io.BytesIO(as_xlsx([row(note=text)]))).worksheets[0]
        cell = sheet["A2"]
        assert (cell.data_type, cell.value) == ("s", f"'{text}")


def test_numbers_keep_their_zeros_in_excel() -> None:
    sheet = load_workbook(
        io.BytesIO(as_xlsx([row(number="140213198805060028", zeros="007", day="20260601")]))
    ).worksheets[0]
    assert [cell.value for cell in sheet[2]] == ["140213198805060028", "007", "20260601"]
    assert {cell.data_type for cell in sheet[2]} == {"s"}


def test_a_folder_that_cannot_be_written_keeps_everything(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(LineDown):
        FolderLine(tmp_path, "csv", "utf-8").send(Sheet("g", "n", [row(a="1")]))
    with pytest.raises(Refused):
        FolderLine(tmp_path / "x", "csv", "gb18030").send(Sheet("g", "n", [row(a="\ud800")]))


def inbox(folder: Path, name: str, data: bytes) -> FolderLine:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_bytes(data)
    return FolderLine(folder, "csv", "utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_results_are_read_in_any_of_the_usual_encodings(tmp_path: Path, encoding: str) -> None:
    text = f"{HEADINGS}\r\na,1,0,2026-06-01,符合条件,李某\r\n\r\nb,2,1,2026-06-02,'=不符合,\r\n"
    line = inbox(tmp_path, "r.csv", text.encode(encoding))
    found = line.fetch(100).results
    assert [each.values for each in found] == [
        {"row_guid": "a", "case_no": "1", "result": "0", "at": "2026-06-01", "reason": "符合条件", "who": "李某"},
        {"row_guid": "b", "case_no": "2", "result": "1", "at": "2026-06-02", "reason": "=不符合"},
    ]  # fmt: skip
    line.taken(found)
    line.taken(found)
    assert [path.name for path in tmp_path.glob("in/done/*")] == ["r.csv"]
    inbox(tmp_path, "r.csv", text.encode(encoding))
    line.taken(line.fetch(100).results)
    assert len(list(tmp_path.glob("in/done/*"))) == 2, "a name that comes every day loses no file"


def test_results_are_read_from_excel(tmp_path: Path) -> None:
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.append(HEADINGS.split(","))
    sheet.append(["a", 140213.0, 0, "2026-06-01", None, "李某"])
    book.save(out)
    line = inbox(tmp_path, "r.xlsx", out.getvalue())
    (found,) = line.fetch(100).results
    assert found.values == {"row_guid": "a", "case_no": "140213", "result": "0", "at": "2026-06-01", "who": "李某"}


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    return out.getvalue()


def macro() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


GARBAGE = {
    "empty.csv": b"", "no headings.csv": b",,\r\n1,2,3\r\n", "twice.csv": b"a,a\r\n1,2\r\n",
    "too long a line.csv": b"a,b\r\n1,2,3\r\n", "neither.csv": b"\xff\xff\x81", "quotes.csv": b'a,b\r\n"1,2\r\n',
    "no book.xlsx": b"PK\x03\x04 no", "a letter.xlsx": b"dear sirs", "bomb.xlsx": None, "macro.xlsx": None,
    "large.csv": b"a\r\n" + b"1\r\n" * 300,
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_what_cannot_be_read_is_told_and_put_aside_whole(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_files, "UNFOLDED", 1 << 20)
    monkeypatch.setattr(line_files, "ROWS", 200)
    data = GARBAGE[name] or (bomb() if name.startswith("bomb") else macro())
    line = inbox(tmp_path, name, data)
    (found,) = line.fetch(100).results
    assert found.trouble in ("garbled", "too-large")
    line.taken([found])
    assert (tmp_path / "in" / "aside" / name).read_bytes() == data
    assert line.fetch(100).results == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    line = inbox(tmp_path, "a.csv", b"")
    other = tmp_path / "other"
    other.write_bytes(b"a\r\n1\r\n")
    (tmp_path / "in" / "a.csv").unlink()
    (tmp_path / "in" / "a.csv").symlink_to(other)
    (found,) = line.fetch(100).results
    assert (found.trouble, found.values) == ("garbled", {"file": "a.csv"})


@pytest.mark.parametrize(
    "rows",
    [b"<sheetData><row>", b'<sheetData><row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>'],
    ids=["broken off", "no such text"],
)
def test_a_broken_sheet_keeps_no_other_file_waiting(tmp_path: Path, rows: bytes) -> None:
    book, out = io.BytesIO(), io.BytesIO()
    Workbook().save(book)
    with zipfile.ZipFile(book) as whole, zipfile.ZipFile(out, "w") as changed:
        for name in whole.namelist():
            head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + rows
            changed.writestr(name, head if name.endswith("sheet1.xml") else whole.read(name))
    (found,) = inbox(tmp_path, "a.xlsx", out.getvalue()).fetch(100).results
    assert found.trouble == "garbled"


def test_a_cell_far_to_the_right_makes_no_line_as_wide(tmp_path: Path) -> None:
    book, out = Workbook(), io.BytesIO()
    for number, text in enumerate(("a", "1"), 1):
        book.active.cell(number, 1, text)
    book.active.cell(2, 16_384, "x")
    book.save(out)
    (found,) = inbox(tmp_path, "a.xlsx", out.getvalue()).fetch(100).results
    assert found.values == {"a": "1"}


def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    assert FolderLine(tmp_path, "csv", "utf-8").fetch(10).results == []
