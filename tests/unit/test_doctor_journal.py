"""kiosk doctor: the journal is looked at, never made or changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.health import books
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import Block


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Journal.open(tmp_path / "journal", load_or_create_key(tmp_path / "journal")) as journal:
        journal.add_block(Block("case", 1, 200))
        journal.add_block(Block("uscc", 1, 200))
    return tmp_path / "journal"


def states(found: books.Books) -> dict[str, str]:
    return {check.name: check.state for check in found.checks}


def test_a_whole_journal_is_well_also_while_a_terminal_has_it_open(folder: Path) -> None:
    assert states(books.examine(folder)) == {"journal": "ok", "queue": "ok", "numbers": "ok"}
    assert not books.terminal_runs(folder)
    with Journal.open(folder, load_or_create_key(folder)):
        assert books.terminal_runs(folder)
        assert "in use by a running terminal" in books.examine(folder).checks[0].finding


def test_no_journal_is_not_made_by_looking(tmp_path: Path) -> None:
    assert states(books.examine(tmp_path / "none")) == {"journal": "attention"}
    assert list(tmp_path.iterdir()) == []


def test_an_enrolment_of_another_shape_is_told_and_does_not_end_the_page(folder: Path) -> None:
    with Journal.open(folder, load_or_create_key(folder)) as journal:
        journal.set_meta("sync.enrolment", "{}")
    (check,) = books.examine(folder).checks
    assert (check.name, check.state) == ("enrolment", "broken")
    assert check.advice


def test_a_damaged_journal_and_a_lost_key_are_broken_and_say_not_to_delete(folder: Path) -> None:
    data = bytearray((folder / "journal.db").read_bytes())
    data[5000:5100] = bytes(100)
    (folder / "journal.db").write_bytes(bytes(data))
    check = books.examine(folder).checks[0]
    assert check.state == "broken"
    assert check.advice
    (folder / "journal.key").unlink()
    check = books.examine(folder).checks[0]
    assert check.state == "broken"
    assert "Do not delete" in check.advice
    assert not (folder / "journal.key").exists()


def test_without_numbers_no_case_can_be_saved_and_it_says_so(tmp_path: Path) -> None:
    with Journal.open(tmp_path, load_or_create_key(tmp_path)) as journal:
        assert states(books.examine(tmp_path))["numbers"] == "broken"
        journal.add_block(Block("case", 1, 5))
        journal.add_block(Block("uscc", 1, 200))
        assert states(books.examine(tmp_path))["numbers"] == "attention"
