"""No step of a pass keeps another back for ever: a large picture, a long queue, results that cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import wire
from kiosk.backend.problems import Refusal
from kiosk.sync import CycleReport, Policy
from kiosk.sync.area import Area
from tests.faults.sync_room import SyncRoom

LARGE = 500_000  # bytes of a picture: it goes in parts
BLOCK = 60


class Room(SyncRoom):
    """``asked``: every request's method and target."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Policy(block=BLOCK, low_water=10, batch=20))
        self.asked: list[str] = []
        self.lost = ""  # the method whose requests do not arrive
        self.line.fate = self._fate

    def _fate(self, method: str, target: str, _headers: object, _body: bytes) -> str:
        self.asked.append(f"{method} {target.partition('?')[0]}")
        return "lost-request" if method == self.lost else "arrives"

    def cycle(self) -> CycleReport:
        """A pass, and the time until the next one is due."""
        report = self.terminal.client.cycle()
        assert report.next_at is not None
        self.time.move(max(0.0, (report.next_at - self.time.terminal()).total_seconds()))
        return report

    def tried(self) -> set[str]:
        """The pictures of which a part has left the terminal."""
        return {asked for asked in self.asked if asked.startswith("PATCH")}

    def states(self) -> dict[str, str]:
        return {row.case_id: row.state for row in self.terminal.journal.cases()}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Room(tmp_path) as made:
        yield made


def test_a_picture_that_the_line_does_not_carry_lets_the_others_go_first(room):
    """What is small arrives, what is large stands still: a path that loses full packets, a proxy with a limit."""
    large = [room.terminal.commit(LARGE) for _ in range(4)]
    others = [room.terminal.commit() for _ in range(5)]
    room.lost = "PATCH"
    report = room.cycle()
    assert (report.online, report.retried) == (True, len(large))
    assert room.states() == dict.fromkeys(large, "queued") | dict.fromkeys(others, "acknowledged")
    room.asked.clear()
    room.cycle()
    assert len(room.tried()) == 1, "the others would stand still as well"
    room.lost = ""
    while room.cycle().counts.queued:
        pass
    assert set(room.states().values()) == {"acknowledged"}


def test_a_picture_that_is_alone_waits_no_longer_than_the_line(room):
    room.terminal.commit(LARGE)
    room.lost = "PATCH"
    for _ in range(4):
        room.asked.clear()
        room.cycle()
        assert room.tried()


def differs(*_: object) -> wire.MaterialReply:
    raise Refusal("offset-differs")


def too_far(_terminal: object, digest: str) -> wire.MaterialReply:
    return wire.MaterialReply(digest, "partial", 10 * LARGE)


@pytest.mark.parametrize(("name", "broken"), [("append_material", differs), ("material_offset", too_far)])
def test_a_backend_that_counts_the_bytes_of_one_picture_wrongly_gets_the_others(room, monkeypatch, name, broken):
    """Its own bug: the case is not to blame, and no other has to wait."""
    large = room.terminal.commit(LARGE)
    others = [room.terminal.commit() for _ in range(5)]
    monkeypatch.setattr(room.house.backend, name, broken)
    report = room.cycle()
    assert (report.online, report.cause) == (True, "bad-offset")
    assert room.states() == {large: "queued"} | dict.fromkeys(others, "acknowledged")
    monkeypatch.undo()
    while not room.cycle().acknowledged:
        pass
    assert room.states()[large] == "acknowledged"


def test_a_terminal_that_has_spent_its_numbers_gets_more_before_its_queue_is_through(room):
    for _ in range(BLOCK):
        room.terminal.commit()
    assert not room.terminal.can_commit()
    room.asked.clear()
    report = room.cycle()
    assert (report.acknowledged, report.blocks) == (BLOCK, 1)
    assert room.asked.index("POST /v1/blocks") < 2 < room.asked.index("GET /v1/results")
    assert room.asked.count("POST /v1/items") == 3


def test_numbers_that_are_refused_are_asked_for_once_a_pass(room, monkeypatch):
    for _ in range(BLOCK):
        room.terminal.commit()

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(room.house.backend, "reserve", breaks)
    room.asked.clear()
    report = room.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, BLOCK, "fault")
    assert room.asked.count("POST /v1/blocks") == 1


@pytest.mark.parametrize("trouble", ["results", "area"])
def test_the_end_of_the_log_is_sent_although_another_step_is_refused(room, monkeypatch, trouble):
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    if trouble == "results":
        monkeypatch.setattr(room.house.backend, "results_since", breaks)
    else:
        monkeypatch.setattr(room.terminal.client, "_area", Area("440300"))
    room.terminal.journal.audit("visit.started")
    end = room.terminal.journal.head().seq
    room.asked.clear()
    report = room.cycle()
    assert (report.online, report.cause) == (False, {"results": "fault", "area": "wrong-area"}[trouble])
    assert room.asked[-1] == "POST /v1/checkpoints"
    assert room.terminal.client._state.receipt.seq == end
