"""Any bit of the audit log that is flipped, in a row, a sealed part or the file, is found."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.journal import canonical, chain
from kiosk.journal.chain import Row, Walk
from kiosk.journal.connection import FILE, connect
from kiosk.journal.journal import Journal
from kiosk.journal.reading import verify as verify_journal
from tests.unit.log_tampering.log_room import EVENTS, Log, make, rows_of, verify


def flipped(value: bytes) -> list[bytes]:
    """The value with each of its bits flipped once."""
    number, size = int.from_bytes(value, "big"), len(value)
    return [(number ^ (1 << bit)).to_bytes(size, "big") for bit in range(size * 8)]


@pytest.mark.timeout(240)
def test_every_bit_of_every_row_flipped_once_is_found(whole: Log) -> None:
    """Row by row, against the walk that verification takes: the rows before were walked, those behind do not matter."""
    rows = rows_of(whole)
    assert len(rows) == EVENTS
    walk, bits, missed = Walk(), 0, 0
    for row, follower in zip(rows, [*rows[1:], None], strict=True):
        for place in range(1, len(Row._fields)):
            head, tail = row[:place], row[place + 1 :]
            for value in flipped(row[place]):
                bits += 1
                missed += walk.fits(Row(*head, value, *tail))
        for bit in range(63):
            bits += 1
            missed += walk.fits(row._replace(seq=row.seq ^ (1 << bit)))
        assert follower is None or not walk.fits(follower)  # where a row with another number was, one is missing
        broken = row._replace(item=row.item + b"x")
        assert Walk(walk.hash, walk.seq).step(broken)[0].row == row.seq
        assert walk.step(row) == []
    assert bits > 1_000_000
    assert missed == 0


def test_every_bit_of_the_bytes_under_the_hash_counts(whole: Log) -> None:
    rows = rows_of(whole)
    for before, row in list(pairwise(rows))[::5]:
        covered = canonical.stored_bytes(before.hash, row.seq, row[1:6])
        assert chain.fits(covered, row.hash)
        assert not any(chain.fits(other, row.hash) for other in flipped(covered))


def test_a_bit_flipped_in_the_table_itself_is_named_by_the_command(log: Log) -> None:
    """The same, all the way: any column, any row, through SQLite and the command."""
    rng = random.Random(20260603)
    for _ in range(40):
        row, place = rng.choice(rows_of(log)), rng.randrange(1, len(Row._fields))
        name, value = Row._fields[place], row[place]
        if not value:
            continue
        put = f"UPDATE audit SET {name} = CAST(x'{{}}' AS TEXT) WHERE seq = {row.seq}"
        log.edit(put.format(rng.choice(flipped(value)).hex()))
        status, answer = verify(log)
        assert (status, answer["first_bad_row"]) == (1, row.seq), (name, answer["problems"])
        log.edit(put.format(value.hex()))
    assert verify(log)[0] == 0


def test_every_bit_of_the_sealed_bytes_is_found(tmp_path: Path) -> None:
    log = make(tmp_path / "journal", 16, ())
    connection = connect(log.folder / FILE, log.file_key)
    seq, sealed = connection.execute("SELECT seq, sealed FROM audit WHERE sealed IS NOT NULL").fetchone()
    connection.execute("BEGIN")
    assert verify_journal(connection).ok
    for value in flipped(sealed):
        connection.execute("UPDATE audit SET sealed = ? WHERE seq = ?", (value, seq))
        assert not verify_journal(connection).ok
    connection.close()


def test_bits_of_the_file_itself_are_found_on_every_page(log: Log) -> None:
    """SQLCipher's HMAC covers every page; the first sixteen bytes are the salt."""
    rng = random.Random(20260601)
    file = log.folder / FILE
    data = file.read_bytes()
    assert verify(log)[0] == 0
    places = [*range(16), *(page + rng.randrange(4096) for page in range(0, len(data), 4096))]
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << rng.randrange(8)
        file.write_bytes(damaged)
        status, answer = verify(log)
        assert status in (1, 2), (place, answer)
        assert answer["error"]["code"] == "journal-damaged" if status == 2 else answer["problems"]
    file.write_bytes(data)
    assert verify(log)[0] == 0


def test_a_bit_of_the_write_ahead_log_costs_rows_at_its_end_and_the_receipt_misses_them(tmp_path: Path) -> None:
    """SQLite takes a frame that does not fit for the end of the log: rows are gone, and only a receipt can tell."""
    rng = random.Random(20260602)
    log = make(tmp_path / "journal", 60, (40,))
    with Journal.open(log.folder, log.file_key, durable=False) as journal:
        for _ in range(12):
            journal.audit("visit.started")
        newest = log.backend.confirm(journal.checkpoint(log.signer, None), log.signer.public)
        image = log.copy(tmp_path / "image")
    wal = image.folder / f"{FILE}-wal"
    data = wal.read_bytes()
    frames = [at for at in range(32, len(data), 4120) if any(data[at : at + 24])]
    cut = 0
    for at in frames:
        damaged = bytearray(data)
        damaged[at + rng.randrange(4120)] ^= 1 << rng.randrange(8)
        wal.write_bytes(damaged)
        report = image.verify([newest])
        if report.ok:  # a frame that a later one has replaced or that was folded back before
            assert (report.rows, report.head) == (newest.seq, newest.head)
        else:
            cut += {found.code for found in report.problems} >= {"cut"}
    assert cut >= 12
