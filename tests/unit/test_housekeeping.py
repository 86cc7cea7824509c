"""What a terminal does by itself: in small steps, with nobody there, and never by a wrong clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.case import new_case_id
from kiosk.health.rounds import Job, Rounds
from kiosk.housekeeping import HANGS, STEP_SECONDS, Housekeeping
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.journal import Journal
from kiosk.journal.records import AckRecord, Block, CaseRecord
from kiosk.journal.reserve import FILE as RESERVE
from kiosk.journal.reserve import Reserve
from kiosk.sync.clock import Trust

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
KEEP = timedelta(days=30)


class Sync:
    hangs, age = False, 4000.0


class House:
    """Housekeeping and what it asks."""

    def __init__(self, folder: Path, least_free: int = 0) -> None:
        self.now, self.trust, self.nobody, self.told = NOW, Trust.CONFIRMED, True, 0
        self.sync = Sync()
        self.journal = Journal.open(folder, bytes(range(32)), clock=lambda: self.now, durable=False)
        self.journal._reserve = Reserve(folder, 1 << 20)
        self.journal.add_block(Block("case", 1, 500))
        self.keeping = Housekeeping(
            self.journal, self.sync, quiet=lambda: self.nobody, trust=lambda: self.trust, now=lambda: self.now,
            changed=self.changed, keep=KEEP, least_free=least_free,
        )  # fmt: skip

    def changed(self) -> None:
        self.told += 1

    def acknowledged(self) -> str:
        case = self.journal.commit(
            lambda numbers: CaseRecord(
                new_case_id(), f"T-{numbers.take('case')}", "p", "1", "approved", "final", "face", NOW, False, b"sealed"
            )
        )
        (item,) = self.journal.due(NOW, 1, 1 << 20)
        self.journal.acknowledge([AckRecord(item.id, item.hash, NOW.isoformat(), "k", "s")])
        return case.case_id

    def events(self, name: str) -> int:
        sql = "SELECT count(*) FROM audit WHERE event = ?"
        return int(self.journal._read(lambda c: c.execute(sql, (name,)).fetchone()[0]))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


# -- erasing


def test_one_item_is_erased_at_a_time_and_the_next_soon_after(house: House) -> None:
    for _ in range(2):
        house.acknowledged()
    assert house.keeping.erase() is None
    house.now = NOW + KEEP
    assert [house.keeping.erase() for _ in range(3)] == [STEP_SECONDS, STEP_SECONDS, None]
    assert house.events("item.erased") == 2


@pytest.mark.parametrize("trust", [Trust.WRONG, Trust.PLAUSIBLE])
def test_days_that_nobody_has_confirmed_erase_no_case(house: House, trust: Trust) -> None:
    house.acknowledged()
    house.now, house.trust = NOW + KEEP * 12, trust
    assert house.keeping.erase() is None
    assert house.events("item.erased") == 0


def test_nothing_is_erased_while_somebody_is_there(house: House) -> None:
    house.acknowledged()
    house.now, house.nobody = NOW + KEEP, False
    assert house.keeping.erase() is None
    house.nobody = True
    assert house.keeping.erase() == STEP_SECONDS


def test_a_draft_ends_with_its_days_also_off_line_and_not_by_a_wrong_clock(house: House) -> None:
    house.journal.keep_draft(KeptDraft(b"c" * 16, b"draft", NOW + timedelta(days=7)))
    house.now, house.trust = datetime(2100, 1, 1, tzinfo=UTC), Trust.WRONG
    house.keeping.erase()
    assert house.events("draft.forgotten") == 0
    house.now, house.trust = NOW + timedelta(days=7), Trust.PLAUSIBLE
    house.keeping.erase()
    assert house.events("draft.forgotten") == 1


def test_what_has_run_out_is_looked_for_once_an_hour_and_when_the_clock_was_put_back(house: House) -> None:
    house.keeping.erase()
    house.journal.keep_draft(KeptDraft(b"c" * 16, b"draft", NOW))
    house.keeping.erase()
    assert house.events("draft.forgotten") == 0
    house.now = NOW + timedelta(hours=1)
    house.keeping.erase()
    assert house.events("draft.forgotten") == 1


# -- the clock


def test_a_clock_that_jumps_and_one_that_is_set_right_are_told_once_each(house: House) -> None:
    told = []
    for house.trust in (Trust.PLAUSIBLE, Trust.CONFIRMED, Trust.WRONG, Trust.WRONG, Trust.CONFIRMED, Trust.CONFIRMED):
        house.keeping.watch_clock()
        told.append(house.told)
    assert told == [0, 0, 1, 1, 2, 2]


# -- room


def test_the_reserve_is_put_in_place_and_with_it_a_visit_may_begin(house: House, tmp_path: Path) -> None:
    house.keeping.look_for_room()
    assert (tmp_path / RESERVE).stat().st_blocks * 512 >= 1 << 20
    assert house.keeping.room
    assert house.told == 0


def test_with_too_little_room_no_visit_begins_and_it_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, least_free=1 << 60)
    for _ in range(3):
        house.keeping.look_for_room()
    assert not house.keeping.room
    assert (house.told, house.events("room.gone"), caplog.text.count("no visit is begun")) == (1, 1, 1)
    house.keeping._least = 0
    house.keeping.look_for_room()
    assert house.keeping.room
    assert (house.told, house.events("room.back")) == (2, 1)
    house.journal.close()


def test_a_reserve_that_was_given_up_is_not_put_back_before_the_visit_has_ended(house: House, tmp_path: Path) -> None:
    house.keeping.look_for_room()
    assert house.journal._reserve.give_up()
    house.nobody = False
    house.keeping.look_for_room()
    assert (house.keeping.room, (tmp_path / RESERVE).exists()) == (False, False)
    house.nobody = True
    house.keeping.look_for_room()
    assert (house.keeping.room, (tmp_path / RESERVE).exists()) == (True, True)


def test_what_a_killed_making_of_the_reserve_has_left_does_not_keep_the_room(tmp_path: Path) -> None:
    left = (tmp_path / RESERVE).with_suffix(".part")
    left.write_bytes(bytes(4096))
    assert not Reserve(tmp_path, 4096).look(1 << 60, make=False).enough
    assert left.exists(), "while somebody is here nothing is touched"
    assert not Reserve(tmp_path, 4096).look(1 << 60, make=True).enough
    assert not left.exists()


def test_what_is_said_of_a_life_that_has_ended_is_taken_back_at_the_start(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sync.hangs = True
    house.keeping.watch_sync()
    assert house.journal.meta(HANGS)
    house.journal.close()
    house = House(tmp_path)
    assert house.journal.meta(HANGS) == ""
    house.journal.close()


# -- rounds


def test_each_job_has_its_turn_and_may_name_its_next() -> None:
    now, done = [0.0], []

    def quick() -> float | None:
        done.append("quick")
        return 1.0 if len(done) < 3 else None

    rounds = Rounds([Job(quick, 10.0), Job(lambda: done.append("slow"), 60.0)], lambda error: None, lambda: now[0])
    assert rounds.step() == 1.0
    now[0] = 1.0
    assert rounds.step() == 10.0
    assert done == ["quick", "slow", "quick"]
    now[0] = 5.0
    rounds.step()
    assert len(done) == 3


def test_a_bug_in_a_job_ends_the_process_and_stopping_does_not() -> None:
    told, called = [], threading.Event()

    def bug() -> None:
        raise ZeroDivisionError

    def crashed(error: BaseException) -> None:
        told.append(type(error))
        called.set()

    rounds = Rounds([Job(bug, 1.0)], crashed)
    rounds.start()
    assert called.wait(5)
    assert told == [ZeroDivisionError]
    rounds.stop()
    quiet = Rounds([Job(lambda: None, 3600.0)], crashed)
    quiet.start()
    quiet.stop()
    assert told == [ZeroDivisionError]
