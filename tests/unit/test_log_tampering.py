"""Tampering with the audit log, of any kind, by whoever holds what: found, and the first bad row named."""

from __future__ import annotations

import hashlib
import io
import json
import random
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.domain.case import new_case_id
from kiosk.journal import auditing, canonical, chain, commands
from kiosk.journal.auditing import LogReport
from kiosk.journal.chain import GENESIS, Row, Walk
from kiosk.journal.checkpoints import RECEIPT
from kiosk.journal.connection import FILE, connect
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.reading import reading
from kiosk.journal.reading import verify as verify_journal
from kiosk.journal.records import Block, CaseRecord, Numbers, SealedMaterial
from kiosk.sync import TerminalKey
from kiosk.sync.checkpoints import KeyInUse

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENTS = 1000
SIGNED_AT = (100, 400, 700, 990)


@dataclass
class Backend:
    """What the other end does for a log: it has a key, and confirms heads."""

    private: bytes
    terminal_id: str = "330102-ABCDEF"

    @property
    def enrolment(self) -> str:
        public = wire.public_of(self.private)
        made = wire.Enrolment(self.terminal_id, "330102", wire.b64(bytes(32)), "k" * 16, wire.b64(public),
                              wire.key_id(public), NOON.isoformat())  # fmt: skip
        return msgspec.json.encode(made).decode()

    def confirm(self, sent: wire.Checkpoint, terminal_key: bytes) -> wire.HeadReceipt:
        made = wire.HeadReceipt(
            sent.terminal_id, sent.log, sent.seq, sent.head, sent.key_epoch, wire.key_id(terminal_key),
            NOON.isoformat(), wire.key_id(wire.public_of(self.private)),
        )  # fmt: skip
        return replace(made, signature=wire.sign(self.private, made.canonical()))


@dataclass
class Log:
    """A terminal's journal folder, its keys, and what its backend has confirmed."""

    folder: Path
    file_key: bytes
    signer: KeyInUse
    backend: Backend
    receipts: list[wire.HeadReceipt]

    def verify(self, outside: Sequence[wire.HeadReceipt] = (), own_key: bytes | None = None) -> LogReport:
        with reading(self.folder, self.file_key) as connection:
            return auditing.verify(connection, outside, own_key)

    def edit(self, *statements: str, work: Callable[[Any], None] = lambda _: None) -> None:
        """What a thief who holds the file's key can do."""
        connection = connect(self.folder / FILE, self.file_key)
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        work(connection)
        connection.execute("COMMIT")
        connection.close()

    def copy(self, to: Path) -> Log:
        shutil.copytree(self.folder, to)
        return replace(self, folder=to)


def case(numbers: Numbers) -> CaseRecord:
    material = b"a sealed signature"
    return CaseRecord(
        new_case_id(), f"T-{numbers.take('case')}", "pension-check", "1", "approved", "final", "face", NOON, False,
        secrets.token_bytes(60), (SealedMaterial(hashlib.sha256(material).hexdigest(), "signature", material),),
    )  # fmt: skip


def make(folder: Path, events: int, signed_at: Sequence[int]) -> Log:
    """A log as visits make it: most rows are small, one in twelve commits a case."""
    file_key = load_or_create_key(folder)
    backend = Backend(wire.new_signing_pair()[0])
    signer = KeyInUse(backend.terminal_id, 1, TerminalKey(wire.new_signing_pair()[0]))
    log = Log(folder, file_key, signer, backend, [])
    with Journal.open(folder, file_key, clock=lambda: NOON, durable=False) as journal:
        journal.set_meta("sync.enrolment", backend.enrolment)
        journal.add_block(Block("case", 1, 1000))
        last: wire.HeadReceipt | None = None
        while (end := journal.head().seq) < events - 1:  # closing writes the last
            if end in signed_at:
                last = backend.confirm(journal.checkpoint(signer, last), signer.public)
                journal.set_meta(RECEIPT, msgspec.json.encode(last).decode())
                log.receipts.append(last)
                signed_at = signed_at[1:]
                if journal.head().seq != end:  # the first checkpoint names the key
                    continue
            match end % 12:
                case 0:
                    journal.commit(case)
                case 1 | 7:
                    journal.audit("visit.started")
                case 2 | 8:
                    journal.audit("face.checked", outcome="match")
                case 3:
                    journal.note_print(new_case_id(), "receipt", "printed", 0)
                case 4 | 9:
                    journal.audit("visit.ended", reason="finished", state="rating", saved=1, seconds=312)
                case 5 | 10:
                    journal.audit("visit.wiped", files=0)
                case _:
                    journal.audit("device.failed", device="receipt_printer", code="paper-out")
    return log


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return make(tmp_path_factory.mktemp("log") / "journal", EVENTS, SIGNED_AT)


@pytest.fixture
def log(whole: Log, tmp_path: Path) -> Log:
    return whole.copy(tmp_path / "journal")


def rows_of(log: Log) -> list[Row]:
    with reading(log.folder, log.file_key) as connection:
        return list(chain.rows(connection))


def remake(connection: Any, begin: int, after: int | None = None) -> None:
    """Make the chain anew from row ``begin`` on, so that it fits itself again; ``after``: the row before it."""
    after = begin - 1 if after is None else after
    (previous,) = connection.execute("SELECT hash FROM audit WHERE seq = ?", (after,)).fetchone() or (GENESIS,)
    sql = "SELECT seq, at, event, item, details, about FROM audit WHERE seq >= ? ORDER BY seq"
    for row in connection.execute(sql, (begin,)).fetchall():
        previous = chain.row_hash(previous, *row)
        connection.execute("UPDATE audit SET hash = ? WHERE seq = ?", (previous, row[0]))


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


FORGET = (f"DELETE FROM meta WHERE key = '{RECEIPT}'",)


# -- nothing is wrong


def test_a_log_that_nobody_touched_is_whole_signed_and_confirmed(whole: Log) -> None:
    report = whole.verify(whole.receipts, whole.signer.public)
    assert report.ok, report.problems
    assert (report.rows, report.checkpoints, report.key_epoch, report.compared) == (EVENTS, len(SIGNED_AT), 1, True)
    assert report.confirmed_to == report.signed_to == whole.receipts[-1].seq
    assert whole.verify().confirmed_to == whole.receipts[-1].seq, "the newest receipt is kept in the journal"


# -- every bit


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


# -- rows


def verify(log: Log, *receipts: wire.HeadReceipt) -> tuple[int, dict[str, Any]]:
    """`kiosk log verify --json`: exit status and answer."""
    out = io.StringIO()
    file = None
    if receipts:
        file = log.folder.with_name("receipts.jsonl")
        file.write_bytes(b"\n".join(msgspec.json.encode(one) for one in receipts))
    status = commands.verify_log(log.folder, receipts=file, as_json=True, out=out)
    return status, json.loads(out.getvalue())


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


# -- the whole chain made anew, by whoever holds which key


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


# -- the key is changed


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_new_key_counts_if_the_one_before_confirmed_it(log: Log, confirmed: bool) -> None:
    new = KeyInUse(log.signer.terminal_id, 2, TerminalKey(wire.new_signing_pair()[0]))
    with Journal.open(log.folder, log.file_key, durable=False) as journal:
        if confirmed:
            journal.change_key(log.signer, new)
            journal.change_key(log.signer, new)  # whoever rotates died in the middle and began anew
            assert journal.signing_key() == (2, new.public)
        journal.audit("visit.started")
        sent = journal.checkpoint(new, log.receipts[-1])
    report = log.verify(own_key=new.public)
    assert (report.ok, report.key_epoch) == (confirmed, 2)
    if not confirmed:
        assert "did not confirm" in report.problems[0].text
        # the operator's list shows that the backend knows the key: the terminal was enrolled anew
        assert log.verify([log.backend.confirm(sent, new.public)]).ok


def test_a_thief_cannot_confirm_a_key_of_his_own(log: Log) -> None:
    """He holds the file's key: he names his key, and signs in the terminal's name that it is right."""
    thief = KeyInUse(log.signer.terminal_id, 2, TerminalKey(wire.new_signing_pair()[0]))
    posing = replace(thief, epoch=1)
    with Journal.open(log.folder, log.file_key, durable=False) as journal:
        store = journal._store
        store.write(lambda: store.audit("terminal.key", epoch=2, key=thief.public.hex()))
        store.write(lambda: store.set_meta("audit.key", f"1 {posing.public.hex()}"))
        journal.checkpoint(posing, None)
        store.write(lambda: store.set_meta("audit.key", f"2 {thief.public.hex()}"))
        journal.audit("visit.started")
        journal.checkpoint(thief, None)
    found = {problem.code: problem.text for problem in log.verify().problems}
    assert "did not confirm" in found["key"]
    assert "not signed by key 1" in found["checkpoint"]


# -- the command


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
