"""kiosk doctor and kiosk journal on the image of a crash: everything is read, no byte of the folder is touched."""

from __future__ import annotations

import hashlib
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.health import books, machine
from kiosk.housekeeping import HANGS
from kiosk.journal import commands
from kiosk.journal.connection import FILE
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.reading import reading
from kiosk.journal.records import Block
from kiosk.journal.reserve import FILE as RESERVE


def state(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        file.name: (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in sorted(folder.iterdir())
    }


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder as a power cut leaves it: rows stand in the log alone, and SQLite's index of it is gone."""
    with Journal.open(tmp_path / "journal", load_or_create_key(tmp_path / "journal")) as journal:
        journal.add_block(Block("case", 1, 200))
        journal.add_block(Block("uscc", 1, 200))
        journal.set_meta("sync.log_trouble", "log-forked")
        shutil.copytree(tmp_path / "journal", tmp_path / "image")
    (tmp_path / "image" / f"{FILE}-shm").unlink()
    return tmp_path / "image"


def test_a_crash_image_is_read_with_its_log_and_nothing_changes(image: Path) -> None:
    before = state(image)
    found = {check.name: check for check in books.examine(image).checks}
    assert found["journal"].state == "ok"
    assert "200 of kind uscc" in found["numbers"].finding
    assert commands.verify(image, out=io.StringIO()) == 0
    assert commands.list_cases(image, out=io.StringIO()) == 0
    assert commands.verify_log(image, out=io.StringIO()) == 0
    assert state(image) == before


def test_what_stands_behind_a_torn_frame_is_still_there_for_the_rescue(image: Path) -> None:
    log = image / f"{FILE}-wal"
    data = bytearray(log.read_bytes())
    end = max(at for at in range(0, len(data), 512) if any(data[at : at + 512]))
    data[end // 3] ^= 0x10
    log.write_bytes(data)
    before = state(image)
    books.examine(image)
    assert state(image) == before


@pytest.mark.parametrize("log", ["laid ready", "gone"])
def test_one_that_was_closed_in_order_gets_no_log_and_loses_none(tmp_path: Path, log: str) -> None:
    with Journal.open(tmp_path, load_or_create_key(tmp_path)):
        pass
    if log == "gone":  # a file system without second names, or another machine's copy
        (tmp_path / f"{FILE}-wal").unlink()
    before = state(tmp_path)
    books.examine(tmp_path)
    assert state(tmp_path) == before


def test_a_folder_that_may_only_be_read_is_enough(image: Path) -> None:
    image.chmod(0o500)
    for file in image.iterdir():
        file.chmod(0o400)
    try:
        assert {check.name: check.state for check in books.examine(image).checks}["journal"] == "ok"
    finally:
        image.chmod(0o700)


def test_a_terminal_that_opens_it_meanwhile_makes_the_answer_worthless(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path)
    Journal.open(tmp_path, key).close()
    with pytest.raises(JournalError) as caught, reading(tmp_path, key):
        journal = Journal.open(tmp_path, key)
    journal.close()
    assert (caught.value.code, caught.value.retryable) == ("journal-busy", True)


# -- what the terminal has noted of its sending, and of its disk


def test_a_log_that_the_backend_does_not_take_is_told(image: Path) -> None:
    check = next(check for check in books.examine(image).checks if check.name == "log")
    assert (check.state, "log-forked" in check.finding) == ("attention", True)
    assert "log verify" in check.advice


def test_a_sync_that_hangs_is_told_while_that_terminal_runs_and_not_of_one_that_has_ended(tmp_path: Path) -> None:
    with Journal.open(tmp_path, load_or_create_key(tmp_path)) as journal:
        journal.set_meta(HANGS, datetime(2026, 11, 26, 9, 30, tzinfo=UTC).isoformat())
        check = next(check for check in books.examine(tmp_path).checks if check.name == "sync")
        assert (check.state, "2026-11-26 09:30" in check.finding) == ("attention", True)
        assert "Restart" in check.advice
    assert not [check for check in books.examine(tmp_path).checks if check.name == "sync"]


def test_the_disk_is_told_by_the_profiles_threshold_and_the_reserve(tmp_path: Path) -> None:
    assert machine.disk(tmp_path, 1).state in ("ok", "attention")
    none = machine.disk(tmp_path, 1 << 60)
    assert (none.state, "no visit is begun" in none.finding) == ("broken", True)
    with Journal.open(tmp_path / "journal", load_or_create_key(tmp_path / "journal")):
        without = machine.disk(tmp_path, 1)
        assert (without.state, "reserve" in without.finding) == ("attention", True)
        (tmp_path / "journal" / RESERVE).touch()
        assert "reserve" not in machine.disk(tmp_path, 1).finding
