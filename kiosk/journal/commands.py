"""What `kiosk journal verify|list|export` and `kiosk log verify` do.

Each returns the exit status: 0 well, 1 problems found, 2 not readable (no journal, no key, a file that is no receipt).
None of them creates, migrates or changes anything; they may run beside a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

import msgspec

from kiosk.domain.beijing import CHINA
from kiosk.domain.text import counted
from kiosk.journal import auditing, reading
from kiosk.journal.chain import Found
from kiosk.journal.connection import FILE
from kiosk.journal.errors import JournalError
from kiosk.journal.keys import has_key, load_or_create_key
from kiosk.wire import HeadReceipt

if TYPE_CHECKING:
    from sqlite3 import Connection


def journal_folder(data: Path) -> Path:
    """The journal's folder: ``data`` itself or ``data``/journal. Raises JournalError ``no-journal``."""
    for folder in (data, data / "journal"):
        if (folder / FILE).exists() or has_key(folder):
            return folder
    raise JournalError(
        "no-journal", f"there is no journal in {data}", advice="Name the terminal's data folder with --data."
    )


def verify(data: Path, *, as_json: bool = False, out: TextIO | None = None) -> int:
    """Check the whole journal and say what is wrong, in words.

    Whole is what the terminal left, every byte: with anything behind its last page it is not, as for ``log verify``.
    """
    out = out or sys.stdout

    def run(connection: Connection) -> int:
        report = reading.verify(connection)
        report = replace(report, problems=(*report.problems, *(p.text for p in auditing.damaged_pages(connection))))
        if as_json:
            print(json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False), file=out)
        else:
            print(
                f"{counted(report.cases, 'case')}, {counted(report.ratings, 'rating')}, "
                f"{counted(report.attachments, 'attachment')}, {counted(report.audit_rows, 'audit row')}, "
                f"chain head {report.head[:16]}",
                file=out,
            )
            for problem in report.problems:
                print(f"PROBLEM  {problem}", file=out)
            print("the journal is whole" if report.ok else counted(len(report.problems), "problem"), file=out)
        return 0 if report.ok else 1

    return _run(data, run, as_json, out)


def list_cases(data: Path, *, as_json: bool = False, out: TextIO | None = None) -> int:
    """One line per case and how far it has come, without personal data; times are Beijing time, as on the papers.

    Of drafts the number: whose they are, nobody can say here.
    """
    out = out or sys.stdout

    def run(connection: Connection) -> int:
        rows = reading.cases(connection)
        if as_json:
            print(json.dumps([asdict(row) for row in rows], ensure_ascii=False), file=out)
            return 0
        for row in rows:
            said = row.cause or row.result
            state = f"{row.life} ({said})" if said else row.life
            mark = "  TEST" if row.test else ""
            at = datetime.fromisoformat(row.committed_at).astimezone(CHINA)
            print(f"{at:%Y-%m-%d %H:%M:%S}  {row.case_no}  {row.service_id}  {row.outcome}  {state}{mark}", file=out)
        drafts = reading.drafts(connection)
        print(counted(len(rows), "case") + (f", {counted(drafts, 'draft')}" if drafts else ""), file=out)
        return 0

    return _run(data, run, as_json, out)


def export(data: Path, *, to: Path | None = None, as_json: bool = False, out: TextIO | None = None) -> int:
    """Every sealed item with its metadata as JSON lines, to a file (0600) or to standard output."""
    out = out or sys.stdout

    def run(connection: Connection) -> int:
        if to is None:
            reading.export(connection, _binary(out))
            return 0
        to.touch(mode=0o600)
        with to.open("wb") as file:
            count = reading.export(connection, file)
        print(json.dumps({"ok": True, "items": count}) if as_json else f"{count} items written to {to}", file=out)
        return 0

    return _run(data, run, as_json, out)


def verify_log(
    data: Path,
    *,
    receipts: Path | None = None,
    own_key: bytes | None = None,
    as_json: bool = False,
    out: TextIO | None = None,
) -> int:
    """Check the audit log, and hold it against the backend's receipts: the newest one kept here, and those of a file.

    ``own_key``: the terminal's public key, where it is known.
    """
    out = out or sys.stdout

    def run(connection: Connection) -> int:
        outside = [] if receipts is None else read_receipts(receipts)
        report = auditing.verify(connection, outside, own_key)
        problems = [*report.problems, *auditing.damaged_pages(connection)]
        if as_json:
            answer = {"ok": not problems, "first_bad_row": report.first_bad_row, **asdict(report)}
            answer["problems"] = [found._asdict() for found in problems]
            print(json.dumps(answer, ensure_ascii=False), file=out)
        else:
            _tell(report, problems, out)
        return 1 if problems else 0

    return _run(data, run, as_json, out)


def read_receipts(file: Path) -> list[HeadReceipt]:
    """The backend's receipts out of a file: one JSON object a line. Raises JournalError ``bad-receipts``."""
    try:
        return [msgspec.json.decode(line, type=HeadReceipt) for line in file.read_bytes().splitlines() if line.strip()]
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not one receipt a line"
        raise JournalError(
            "bad-receipts", f"{file}: {why}", advice="Ask the backend's operator for it anew."
        ) from error


def _tell(report: auditing.LogReport, problems: Sequence[Found], out: TextIO) -> None:
    signed = f"signed up to row {report.signed_to} (key {report.key_epoch})" if report.signed_to else "not signed yet"
    confirmed = f"confirmed up to row {report.confirmed_to}" if report.confirmed_to else "not confirmed by a backend"
    print(f"{counted(report.rows, 'audit row')}, head {report.head[:16]}, {signed}, {confirmed}", file=out)
    for found in problems:
        print(f"PROBLEM  {found.text}", file=out)
    if problems:
        first = "" if report.first_bad_row is None else f"; the first bad row is {report.first_bad_row}"
        print(f"{counted(len(problems), 'problem')}{first}", file=out)
        return
    print("the log is whole", file=out)
    if not report.compared:
        print("not compared with a receipt from outside this terminal: --receipt, --checkpoints", file=out)


def _binary(out: TextIO) -> IO[bytes]:
    out.flush()
    return out.buffer


def _run(data: Path, work: Callable[[Connection], int], as_json: bool, out: TextIO) -> int:
    try:
        folder = journal_folder(data)
        with reading.reading(folder, load_or_create_key(folder)) as connection:
            return work(connection)
    except JournalError as error:
        if as_json:
            answer = {"ok": False, "error": {"code": error.code, "message": str(error), "advice": error.advice}}
            print(json.dumps(answer, ensure_ascii=False), file=out)
        else:
            print(f"{error.code}: {error}\n{error.advice}".rstrip(), file=sys.stderr)
        return 2
