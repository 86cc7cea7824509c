"""The synthetic case of the night through the whole chain, against a real backend: it arrives, and is nobody's."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from kiosk import testmode, wire
from kiosk.backend.store.tables import alarms
from kiosk.counter.committing import Standing
from kiosk.counter.results import keep_results
from kiosk.domain import codes
from kiosk.domain.beijing import CHINA
from kiosk.domain.place import Place
from kiosk.health.chain import LAST, NOBODY, SECONDS, Chain, simplest
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.person import PersonKey
from kiosk.services.loader import load_builtin
from kiosk.sync.client import SyncClient
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Policy
from kiosk.sync.transport import HttpTransport

PLACE = Place("330102", "浙江省", "杭州市", "上城区", "清波街道", "1 号机", "上城区行政审批局", "0571-0000000")
PACKS = load_builtin(PLACE)


class Room:
    """A terminal's journal and sync; ``chain`` kicks the line by hand, and waits by moving its own clock."""

    def __init__(self, folder: Path, url: str, clock: Callable, *, test: bool = False) -> None:
        self.clock, self.running, self.kicks, self.here = clock, 0.0, 0, False
        self.journal = Journal.open(folder, bytes(range(32)), clock=clock, durable=False)
        self.client = SyncClient(
            self.journal, HttpTransport(url), TerminalKey.load_or_create(folder), policy=Policy(attempt=10.0),
            clock=clock, rng=random.Random(1), on_results=lambda found: keep_results(self.journal, found),
            kinds=lambda: testmode.kinds(test=test),
        )  # fmt: skip
        self.online = False

    def close(self) -> None:
        self.client.close()
        self.journal.close()

    def kick(self) -> None:
        self.kicks += 1
        self.online = self.client.cycle(urgent=True).online

    def standing(self) -> Standing | None:
        enrolment = self.client.enrolment
        if enrolment is None:
            return None
        return Standing(enrolment.terminal_id, wire.unb64(enrolment.sealing_key), enrolment.sealing_key_id)

    def pause(self, seconds: float) -> None:
        self.running += seconds

    def chain(self, **changed: Callable) -> Chain:
        return Chain(
            self.journal, place=PLACE, packs=lambda: PACKS, standing=self.standing, online=lambda: self.online,
            now=lambda: self.clock().astimezone(CHINA), running=lambda: self.running, pause=self.pause,
            going=lambda: not self.here, **({"kick": self.kick} | changed),
        )  # fmt: skip


@pytest.fixture
def room(tmp_path: Path, server, clock) -> Iterator[Room]:
    made = Room(tmp_path / "terminal", server.url, clock)
    made.client.enrol(server.backend.issue_code("330102", "East Gate"))
    made.kick()
    yield made
    made.close()


def test_the_case_goes_all_the_way_and_its_result_comes_back(room: Room, server) -> None:
    real = room.journal.numbers_left("case")
    proof = room.chain().run()
    assert (proof.outcome, proof.code, proof.by) == ("passed", "chain-whole", "night")
    assert [float(value) for value in proof.values] == [0.0, 0.0]
    case_id = room.journal.meta(LAST)
    (row,) = room.journal.cases()
    assert (row.case_id, row.test, row.service_id) == (case_id, True, "elder_card")
    assert codes.is_test_case_no(row.case_no)
    assert room.journal.state_of(case_id) == "acknowledged"
    assert room.journal.result_of(case_id) == "confirmed"
    assert room.journal.numbers_left("case") == real  # no real number was spent
    _, payload, _ = server.backend.lives.file_of(case_id)
    assert payload.test
    assert next(field.value for field in payload.fields if field.key == "applicant.number") == NOBODY.number


def test_nothing_of_it_is_kept_for_anybody(room: Room) -> None:
    """No paper waits, whatever card is laid down: not even one that could bear this number."""
    from kiosk.counter.shelf import Shelf

    room.chain().run()
    shelf = Shelf(room.journal, room.clock)
    person = shelf.person(NOBODY.number)
    assert shelf.waiting(person) == ()
    assert room.journal.papers_for(PersonKey.derive(bytes(32), NOBODY.number).claim) == []
    assert not codes.id_number_valid(NOBODY.number)


def test_a_line_that_is_down_is_said_to_be_so_and_no_second_case_is_made(room: Room, server) -> None:
    def down() -> None:
        room.online = False

    first = room.chain(kick=down).run()
    assert (first.outcome, first.code) == ("unsure", "chain-line")
    assert room.running >= SECONDS
    room.running = 0.0
    room.chain(kick=down).run()
    assert room.journal.counts().queued == 1
    room.running = 0.0
    assert room.chain().run().code == "chain-whole"  # the same one goes when the line is back
    assert room.journal.counts().committed == 1


def test_a_line_that_stands_and_takes_nothing_is_a_finding(room: Room) -> None:
    proof = room.chain(kick=lambda: None).run()
    assert (proof.outcome, proof.code, proof.values) == ("failed", "chain-slow", ("180",))


def test_a_touch_ends_the_waiting_at_once(room: Room) -> None:
    def comes() -> None:
        room.here = True

    proof = room.chain(kick=comes).run()
    assert (proof.outcome, proof.code) == ("unsure", "chain-interrupted")
    assert room.running < 1


def test_a_backend_that_refuses_is_a_finding(room: Room, server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.backend.store.items.of_the_other_range", lambda serials: True)
    proof = room.chain().run()
    assert (proof.outcome, proof.code, proof.values) == ("failed", "chain-refused", ("rejected",))


def test_without_an_identity_or_a_number_it_says_so(tmp_path: Path, server, clock) -> None:
    room = Room(tmp_path / "new", server.url, clock)
    assert room.chain().run().code == "chain-not-enrolled"
    room.client.enrol(server.backend.issue_code("330102", "West Gate"))
    assert room.chain(kick=lambda: None).run().code == "chain-no-number"
    assert room.journal.cases() == []
    room.close()


def test_a_full_disk_is_a_finding(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise JournalError("journal-full", "the disk is full")

    monkeypatch.setattr(room.journal, "commit", full)
    proof = room.chain().run()
    assert (proof.outcome, proof.code, proof.values) == ("failed", "chain-not-saved", ("save-failed",))


def test_the_simplest_matter_is_taken_and_the_built_in_one_where_all_ask() -> None:
    assert simplest(PACKS, PLACE).pack_id == "elder_card"
    asking = {name: pack for name, pack in PACKS.items() if pack.questions}
    assert simplest(asking, PLACE).pack_id == "elder_card"


def test_what_was_found_tonight_is_told_to_operators_with_the_case(room: Room, server) -> None:
    """They know before a citizen does: an alarm row each, and nothing that the terminal says otherwise gets there."""
    before = server.backend.gauges()["kiosk_alarms"]
    chain = room.chain()
    chain._told = lambda: ("paper-out", "disk-low", "王某某 140213", *["x"] * 9)
    assert chain.run().outcome == "passed"
    rows = select(alarms.c.code).order_by(alarms.c.seq)
    raised = server.backend._store.read(lambda connection: list(connection.scalars(rows)))
    assert raised == ["night-paper-out", "night-disk-low", *["night-x"] * 5]
    assert server.backend.gauges()["kiosk_alarms"] == before + 7


def test_a_real_case_tells_nothing_of_the_kind(terminal, server) -> None:
    told = wire.PayloadField(f"{wire.NIGHT_FIELD}1", "paper-out", "typed", "D")
    (answer,) = terminal.push(terminal.case(fields=[told]))
    assert answer.status == "accepted"
    assert server.backend.gauges()["kiosk_alarms"] == 0
