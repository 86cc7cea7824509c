"""Client, journal and backend together, over a wire that loses answers: every case arrives, once."""

from __future__ import annotations

import hashlib
import random
import secrets
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from kiosk import wire
from kiosk.domain import codes
from kiosk.journal.journal import Journal
from kiosk.journal.records import CaseRecord, RatingRecord, SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.sync import Policy, SyncClient, SyncLoop, TerminalKey
from kiosk.sync.transport import HttpTransport


class Room:
    """One terminal's journal and client."""

    def __init__(self, folder: Path, url: str, clock: Callable[[], datetime], policy: Policy) -> None:
        self.folder, self.clock, self.policy = folder, clock, policy
        self.key = secrets.token_bytes(32)
        self.results: list[wire.CaseResult] = []
        self.open(url)

    def open(self, url: str) -> None:
        self.journal = Journal.open(self.folder, self.key, clock=self.clock, durable=False)
        terminal_key = TerminalKey.load_or_create(self.folder)
        self.client = SyncClient(
            self.journal, HttpTransport(url), terminal_key, policy=self.policy, clock=self.clock,
            rng=random.Random(1), on_results=self.results.extend,
        )  # fmt: skip

    def close(self) -> None:
        self.client.close()
        self.journal.close()

    def commit(self, *, materials: int = 0, rung: str = "provisional") -> str:
        enrolment = self.client.enrolment
        assert enrolment is not None
        case_id = str(uuid.uuid4())
        public = wire.unb64(enrolment.sealing_key)

        def build(numbers) -> CaseRecord:
            now = self.clock()
            case_no = codes.case_no(enrolment.area_code, now.date(), numbers.take("case"))
            payload = wire.CasePayload(
                case_id, case_no, "pension", "0001", "pension", "1.0.0", "approved", rung, "face", False,
                now.isoformat(), now.isoformat(), [wire.PayloadField("applicant.name", "王小明", "card", "A")],
            )  # fmt: skip
            sealed = [
                seal(secrets.token_bytes(500), public, item_info(enrolment.terminal_id, case_id, part + 1))
                for part in range(materials)
            ]
            return CaseRecord(
                case_id, case_no, "pension", "1.0.0", "approved", rung, "face", now, False,
                seal(msgspec.json.encode(payload), public, item_info(enrolment.terminal_id, case_id)),
                tuple(SealedMaterial(hashlib.sha256(data).hexdigest(), "signature", data) for data in sealed),
            )  # fmt: skip

        self.journal.commit(build)
        return case_id


@pytest.fixture
def make_room(tmp_path, clock):
    rooms: list[Room] = []

    def make(url: str, **policy: float) -> Room:
        room = Room(tmp_path / f"terminal{len(rooms)}", url, clock, Policy(**({"attempt": 10.0} | policy)))
        rooms.append(room)
        return room

    yield make
    for room in rooms:
        room.close()


def test_from_enrolment_to_the_result(make_room, server):
    room = make_room(server.url)
    assert room.client.cycle().cause == "not-enrolled"
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    report = room.client.cycle()
    assert (report.online, report.blocks, room.journal.numbers_left("case")) == (True, 2, 200)
    case_id = room.commit(materials=2)
    rating = wire.RatingPayload(case_id, "x", "0001", 5, [], room.clock().isoformat())
    rating_id, enrolment = str(uuid.uuid4()), room.client.enrolment
    sealed = seal(msgspec.json.encode(rating), wire.unb64(enrolment.sealing_key),
                  item_info(enrolment.terminal_id, rating_id))  # fmt: skip
    room.journal.commit_rating(RatingRecord(rating_id, case_id, room.clock(), False, sealed))
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.results, report.cause) == (True, 2, 1, "")
    assert report.counts.acknowledged == 1
    assert report.counts.oldest_unsent_at is None
    assert [(result.case_id, result.outcome) for result in room.results] == [(case_id, "confirmed")]
    gauges = server.backend.gauges()
    assert (gauges["kiosk_cases"], gauges["kiosk_ratings"], gauges["kiosk_materials"]) == (1, 1, 2)
    assert room.journal.verify().ok


def test_enrolling_is_remembered_across_a_restart(make_room, server):
    room = make_room(server.url)
    first = room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    room.close()
    room.open(server.url)
    assert room.client.enrolment == first
    assert room.client.enrol("no code at all") == first


def test_a_terminal_that_starts_offline_enrols_itself_when_the_line_is_there(make_room, server, faulty_wire, clock):
    room = make_room(faulty_wire.url)
    code = server.backend.issue_code("330102", "East Gate")
    client = SyncClient(room.journal, HttpTransport(faulty_wire.url), TerminalKey.load_or_create(room.folder),
                        clock=clock, enrolment_code=code)  # fmt: skip
    faulty_wire.fault = lambda *_: None  # the answer is lost; the code is spent
    report = client.cycle()
    assert (report.online, client.enrolment) == (False, None)
    faulty_wire.fault = lambda _method, _target, answer: answer
    clock.now = report.next_at
    assert client.cycle().online
    assert client.enrolment is not None
    assert server.backend.gauges()["kiosk_terminals"] == 1
    client.close()


def test_two_hundred_lost_answers_lose_nothing_and_double_nothing(make_room, server, faulty_wire, clock):
    rng = random.Random(20260601)
    room = make_room(faulty_wire.url, batch=20)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    lost = 0

    def lose(_method: str, target: str, answer: bytes) -> bytes | None:
        nonlocal lost
        if lost < 200 and rng.random() < 0.8:
            lost += 1
            return rng.choice([None, answer[: rng.randrange(1, len(answer))]])
        return answer

    faulty_wire.fault = lose
    committed: list[str] = []
    passes = 0
    while lost < 200 or room.journal.counts().queued:
        if room.journal.numbers_left("case"):
            committed += [room.commit(materials=len(committed) % 2) for _ in range(rng.randrange(3))]
        report = room.client.cycle()
        clock.now = max(clock.now, report.next_at)
        passes += 1
        assert passes < 3000
    counts = room.journal.counts()
    assert counts.acknowledged == counts.committed == len(committed) == server.backend.gauges()["kiosk_cases"]
    assert counts.rejected == counts.quarantined == 0
    while not room.client.cycle().online:
        clock.move(minutes=6)
    assert sorted({result.case_id for result in room.results}) == sorted(committed)
    assert server.backend.gauges()["kiosk_case_conflicts"] == server.backend.gauges()["kiosk_alarms"] == 0
    assert room.journal.verify().ok


def test_a_lost_block_answer_gets_the_same_block_after_a_restart(make_room, server, faulty_wire, clock):
    room = make_room(faulty_wire.url)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    faulty_wire.fault = lambda _method, target, answer: None if target == "/v1/blocks" else answer
    assert not room.client.cycle().online
    faulty_wire.fault = lambda _method, _target, answer: answer
    room.close()
    clock.move(minutes=10)
    room.open(faulty_wire.url)
    assert room.client.cycle().blocks == 2
    with server.backend._store._reader.begin() as connection:
        found = connection.exec_driver_sql("SELECT count(*), max(last) FROM blocks WHERE kind = 'case'").one()
    assert found == (1, 200)


def test_a_captive_portal_acknowledges_nothing(make_room, server, faulty_wire):
    room = make_room(faulty_wire.url)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    room.client.cycle()
    room.commit()
    page = b"<html>Please log in</html>"
    faulty_wire.fault = lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page)
    report = room.client.cycle()
    assert (report.online, report.cause, report.counts.queued) == (False, "captive-portal", 1)
    assert report.next_at > room.clock()


def test_a_wrong_clock_is_put_right_by_the_backends_time(make_room, server, clock):
    ahead = make_room(server.url)
    ahead.clock = lambda: clock() + (datetime(2030, 1, 1, tzinfo=UTC) - clock())
    ahead.close()
    ahead.open(server.url)
    ahead.client.enrol(server.backend.issue_code("330102", "East Gate"))
    assert ahead.client.cycle().online
    assert ahead.client.clock_offset.total_seconds() == (clock() - datetime(2030, 1, 1, tzinfo=UTC)).total_seconds()


def test_when_the_backend_comes_back_everything_goes_at_once(make_room, server, faulty_wire, clock):
    room = make_room(faulty_wire.url)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    room.client.cycle()
    faulty_wire.fault = lambda *_: None
    for _ in range(4):
        room.commit()
        report = room.client.cycle(urgent=True)
        assert not report.online
        clock.move(seconds=0.5)
    faulty_wire.fault = lambda _method, _target, answer: answer
    report = room.client.cycle(urgent=True)
    assert (report.online, report.counts.acknowledged, report.counts.queued) == (True, 4, 0)


def test_the_back_off_survives_a_restart(make_room, server, faulty_wire, clock):
    room = make_room(faulty_wire.url)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    faulty_wire.fault = lambda *_: None
    waits = []
    for _ in range(6):
        report = room.client.cycle()
        waits.append((report.next_at - clock()).total_seconds())
        seen = len(faulty_wire.seen)
        room.close()
        room.open(faulty_wire.url)
        assert not room.client.cycle().attempted
        assert len(faulty_wire.seen) == seen
        clock.now = report.next_at
    assert waits[-1] > 8 * waits[0]


def test_an_idle_pass_writes_nothing_and_asks_once(make_room, server, faulty_wire):
    room = make_room(faulty_wire.url)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    room.client.cycle()
    room.client.cycle()  # by a clock that is confirmed: from here on the key's age counts
    head, seen = room.journal.head(), len(faulty_wire.seen)
    room.journal.set_meta = None  # any write of the sync's own would now fail
    assert room.client.cycle().online
    assert faulty_wire.seen[seen:] == ["GET /v1/results"]
    assert room.journal.head() == head


def test_a_commit_is_sent_by_the_thread_and_told(make_room, server):
    room = make_room(server.url)
    room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    room.client.cycle()
    arrived, told = threading.Event(), []

    def listen(online, counts) -> None:
        told.append((online, counts.acknowledged))
        if counts.acknowledged == 1:
            arrived.set()

    loop = SyncLoop(room.client, listener=listen)
    loop.start()
    room.commit()
    loop.kick()
    assert arrived.wait(10)
    assert loop.stop()
    assert told[-1] == (True, 1)
