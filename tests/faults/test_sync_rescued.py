"""A journal that was damaged on its disk, from the damage to the empty queue: what is left goes on and arrives.

The damaged file is set aside, what can be read of it goes on in a new log with the same ids and bytes; what cannot is
named. The backend refuses the new log until an operator has allowed it, at the command line and beside the running
backend, and takes cases meanwhile.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend.log_desk import heads
from kiosk.health import books
from kiosk.journal import aside, commands
from kiosk.journal.connection import FILE
from kiosk.journal.keys import KEY_FILE
from kiosk.sync.identity import public_key_in
from tests.faults.sync_room import SyncRoom

PAGE = 4096


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SyncRoom]:
    with SyncRoom(tmp_path) as made:
        yield made


def events(room: SyncRoom, name: str) -> list[tuple[str, dict[str, Any]]]:
    rows = room.terminal.journal._read(
        lambda c: c.execute("SELECT item, details FROM audit WHERE event = ? ORDER BY seq", (name,)).fetchall()
    )
    return [(item, json.loads(details)) for item, details in rows]


def damage(room: SyncRoom) -> None:
    """The terminal ends; then the disk loses a page in the middle of the newest case's picture."""
    room.terminal.close()
    file = room.terminal.disk / FILE
    data = bytearray(file.read_bytes())
    last = len(data) // PAGE - 6  # a picture of 60 KB is 15 pages, written last
    data[last * PAGE : (last + 1) * PAGE] = os.urandom(PAGE)
    file.write_bytes(data)


def allow(room: SyncRoom, terminal_id: str) -> None:
    """As the operator does it, while the backend serves."""
    backend = ["backend", "--db", f"sqlite:///{room.house.disk}/backend.db", "--blobs", str(room.house.disk / "blobs")]
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", *backend, "--allow-log", terminal_id],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def verify(room: SyncRoom, folder: Path, terminal_id: str) -> tuple[int, str]:
    """`kiosk log verify` with the backend's receipts."""
    receipts = folder / "receipts.jsonl"
    receipts.write_text("\n".join(heads(room.house.backend.settings, terminal_id)) + "\n")
    said = io.StringIO()
    own_key = public_key_in(folder / "terminal")
    status = commands.verify_log(room.terminal.disk, receipts=receipts, own_key=own_key, as_json=True, out=said)
    return status, said.getvalue()


@pytest.mark.timeout(120)
def test_a_damaged_journal_goes_on_in_a_new_log_and_everything_that_is_left_arrives(
    room: SyncRoom, tmp_path: Path
) -> None:
    terminal = room.terminal
    sent = [terminal.commit(3000) for _ in range(5)]
    assert terminal.client.cycle().acknowledged == 5
    waiting = [terminal.commit(2000) for _ in range(4)]
    newest = terminal.commit(60_000)
    enrolment = terminal.client.enrolment
    assert enrolment is not None
    old_log = terminal.journal.log()

    damage(room)
    terminal._start(terminal.disk)
    journal = terminal.journal
    (name,) = aside.set_aside(terminal.disk)
    assert (terminal.disk / name).stat().st_size > 0
    assert [item for item, _ in events(room, "item.lost")] == [newest], "a citizen to be called, by id"
    assert journal.log() != old_log
    assert journal.numbers_left("case") == 0, "nobody knows what the lost end had spent"
    assert {row.case_id for row in journal.cases()} == {*sent, *waiting}
    (terminal.disk / KEY_FILE).write_bytes(terminal._key)
    (terminal.disk / KEY_FILE).chmod(0o600)
    told = next(check for check in books.examine(terminal.disk).checks if check.name == "journal")
    assert (told.state, name in told.finding, "--allow-log" in told.advice) == ("attention", True, True)

    report = terminal.client.cycle()
    assert report.online
    assert report.cause == "log-replaced", "told, until a person has looked"
    assert report.counts.queued == 0, "and it holds no case back"
    assert {row[0] for row in room.house.rows("SELECT id FROM items")} == {*sent, *waiting}
    assert journal.numbers_left("case") > 0
    after = terminal.commit(1000)
    room.time.move(60)
    assert terminal.client.cycle().cause == "log-replaced"
    assert room.house.rows("SELECT code FROM alarms") == [("log-replaced",)], "one alarm, not one a pass"
    assert room.house.rows(f"SELECT count(*) FROM items WHERE id = '{after}'") == [(1,)]

    allow(room, enrolment.terminal_id)
    room.time.move(60)
    report = terminal.client.cycle()
    assert (report.online, report.cause) == (True, "")
    assert [name for name in ("log.refused", "log.taken") if len(events(room, name)) != 1] == []
    status, said = verify(room, tmp_path, enrolment.terminal_id)
    assert status == 0, said
    assert json.loads(said)["compared"]
    room.time.move(60)
    assert terminal.client.cycle().cause == ""
    rows = room.house.rows("SELECT id, hash FROM items")
    held = journal._read(lambda c: c.execute("SELECT id, hash FROM sending").fetchall())
    assert sorted(rows) == sorted(tuple(row) for row in held), "both ends hold the same, each once"
    assert len({row[0] for row in room.house.rows("SELECT case_no FROM cases")}) == len(rows)
