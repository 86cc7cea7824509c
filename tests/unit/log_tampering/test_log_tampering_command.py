"""`kiosk log verify` says in words what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.journal import commands
from tests.unit.log_tampering.log_room import Log


def test_the_command_says_it_in_words(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.verify_log(log.folder) == 0
    said = capsys.readouterr().out
    assert "1000 audit rows" in said
    assert "the log is whole" in said
    assert "not compared with a receipt from outside" in said
    log.edit("DELETE FROM audit WHERE seq = 500")
    assert commands.verify_log(log.folder) == 1
    said = capsys.readouterr().out
    assert "PROBLEM  audit row 500 is missing" in said
    assert said.splitlines()[-1] == "2 problems; the first bad row is 500"


def test_what_is_no_receipt_is_told_as_such(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("{}", "not json", None):
        file = tmp_path / "receipts"
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
        assert commands.verify_log(log.folder, receipts=file) == 2
        assert capsys.readouterr().err.startswith("bad-receipts: ")
