"""Journal, client and backend: the end of the log goes with every pass, and what was done to the log comes out."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli, wire
from kiosk.backend.keys import rotate
from kiosk.journal import auditing, chain
from kiosk.journal.auditing import LogReport
from kiosk.journal.connection import FILE, connect
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.reading import reading
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.report import CycleReport
from kiosk.sync.transport import HttpTransport


class Room:
    """One terminal: its folder with the key, the journal in it, a client."""

    def __init__(self, folder: Path, url: str, clock: Callable[[], datetime]) -> None:
        self.folder, self.url, self.clock = folder, url, clock
        self.disk = folder / "journal"
        self.key = load_or_create_key(self.disk)
        self.open()

    def open(self) -> None:
        self.journal = Journal.open(self.disk, self.key, clock=self.clock, durable=False)
        self.client = SyncClient(
            self.journal, HttpTransport(self.url), TerminalKey.load_or_create(self.folder), clock=self.clock,
            policy=Policy(attempt=10.0), rng=random.Random(1), log=self.journal,
        )  # fmt: skip

    def close(self) -> None:
        self.client.close()
        self.journal.close()

    def restart(self) -> None:
        self.close()
        self.open()

    def passes(self, events: int = 1) -> CycleReport:
        """Something happens, and a pass brings it to the backend."""
        for _ in range(events):
            self.journal.audit("visit.started")
        return self.client.cycle(urgent=True)

    def verify(self, outside: list[wire.HeadReceipt]) -> LogReport:
        with reading(self.disk, self.key) as connection:
            return auditing.verify(connection, outside, TerminalKey.load_or_create(self.folder).public)

    def events(self, name: str) -> list[str]:
        with reading(self.disk, self.key) as connection:
            rows = connection.execute("SELECT details FROM audit WHERE event = ? ORDER BY seq", (name,)).fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def room(tmp_path, server, clock):
    made = Room(tmp_path / "terminal", server.url, clock)
    made.client.enrol(server.backend.issue_code("330102", "East Gate"))
    yield made
    made.close()


def receipts(server, room: Room) -> list[wire.HeadReceipt]:
    return server.backend.logs.receipts(room.client.enrolment.terminal_id)


def alarms(server) -> list[str]:
    with server.backend._store._reader.begin() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT code FROM alarms ORDER BY seq")]


def test_every_pass_brings_the_end_of_the_log_and_an_idle_one_signs_nothing_anew(room, server, clock, monkeypatch):
    for count in (1, 2, 3):
        report = room.passes(count)
        assert (report.online, report.cause) == (True, "")
        newest = receipts(server, room)[-1]
        assert (newest.seq, newest.head) == (room.journal.head().seq, room.journal.head().hash)
    monkeypatch.setattr(room.journal._checkpoints, "sign", None)
    head = room.journal.head()
    clock.move(minutes=1)
    assert room.client.cycle().online
    assert (room.journal.head(), receipts(server, room)[-1]) == (head, newest)
    report = room.verify(receipts(server, room))
    assert report.ok, report.problems
    assert report.signed_to == report.confirmed_to == head.seq
    assert room.verify([]).confirmed_to == head.seq, "the newest receipt is kept on the terminal"
    assert alarms(server) == []


def test_lost_answers_are_made_good_and_raise_no_alarm(room, server, clock, faulty_wire):
    room.url = faulty_wire.url
    room.restart()
    rng, lost, reached = random.Random(7), 0, 0

    def lose(_method: str, target: str, answer: bytes) -> bytes | None:
        nonlocal lost
        if target != "/v1/checkpoints" or rng.random() < 0.5:
            return answer
        lost += 1
        return None

    faulty_wire.fault = lose
    for _ in range(24):
        reached += room.passes().online
        clock.move(minutes=10)
    assert lost >= 12
    assert 0 < reached < 24
    faulty_wire.fault = lambda _method, _target, answer: answer
    assert room.passes().cause == ""
    assert alarms(server) == []
    assert room.events("log.refused") == []
    assert room.verify(receipts(server, room)).ok


def test_an_older_image_of_the_disk_is_told_at_both_ends_and_keeps_nothing_else_back(room, server, clock, tmp_path):
    room.passes(3)
    room.close()
    shutil.copytree(room.disk, tmp_path / "image")
    room.open()
    true = [room.passes(4).cause, room.passes(4).cause]
    assert true == ["", ""]
    room.close()
    shutil.rmtree(room.disk)
    shutil.copytree(tmp_path / "image", room.disk)
    room.open()
    causes = {room.passes(1).cause for _ in range(2)}
    assert causes == {"log-went-back"}
    for _ in range(6):  # it grows beyond what the backend knows, from another root
        report = room.passes(4)
    assert (report.online, report.cause) == (True, "log-forked")
    assert "kiosk log verify" in report.advice
    assert alarms(server) == ["log-went-back", "log-forked"]
    assert room.events("log.refused") == ['{"reason":"log-went-back"}', '{"reason":"log-forked"}']
    assert {found.code for found in room.verify(receipts(server, room)).problems} == {"rewritten"}


def rewrite(room: Room, seq: int) -> None:
    """What a thief who holds the file's key can do: change a row, and make the chain anew behind it."""
    connection = connect(room.disk / FILE, room.key)
    connection.execute("UPDATE audit SET item = 'x' WHERE seq = ?", (seq,))
    (previous,) = connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq - 1,)).fetchone()
    sql = "SELECT seq, at, event, item, details, about FROM audit WHERE seq >= ? ORDER BY seq"
    for row in connection.execute(sql, (seq,)).fetchall():
        previous = chain.row_hash(previous, *row)
        connection.execute("UPDATE audit SET hash = ? WHERE seq = ?", (previous, row[0]))
    connection.close()


def test_a_log_that_was_rewritten_and_goes_on_is_found_at_the_next_pass(room, server):
    room.passes(5)
    confirmed = receipts(server, room)[-1].seq
    room.close()
    rewrite(room, 4)
    room.open()
    assert room.passes(2).cause == "log-forked"
    assert alarms(server) == ["log-forked"]
    report = room.verify(receipts(server, room))
    assert (report.first_bad_row, {found.code for found in report.problems}) == (1, {"rewritten"})
    assert f"rows 1 to {confirmed} were made anew" in report.problems[0].text


def test_a_journal_that_was_set_aside_begins_a_log_that_the_operator_allows(room, server):
    enrolment = room.client.enrolment
    room.passes(5)
    room.close()
    room.disk.rename(room.disk.with_name("set-aside"))
    room.key = load_or_create_key(room.disk)
    room.open()
    room.client._state.enrolment = enrolment  # what a recovery carries over
    for _ in range(3):
        assert room.passes(2).cause == "log-replaced"
    assert alarms(server) == ["log-replaced"]
    assert room.events("log.refused") == ['{"reason":"log-replaced"}']
    assert server.backend.logs.allow_another(enrolment.terminal_id)
    assert room.passes(2).cause == ""
    assert room.events("log.taken") == ["{}"]
    assert room.passes().cause == ""
    assert room.verify(receipts(server, room)).ok


def test_the_terminals_key_changes_and_the_log_says_so(room, server):
    room.passes(3)
    before = TerminalKey.load_or_create(room.folder).public
    room.client.change_key()
    assert room.passes(3).cause == ""
    after = TerminalKey.load_or_create(room.folder).public
    assert before != after
    assert room.passes(3).cause == ""
    kept = receipts(server, room)
    assert {(one.key_epoch, one.terminal_key) for one in kept} == {(1, wire.key_id(before)), (2, wire.key_id(after))}
    for outside in ([], kept):
        report = room.verify(outside)
        assert (report.ok, report.key_epoch) == (True, 2), report.problems
    room.restart()
    assert room.passes().cause == ""
    assert len(room.events("terminal.key")) == 2


def test_a_crash_in_the_middle_of_a_key_change_leaves_one_key_and_a_log_that_says_which(
    room, server, clock, faulty_wire, monkeypatch
):
    room.url = faulty_wire.url
    room.restart()
    room.passes(3)
    room.client.change_key()
    with monkeypatch.context() as patched:  # the log names the new key, its file does not stand in its place yet
        patched.setattr(TerminalKey, "complete_change", _die)
        with pytest.raises(KeyboardInterrupt):
            room.passes()
    faulty_wire.fault = lambda *_: None
    room.restart()
    for _ in range(2):
        assert not room.passes().online
        clock.move(minutes=10)
    faulty_wire.fault = lambda _method, _target, answer: answer
    assert room.passes().cause == ""
    assert room.client._keys.own.pending() is None
    report = room.verify(receipts(server, room))
    assert (report.ok, report.key_epoch) == (True, 2), report.problems


def _die(_key: TerminalKey) -> None:
    raise KeyboardInterrupt


def test_without_a_line_the_log_is_signed_all_the_same(room, server, clock, faulty_wire):
    room.passes(3)
    confirmed = room.journal.head().seq
    room.url = faulty_wire.url
    room.restart()
    faulty_wire.fault = lambda *_: None
    for _ in range(3):
        assert not room.passes(4).online
        clock.move(minutes=10)
    report = room.verify([])
    assert (report.ok, report.confirmed_to, report.signed_to) == (True, confirmed, report.rows)
    faulty_wire.fault = lambda _method, _target, answer: answer
    assert room.passes().cause == ""
    assert alarms(server) == []


def test_the_backends_key_changes_and_earlier_receipts_still_count(room, server, settings, clock, faulty_wire):
    room.passes(3)
    early = receipts(server, room)
    room.url = faulty_wire.url
    room.restart()
    rotate(settings.keys_path(), clock())
    faulty_wire.fault = lambda _method, target, answer: None if target == "/v1/checkpoints" else answer
    room.passes(3)  # the new key is learnt, the receipt under it is lost
    assert room.client.enrolment.signing_key_id != early[-1].key_id
    assert room.verify(early).ok
    faulty_wire.fault = lambda _method, _target, answer: answer
    clock.move(minutes=10)
    assert room.passes().cause == ""
    late = receipts(server, room)
    assert late[-1].key_id == room.client.enrolment.signing_key_id
    assert room.verify([*early, *late]).ok


@pytest.mark.parametrize("change", [None, {"seq": 1}, {"terminal_id": "330102-OTHER2"}, {"signature": ""}])
def test_an_answer_that_is_no_receipt_is_told_once_and_costs_nothing_else(room, server, monkeypatch, change):
    room.passes()
    take = server.backend.logs.take

    def forged(*args: Any) -> wire.CheckpointReply:
        reply = take(*args)
        return replace(reply, receipt=None if change is None else replace(reply.receipt, **change))

    monkeypatch.setattr(server.backend.logs, "take", forged)
    for _ in range(3):
        report = room.passes()
        assert (report.online, report.cause) == (True, "bad-receipt")
    assert room.events("sync.alarm") == ['{"reason":"bad-receipt"}']
    assert room.verify([]).ok, "nothing of it was kept"


def test_a_head_that_was_confirmed_once_and_passed_since_is_an_older_image(room, server, monkeypatch):
    """The backend takes it for a request that was overtaken on its way; the terminal knows better."""
    room.passes()
    earlier = room.journal.checkpoint(room.client._checkpoints._signer(room.client.enrolment), None)
    assert room.passes().cause == ""
    monkeypatch.setattr(room.journal, "checkpoint", lambda *_, **__: earlier)
    assert room.passes().cause == "log-went-back"
    assert alarms(server) == []


def test_the_operator_hands_out_the_heads_and_the_terminals_folder_is_held_against_them(
    room, server, settings, tmp_path, capsys, monkeypatch
):
    """The two command lines, one at each end, with a file carried between them."""
    monkeypatch.chdir(tmp_path)
    room.passes(5)
    terminal_id = room.client.enrolment.terminal_id
    database = settings.db_url
    # the keys lie where the command line expects them: beside the database
    assert cli.main(["backend", "--db", database, "--blobs", settings.blobs, "--heads", terminal_id]) == 0
    heads = tmp_path / "heads.jsonl"
    heads.write_text(capsys.readouterr().out)
    room.close()
    command = ["log", "verify", "--data", str(room.folder), "--checkpoints", str(heads)]
    assert cli.main(command) == 0
    assert "the log is whole" in capsys.readouterr().out
    connection = connect(room.disk / FILE, room.key)
    connection.execute("DELETE FROM audit WHERE seq > 6")
    connection.execute("DELETE FROM checkpoints")
    connection.execute("DELETE FROM meta WHERE key = 'sync.receipt'")
    connection.close()
    assert cli.main(command[:-2]) == 0
    assert "not compared" in capsys.readouterr().out
    assert cli.main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["first_bad_row"] == 7
    assert cli.main(["backend", "--db", database, "--blobs", settings.blobs, "--allow-log", "330102-NOBODY"]) == 2
    assert "no log of terminal" in capsys.readouterr().err
    room.open()
