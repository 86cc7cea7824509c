"""Rows of the audit log taken out, moved, doubled, changed or cut off: found, and the first bad row named."""

from __future__ import annotations

import pytest

from tests.unit.log_tampering.log_room import EVENTS, FORGET, SIGNED_AT, Log, remake, verify


def test_a_log_that_nobody_touched_is_whole_signed_and_confirmed(whole: Log) -> None:
    report = whole.verify(whole.receipts, whole.signer.public)
    assert report.ok, report.problems
    assert (report.rows, report.checkpoints, report.key_epoch, report.compared) == (EVENTS, len(SIGNED_AT), 1, True)
    assert report.confirmed_to == report.signed_to == whole.receipts[-1].seq
    assert whole.verify().confirmed_to == whole.receipts[-1].seq, "the newest receipt is kept in the journal"


MOVE = "UPDATE audit SET seq = {} WHERE seq = {}"
SWAP = (MOVE.format(-1, 500), MOVE.format(500, 501), MOVE.format(501, -1))
COPY = "INSERT INTO audit SELECT {}, at, event, item, details, about, hash, sealed FROM audit WHERE seq = {}"


@pytest.mark.parametrize(
    ("statements", "row", "words"),
    [
        (("DELETE FROM audit WHERE seq = 500",), 500, "audit row 500 is missing"),
        (("DELETE FROM audit WHERE seq BETWEEN 500 AND 510",), 500, "audit rows 500 to 510 are missing"),
        (("DELETE FROM audit WHERE seq = 1",), 1, "audit row 1 is missing"),
        (("DELETE FROM audit WHERE seq <= 300",), 1, "audit rows 1 to 300 are missing"),
        (SWAP, 500, "does not fit the chain"),
        (("DELETE FROM audit WHERE seq = 500", COPY.format(500, 499)), 500, "does not fit the chain"),
        ((COPY.format(EVENTS + 1, 500),), EVENTS + 1, "does not fit the chain"),
        (('UPDATE audit SET details = \'{"outcome":"no_match"}\' WHERE seq = 503',), 503, "audit row 503 "),
        (("UPDATE audit SET hash = upper(hash) WHERE seq = 500",), 500, "audit row 500 "),
        (("UPDATE audit SET item = item || char(10) WHERE seq = 500",), 500, "audit row 500 "),
        (("UPDATE audit SET at = CAST(x'ff' AS TEXT) WHERE seq = 500",), 500, "audit row 500 "),
        (("DELETE FROM audit",), 1, "no audit row"),
    ],
)
def test_rows_removed_reordered_doubled_or_changed_are_found_and_the_first_is_named(
    log: Log, statements: tuple[str, ...], row: int, words: str
) -> None:
    log.edit(*statements)
    status, answer = verify(log)
    assert (status, answer["ok"], answer["first_bad_row"]) == (1, False, row), answer["problems"]
    assert any(words in found["text"] for found in answer["problems"])


def test_a_row_taken_out_is_found_though_the_chain_was_made_anew_around_it(log: Log) -> None:
    log.edit("DELETE FROM audit WHERE seq = 995", work=lambda connection: remake(connection, 996, 994))
    report = log.verify()
    assert [(found.row, found.code) for found in report.problems] == [(995, "missing")]


def test_a_tail_that_was_cut_is_found_by_the_checkpoint_the_receipt_and_the_backends_list(log: Log) -> None:
    newest = log.receipts[-1]
    cut = ("DELETE FROM audit WHERE seq > 980", "DELETE FROM sending WHERE seq > 980")
    log.edit(*cut)
    report = log.verify()
    assert (report.rows, report.first_bad_row, report.signed_to) == (980, 981, log.receipts[-2].seq)
    assert [found.code for found in report.problems] == ["cut", "cut"]  # what was signed, what was confirmed
    log.edit("DELETE FROM checkpoints WHERE seq > 980")
    assert [found.code for found in log.verify().problems] == ["cut"]
    log.edit(*FORGET)  # and now nothing in the file can tell
    assert log.verify().ok
    assert not log.verify().compared
    status, answer = verify(log, newest)
    assert (status, answer["first_bad_row"]) == (1, 981)
    words = f"the log ends at row 980, but the backend has confirmed row {newest.seq} "
    assert answer["problems"][0]["text"].startswith(words)
    assert verify(log, *log.receipts)[0] == 1
