"""Supplies: counted by what devices did, forecast by the mean of the last days, and honest where nobody knows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from devices.contracts.device import DeviceError, State, Status
from kiosk.access.roles import Deed
from kiosk.journal.errors import JournalError
from kiosk.journal.supplies import Supply
from kiosk.maintenance import repair_book, stock
from kiosk.maintenance.counting import SupplyCounter
from kiosk.maintenance.screen import Said
from kiosk.maintenance.stock import Kind, Left
from kiosk.maintenance.supplies import Supplies
from kiosk.profile import DEVICE_KINDS
from tests.unit.maintenance.device_world import KEEPER, NOW, FakeActor, World, every_word, said

TODAY = NOW.date()
ROLL = Kind("roll", "receipt_printer", "rows", stock=10_000, floor=1_000)
TONER = Kind("toner", "page_printer", level="level ", floor=100)


def days(*amounts: int) -> dict[date, int]:
    """The last one is today's."""
    return {TODAY - timedelta(len(amounts) - 1 - at): amount for at, amount in enumerate(amounts) if amount}


# ---- the forecast ----


def test_a_roll_lasts_as_long_as_it_did_lately() -> None:
    used = days(*[500] * 14)
    assert stock.left(ROLL, Supply("roll", 0, used, {}, TODAY, 2_000), TODAY) == Left(80, TODAY + timedelta(16))


def test_a_day_without_use_is_a_day() -> None:
    used = days(1_000, 0, 0, 0, 0, 0, 0, 0, 0, 400)
    assert stock.left(ROLL, Supply("roll", 0, used, {}, TODAY, 0), TODAY) == Left(100, TODAY + timedelta(71))


def test_what_is_long_ago_counts_no_more() -> None:
    used = {TODAY - timedelta(30): 90_000, **days(*[500] * 14)}
    assert stock.left(ROLL, Supply("roll", 0, used, {}, TODAY, 5_000), TODAY).day == TODAY + timedelta(10)


def test_the_floor_keeps_a_quiet_fortnight_from_promising_for_ever() -> None:
    used = {TODAY - timedelta(20): 100}
    assert stock.left(ROLL, Supply("roll", 0, used, {}, TODAY, 9_900), TODAY) == Left(1, TODAY + timedelta(100))
    assert stock.left(ROLL, Supply("roll", 0, used, {}, TODAY, 0), TODAY) == Left(100, why="far")


@pytest.mark.parametrize(
    ("supply", "why"),
    [(None, "never-renewed"), (Supply("roll", 500, days(500)), "never-renewed"),
     (Supply("roll", 500, days(300, 200), {}, TODAY, 500), "no-data"),
     (Supply("roll", 0, {}, {}, TODAY, 0), "no-data")],
)  # fmt: skip
def test_without_data_nobody_knows_the_day(supply: Supply | None, why: str) -> None:
    left = stock.left(ROLL, supply, TODAY)
    assert (left.day, left.why) == (None, why)


def test_more_used_than_a_roll_holds_is_none_left_and_still_no_fault() -> None:
    left = stock.left(ROLL, Supply("roll", 0, days(*[500] * 14), {}, TODAY, 12_000), TODAY)
    assert left == Left(0, TODAY)
    assert stock.tone(ROLL, left, TODAY) == "attention"


def levels(*percents: int) -> Supply:
    return Supply("toner", 0, {}, {TODAY - timedelta(len(percents) - 1 - at): one for at, one in enumerate(percents)})


@pytest.mark.parametrize(
    ("told", "left"),
    [(levels(20, 18, 16, 14, 12, 10), Left(10, TODAY + timedelta(5))),
     (levels(5, 3, 100, 98, 96), Left(96, TODAY + timedelta(64))),  # a new cartridge is no use: 6 of 4 days
     (levels(80, 80, 80, 80, 80), Left(80, why="far")),
     (levels(12, 12, 12, 12, 12), Left(12, TODAY + timedelta(120))),  # the floor: a tenth of a percent a day
     (levels(9, 8), Left(8, why="no-data")),
     (Supply("toner", 0), Left(why="not-told"))],
)  # fmt: skip
def test_toner_falls_as_it_fell(told: Supply, left: Left) -> None:
    assert stock.left(TONER, told, TODAY) == left


@pytest.mark.parametrize(
    ("left", "tone"),
    [(Left(50, TODAY + timedelta(3)), "attention"), (Left(50, TODAY + timedelta(4)), "ok"),
     (Left(10, why="far"), "attention"), (Left(11, why="far"), "ok"), (Left(why="never-renewed"), "plain")],
)  # fmt: skip
def test_when_somebody_should_come(left: Left, tone: str) -> None:
    assert stock.tone(TONER, left, TODAY) == tone


def test_a_part_wears_and_a_battery_ages() -> None:
    cutter, battery = Kind("cuts", "receipt_printer", "cuts", life=1_000), Kind("battery", "ups", days=1_000)
    assert stock.left(cutter, Supply("cuts", 910), TODAY) == Left(9)
    assert stock.tone(cutter, Left(9), TODAY) == "attention"
    assert stock.tone(cutter, Left(11), TODAY) == "ok"
    old = Supply("battery", 0, {}, {}, TODAY - timedelta(800), 0)
    assert stock.left(battery, old, TODAY) == Left(20, TODAY + timedelta(200))
    assert stock.left(battery, Supply("battery", 0, {}, {}, TODAY, 0), TODAY) == Left(100, why="far")
    assert stock.left(battery, None, TODAY).why == "never-renewed"


def test_the_file_names_devices_and_repairs_that_exist() -> None:
    for kind in stock.kinds().values():
        assert kind.kind in DEVICE_KINDS
        assert bool(kind.counter) + bool(kind.level) + bool(kind.days) == 1, kind.name
        assert not kind.repair or kind.kind in repair_book.repairs()[kind.repair].kinds
        assert not (kind.repair and repair_book.repairs()[kind.repair].renews != kind.name)


def test_the_night_is_told_in_days() -> None:
    supplies = {"toner": levels(20, 18, 16, 14, 12, 10)}
    assert stock.days_left(supplies, ("page_printer",), TODAY) == {"page_printer.toner": 5}
    assert stock.days_left(supplies, ("camera",), TODAY) == {}


# ---- the count ----


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "receipt_printer", "page_printer", "id_reader")


def counts(world: World, kind: str, **told: int) -> None:
    world.actors[kind].device.counts = told


def test_what_is_more_than_at_the_last_look_was_used(world: World) -> None:
    counter = SupplyCounter(world.actors, world.journal, lambda: TODAY)
    counts(world, "receipt_printer", rows=1_447, printed=1, cuts=1, jobs=3)
    counter.count()
    assert world.journal.noted == [("receipt_mm", 180), ("receipts", 1), ("cuts", 1)]
    counter.count()
    counts(world, "receipt_printer", rows=1_448, printed=1, cuts=1)
    counter.count()
    assert world.journal.noted[3:] == [("receipt_mm", 1)]  # no row is lost by rounding


def test_a_driver_that_was_made_anew_begins_at_nothing(world: World) -> None:
    counter = SupplyCounter(world.actors, world.journal, lambda: TODAY)
    for told in (5, 2):
        counts(world, "id_reader", cards=told)
        counter.count()
    assert world.journal.noted == [("id_cards", 5), ("id_cards", 2)]


def test_what_the_journal_did_not_take_is_noted_the_next_time(world: World) -> None:
    counter = SupplyCounter(world.actors, world.journal, lambda: TODAY)
    counts(world, "id_reader", cards=5)
    world.journal.full = JournalError("journal-full", "no room")
    with pytest.raises(JournalError):
        counter.count()
    world.journal.full = None
    counter.count()
    assert world.journal.noted == [("id_cards", 5)]


def test_a_device_that_is_away_or_counts_nothing_costs_nothing(world: World) -> None:
    class Away(FakeActor):
        def submit(self, command, timeout):  # type: ignore[no-untyped-def]
            return super().submit(_lost, timeout)

    world.actors["id_reader"] = Away()
    SupplyCounter(world.actors, world.journal, lambda: TODAY).count()
    assert world.journal.noted == []


def _lost(device: object, deadline: object) -> None:
    raise DeviceError("unplugged", "x", advice="", retryable=True)


def test_a_level_is_noted_once_a_day_and_whenever_it_changes(world: World) -> None:
    today = TODAY
    counter = SupplyCounter(world.actors, world.journal, lambda: today)
    printer = world.actors["page_printer"]
    printer.status = Status(State.ONLINE, details={"level black": "41", "level cyan": "40", "paper": "full"})
    counter.count()
    counter.count()
    today += timedelta(1)
    counter.count()
    printer.status = Status(State.ONLINE, details={"level black": "39"})
    counter.count()
    printer.status = Status(State.ONLINE, details={"level black": "-3"})  # some, and nobody knows how much
    counter.count()
    assert world.journal.noted == [("toner", 40), ("toner", 40), ("toner", 39)]


# ---- the page ----


def room(world: World) -> Supplies:
    return Supplies(world.house, SupplyCounter(world.actors, world.journal, lambda: TODAY))


def test_the_page_says_what_is_left_and_what_is_not_known(world: World) -> None:
    world.journal.kept = {"toner": levels(20, 18, 16, 14, 12, 10), "receipt_mm": Supply("receipt_mm", 12_345)}
    page = world.enter(room(world), "supplies", KEEPER)
    lines = {row.key: said(row.detail) for row in page.rows}
    assert lines["toner"] == "约剩 10% · 预计 12 月 2 日用完"
    assert lines["receipt_mm"] == "没有登记过更换，估不出 · 累计 12.3 米"
    assert page.rows[0].key == "toner"
    assert "battery" not in lines  # this terminal has none


def test_refilling_leads_to_the_repair_or_is_noted_after_a_question(world: World) -> None:
    supplies = room(world)
    page = world.enter(supplies, "supplies", KEEPER)
    buttons = {row.key: row.button for row in page.rows if row.button}
    assert buttons["receipt_mm"].opens == "repairs/roll"
    assert buttons["sheets"].opens == "repairs/sheets"
    page = world.touch(supplies, "supplies", "renewed", "toner")
    assert page.ask is not None
    assert world.touch(supplies, "supplies", "no").ask is None
    assert world.journal.renewed == []
    world.touch(supplies, "supplies", "renewed", "toner")
    page = world.touch(supplies, "supplies", "renewed.yes", "toner")
    assert world.journal.renewed == ["toner"]
    assert page.notice is not None
    assert said(page.notice.text) == "记下了：墨粉"
    assert supplies.deed(("supplies",), "renewed.yes") is Deed.REFILL


def test_a_yes_that_nobody_was_asked_for_does_nothing(world: World) -> None:
    supplies = room(world)
    world.enter(supplies, "supplies")
    supplies.act(("supplies",), "renewed.yes", "toner", KEEPER)
    assert world.journal.renewed == []


def test_a_full_disk_is_told(world: World) -> None:
    world.journal.full = JournalError("journal-full", "no room")
    supplies = room(world)
    world.enter(supplies, "supplies")
    world.touch(supplies, "supplies", "renewed", "toner")
    page = world.touch(supplies, "supplies", "renewed.yes", "toner")
    assert page.notice is not None
    assert said(page.notice.text) == "磁盘写不进，没有记下"


def test_every_word_is_there_in_both_languages(tmp_path: Path) -> None:
    world = World(tmp_path, *DEVICE_KINDS)
    world.journal.kept = {name: Supply(name, 5, days(2, 2, 2), {}, TODAY, 5) for name in stock.kinds()}
    assert all(every_word(world.enter(room(world), "supplies")))
    world.journal.kept = {}
    assert all(every_word(world.enter(room(world), "supplies")))
    for why in ("never-renewed", "no-data", "far", "not-told"):
        assert said(Said(f"maint.supplies.why.{why}"), "en")
