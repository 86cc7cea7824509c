"""An audit log made anew, by whoever holds which key: what is signed and what the backend confirmed tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.journal import chain
from kiosk.journal.chain import GENESIS
from kiosk.journal.reading import reading
from kiosk.sync import TerminalKey
from kiosk.sync.checkpoints import KeyInUse
from tests.unit.log_tampering.log_room import FORGET, NOON, Backend, Log, make, remake, verify


def resign(connection: Any, signer: KeyInUse) -> None:
    """Sign every kept checkpoint anew over the chain as it is now."""
    at = dict(connection.execute("SELECT seq, hash FROM audit").fetchall()) | {0: GENESIS}
    for seq, text in connection.execute("SELECT seq, signed FROM checkpoints").fetchall():
        old = msgspec.json.decode(text, type=wire.Checkpoint)
        if seq in at:
            new = replace(old, log=at[1], head=at[seq], base_head=at[old.base_seq], key_epoch=signer.epoch)
            new = replace(new, signature=signer.sign(new.canonical()))
            connection.execute("UPDATE checkpoints SET signed = ? WHERE seq = ?",
                               (msgspec.json.encode(new).decode(), seq))  # fmt: skip


def test_who_holds_the_files_key_alone_cannot_sign_what_he_made_anew(log: Log) -> None:
    def anew(connection: Any) -> None:
        connection.execute("UPDATE audit SET at = replace(at, '12:00', '12:01') WHERE seq = 652")
        remake(connection, 652)

    log.edit(work=anew)
    assert chain_fits(log)
    report = log.verify()
    good, bad = log.receipts[1].seq, log.receipts[2].seq
    assert {found.code for found in report.problems} == {"rewritten"}
    assert (report.signed_to, report.first_bad_row) == (good, good + 1)
    assert f"rows {good + 1} to {bad} were made anew" in report.problems[0].text


def test_who_signs_with_a_key_of_his_own_is_found_by_the_terminals_key_or_the_backends_list(log: Log) -> None:
    thief = KeyInUse(log.signer.terminal_id, 1, TerminalKey(wire.new_signing_pair()[0]))

    def anew(connection: Any) -> None:
        sql = "UPDATE audit SET details = replace(details, ?, ?) WHERE event = 'terminal.key'"
        connection.execute(sql, (log.signer.public.hex(), thief.public.hex()))
        connection.execute("UPDATE audit SET at = replace(at, '12:00', '12:01') WHERE seq = 652")
        remake(connection, 2)
        resign(connection, thief)

    log.edit(*FORGET, work=anew)
    assert log.verify().ok, "in the file alone everything fits"
    for report in (log.verify(own_key=log.signer.public), log.verify(log.receipts[-1:]), log.verify(log.receipts)):
        assert "key" in {found.code for found in report.problems}


def test_who_holds_the_terminals_key_as_well_is_found_by_the_backends_list_alone(log: Log) -> None:
    def anew(connection: Any) -> None:
        connection.execute("UPDATE audit SET at = replace(at, '12:00', '12:01') WHERE seq = 652")
        remake(connection, 652)
        resign(connection, log.signer)

    log.edit(*FORGET, work=anew)
    assert log.verify(own_key=log.signer.public).ok
    assert [found.code for found in log.verify(log.receipts[-1:]).problems] == ["rewritten"]
    report = log.verify(log.receipts)
    assert (report.confirmed_to, report.first_bad_row) == (log.receipts[1].seq, log.receipts[1].seq + 1)


def test_another_log_in_its_place_is_found(log: Log, tmp_path: Path) -> None:
    """Made from the first row on, with the terminal's own key."""
    other = make(tmp_path / "other" / "journal", 120, (100,))
    other.edit(*FORGET, f"UPDATE meta SET value = '{log.backend.enrolment}' WHERE key = 'sync.enrolment'")
    report = other.verify(log.receipts[:1])
    assert {"replaced"} <= {found.code for found in report.problems}
    assert report.first_bad_row == 1


def test_a_receipt_of_another_backend_or_for_another_terminal_proves_nothing(log: Log) -> None:
    stranger = Backend(wire.new_signing_pair()[0])
    sent = wire.Checkpoint(log.signer.terminal_id, log.receipts[0].log, 100, "", 0, GENESIS, 1, NOON.isoformat())
    forged = stranger.confirm(sent, log.signer.public)
    foreign = replace(log.receipts[-1], terminal_id="330102-OTHER2")
    changed = replace(log.receipts[-1], seq=log.receipts[-2].seq, head=log.receipts[-2].head)
    for receipt, words in (
        (forged, "not signed by the backend"), (changed, "not signed by the backend"), (foreign, "another terminal's"),
    ):  # fmt: skip
        status, answer = verify(log, receipt)
        assert status == 1
        assert words in answer["problems"][0]["text"]
    # who changes the backend in the file, so that his own receipts hold, has the true one against him
    log.edit(*FORGET, f"UPDATE meta SET value = '{stranger.enrolment}' WHERE key = 'sync.enrolment'")
    assert verify(log, forged)[0] == 1
    assert verify(log, *log.receipts)[0] == 1


@pytest.mark.parametrize("name", ["terminal_id", "log", "seq", "head", "base_seq", "base_head", "key_epoch", "at"])
def test_every_field_of_a_kept_checkpoint_is_under_its_signature(log: Log, name: str) -> None:
    (seq, text) = _checkpoint(log)
    one = msgspec.json.decode(text, type=wire.Checkpoint)
    value = getattr(one, name)
    other = replace(
        one, **{name: value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")}
    )
    log.edit(f"UPDATE checkpoints SET signed = '{msgspec.json.encode(other).decode()}' WHERE seq = {seq}")
    assert not log.verify().ok


def _checkpoint(log: Log) -> tuple[int, str]:
    with reading(log.folder, log.file_key) as connection:
        row: tuple[int, str] = connection.execute("SELECT seq, signed FROM checkpoints").fetchone()
    return row


def chain_fits(log: Log) -> bool:
    with reading(log.folder, log.file_key) as connection:
        return not list(chain.problems(connection))
