"""One poisoned item among a thousand: it is set aside, and the other 999 arrive within the same cycle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.backend import core
from kiosk.journal.records import CaseRecord
from kiosk.sync import Policy
from tests.faults.sync_room import SyncRoom

CASES = 1000
FEWER = 300  # more than one batch


class Room(SyncRoom):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Policy(block=2 * CASES))

    def fill(self, cases: int, poisoned: int, poison) -> str:
        """So many cases, one of them changed by ``poison`` as it is saved; its id."""
        made = self.terminal._case
        for number in range(cases):
            self.terminal._case = (lambda *a: poison(made(*a))) if number == poisoned else made
            case_id = self.terminal.commit()
            if number == poisoned:
                found = case_id
        return found

    def arrived(self) -> int:
        return self.house.rows("SELECT count(*) FROM cases")[0][0]

    def state_of(self, case_id: str) -> tuple[str, str]:
        row = next(row for row in self.terminal.journal.cases() if row.case_id == case_id)
        return row.state, row.cause


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Room(tmp_path) as made:
        yield made


def sealed_for_somebody_else(record: CaseRecord) -> CaseRecord:
    return replace(record, sealed=record.sealed[:40] + bytes(40) + record.sealed[80:])


def labelled_as_something_else(record: CaseRecord) -> CaseRecord:
    return replace(record, meta={"note": "另一个"})


@pytest.mark.parametrize(
    ("poison", "cause"),
    [(sealed_for_somebody_else, "cannot-unseal"), (labelled_as_something_else, "bad-meta")],
)
def test_an_item_that_the_backend_will_never_take_stops_no_other(room, poison, cause):
    case_id = room.fill(CASES, 437, poison)
    report = room.terminal.client.cycle()
    assert (report.online, report.acknowledged, report.set_aside) == (True, CASES - 1, 1)
    assert (report.counts.queued, room.arrived()) == (0, CASES - 1)
    assert room.state_of(case_id) == ("rejected", cause)


def test_an_item_that_makes_the_backend_fail_stops_no_other(room, monkeypatch):
    """A bug in the backend that one item meets: every batch that holds it is answered with a fault."""
    case_id = room.fill(FEWER, 212, lambda record: record)
    real = core.intake.open_item

    def trips(item, *rest):
        if item.id == case_id:
            raise ZeroDivisionError
        return real(item, *rest)

    monkeypatch.setattr(core.intake, "open_item", trips)
    client = room.terminal.client
    report = client.cycle()
    assert (report.acknowledged, report.counts.queued, room.arrived()) == (FEWER - 1, 1, FEWER - 1)
    assert report.online
    for _ in range(10):  # alone it proves nothing
        room.time.move(client.policy.longest_wait)
        assert client.cycle().counts.queued == 1
    tries = 1
    while report.counts.queued:
        room.terminal.commit()
        room.time.move(client.policy.longest_wait)
        report = client.cycle()
        tries += 1
    assert tries == client.policy.faults_borne
    assert room.state_of(case_id) == ("quarantined", "backend-fault")


@pytest.mark.parametrize("poisoned", [(0, 1, 2), (0, 100, 199), (5, 6, 7, 8, 9), range(0, FEWER, 20)])
def test_a_few_items_that_make_the_backend_fail_stop_no_other(room, monkeypatch, poisoned):
    """Such a bug meets one kind of case, and they may be neighbours: the oldest of all, too."""
    ids = [room.fill(1, 0, lambda record: record) for _ in range(FEWER)]
    bad = {ids[number] for number in poisoned}
    real = core.intake.open_item

    def trips(item, *rest):
        if item.id in bad:
            raise ZeroDivisionError
        return real(item, *rest)

    monkeypatch.setattr(core.intake, "open_item", trips)
    for _ in range(6):
        report = room.terminal.client.cycle()
        room.time.move(room.terminal.client.policy.longest_wait)
    assert (report.counts.acknowledged, room.arrived()) == (FEWER - len(bad), FEWER - len(bad))


def test_a_backend_that_fails_at_everything_is_not_asked_for_every_item(room, monkeypatch):
    room.fill(FEWER, 0, lambda record: record)

    def trips(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(core.intake, "open_item", trips)
    before = room.line.traffic.requests
    report = room.terminal.client.cycle()
    assert (report.online, report.cause, report.counts.queued) == (False, "fault", FEWER)
    assert room.line.traffic.requests - before < 16
    monkeypatch.undo()
    room.time.move(room.terminal.client.policy.longest_wait)
    assert room.terminal.client.cycle().counts.acknowledged == FEWER
