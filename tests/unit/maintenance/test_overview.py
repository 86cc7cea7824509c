"""The overview: what is wrong first, why, since when, and what mends it; what is not known is never shown as well."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from devices.contracts.device import Action, Fault, State, Status
from kiosk.health.proofs import Proof
from kiosk.journal.records import Counts
from kiosk.journal.supplies import Supply
from kiosk.maintenance.overview import EVERY, Overview, heading
from kiosk.maintenance.screen import PLACES, Page
from kiosk.maintenance.since import Since
from kiosk.maintenance.verdicts import verdict
from tests.unit.maintenance.device_world import KEEPER, NOW, TECHNICIAN, WELL, World, every_word, said

EMPTY = Status(State.ONLINE, (Fault("media-empty", Action.REPLENISH, "GS r"),), details={"paper": "out"})
KINDS = ("id_reader", "receipt_printer", "page_printer", "document_camera", "ups", "sensors")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, *KINDS)


def overview(world: World) -> tuple[Overview, Page]:
    room = Overview(world.house, Since(world.actors, lambda: world.now), world.ticks)
    return room, world.enter(room, "overview")


def line(page: Page, key: str) -> str:
    return said(next(row for row in page.rows if row.key == key).detail)


def tones(page: Page) -> dict[str, str]:
    return {row.key: row.tone for row in page.rows if row.key != "report"}


def test_a_healthy_terminal_says_so(world: World) -> None:
    _, page = overview(world)
    assert said(page.heading) == "一切正常"
    assert {tone for key, tone in tones(page).items() if key != "touch"} == {"ok"}
    assert (tones(page)["touch"], line(page, "touch")) == ("plain", "没有测过")
    assert set(tones(page)) == {
        "id_reader", "receipt_printer", "page_printer", "document_camera", "network", "queue", "power", "disk", "clock",
        "touch",
    }  # fmt: skip
    assert [button.name for button in page.buttons] == ["all"]
    assert page.buttons[0].weight == "main"
    assert {row.picture for row in page.rows} <= set(PLACES)


def test_what_is_broken_comes_first_with_its_repair_in_one_touch(world: World) -> None:
    room = Overview(world.house, Since(world.actors, lambda: world.now), world.ticks)
    world.now = NOW - timedelta(minutes=28)
    world.actors["receipt_printer"].becomes(EMPTY)
    world.now = NOW
    world.journal.kept["toner"] = Supply("toner", 0, {}, {NOW.date() - timedelta(10 - n): 18 - n for n in range(11)})
    page = world.enter(room, "overview")
    assert said(page.heading) == "1 处故障，1 处留意"
    assert [row.key for row in page.rows][:2] == ["receipt_printer", "page_printer"]
    assert line(page, "receipt_printer") == "缺纸 · 14:02 起 · media-empty"
    button = page.rows[0].button
    assert button is not None
    assert (said(button.label), button.opens) == ("更换纸卷", "repairs/roll")
    assert line(page, "page_printer") == "墨粉约剩 8% · 预计 12 月 5 日用完"
    main = page.buttons[0]
    assert (said(main.label), main.opens, main.weight) == ("处理缺纸（3 步）", "repairs/roll", "main")
    assert [button.opens for button in page.buttons[1:]] == ["tests/all"]


def test_a_terminal_that_is_closed_says_so_and_leads_to_where_it_is_opened(world: World) -> None:
    world.afar.closed = "paper"
    _, page = overview(world)
    assert line(page, "service") == "已停用 · 缺纸"
    button = page.rows[0].button
    assert button is not None
    assert (page.rows[0].key, page.rows[0].tone, button.opens) == ("service", "attention", "power")
    world.afar.closed = ""
    assert "service" not in [row.key for row in overview(world)[1].rows]


def test_a_keeper_reads_no_codes(world: World) -> None:
    room = Overview(world.house, Since(world.actors, lambda: world.now), world.ticks)
    world.actors["receipt_printer"].becomes(EMPTY)
    world.enter(room, "overview", KEEPER)
    assert line(room.page(("overview",), KEEPER), "receipt_printer") == "缺纸 · 14:30 起"
    assert line(room.page(("overview",), TECHNICIAN), "receipt_printer") == "缺纸 · 14:30 起 · media-empty"


def test_what_was_so_before_the_start_is_since_nobody_knows_when(world: World) -> None:
    world.actors["receipt_printer"].status = EMPTY
    _, page = overview(world)
    assert line(page, "receipt_printer") == "缺纸 · 开机前就这样 · media-empty"


def test_the_moment_is_that_of_the_fault_and_not_of_its_details(world: World) -> None:
    world.actors["id_reader"].status = Status(State.STARTING)
    since = Since(world.actors, lambda: world.now)
    world.actors["id_reader"].becomes(WELL)
    assert since.of("id_reader") is None  # the first that was known of it
    world.actors["receipt_printer"].becomes(EMPTY)
    world.now += timedelta(minutes=5)
    world.actors["receipt_printer"].becomes(Status(State.ONLINE, EMPTY.faults, details={"paper": "out", "x": "1"}))
    assert since.of("receipt_printer") == NOW
    world.actors["receipt_printer"].becomes(WELL)
    assert since.of("receipt_printer") == NOW + timedelta(minutes=5)
    since.close()
    assert not any(actor.listeners for actor in world.actors.values())


@pytest.mark.parametrize(
    "status",
    [None, Status(State.UNKNOWN), Status(State.STARTING), Status(State.UNKNOWN, (Fault("no-answer", Action.RESET),)),
     Status(State.UNKNOWN, (Fault("media-low", Action.REPLENISH, blocking=False),))],
)  # fmt: skip
def test_unknown_is_never_well(status: Status | None) -> None:
    assert verdict(status).tone == "unknown"


@pytest.mark.parametrize("state", [state for state in State if state not in (State.UNKNOWN, State.STARTING)])
def test_only_a_device_that_says_so_is_well(state: State) -> None:
    found = verdict(Status(state))
    assert (found.tone == "ok") == (state in (State.ONLINE, State.DEVICE_BUSY))
    assert (found.code == "") == (found.tone == "ok")


def test_an_unknown_device_is_counted_and_stands_before_what_is_well(world: World) -> None:
    world.actors["id_reader"].status = Status(State.UNKNOWN)
    _, page = overview(world)
    assert said(page.heading) == "1 处不明"
    assert page.rows[0].key == "id_reader"
    assert page.rows[0].tone == "unknown"
    assert "正常" not in line(page, "id_reader")


def test_before_anybody_has_looked_nothing_is_called_well(world: World) -> None:
    world.desk.at_once = False
    room, page = overview(world)
    assert {key: tones(page)[key] for key in ("network", "queue", "disk", "clock")} == dict.fromkeys(
        ("network", "queue", "disk", "clock"), "unknown"
    )
    world.desk.do()
    assert set(tones(room.page(("overview",), TECHNICIAN)).values()) == {"ok", "plain"}


def test_a_fault_without_a_repair_says_what_to_do(world: World) -> None:
    world.actors["page_printer"].status = Status(State.ONLINE, (Fault("fuser", Action.CALL_TECHNICIAN),))
    _, page = overview(world)
    assert line(page, "page_printer") == "定影部件有故障 · 找技术员 · 开机前就这样 · fuser"
    button = page.rows[0].button
    assert button is not None
    assert button.opens == "tests/page_printer"


def test_a_fault_that_no_word_is_known_for_still_shows_its_code(world: World) -> None:
    world.actors["page_printer"].status = Status(State.ONLINE, (Fault("flux-capacitor", Action.NONE, blocking=False),))
    _, page = overview(world)
    assert line(page, "page_printer") == "有故障 · 开机前就这样 · flux-capacitor"
    assert page.rows[0].tone == "attention"


def test_last_nights_finding_stays_until_it_was_mended(world: World) -> None:
    night = NOW - timedelta(hours=11)
    world.journal.note_proof(
        Proof(night, "document_camera", "glass", "failed", "glass-dirty-top-left", ("1",), "night")
    )
    room, page = overview(world)
    assert tones(page)["document_camera"] == "attention"
    button = page.rows[0].button
    assert button is not None
    assert button.opens == "repairs/glass/document_camera".removesuffix("/document_camera")
    world.journal.note_proof(Proof(NOW, "document_camera", "external", "passed", "self-test-passed"))
    world.ticks.tick()
    assert tones(room.page(("overview",), TECHNICIAN))["document_camera"] == "attention"  # that was another test
    world.journal.note_proof(Proof(NOW, "document_camera", "glass", "passed", "glass-clean"))
    world.ticks.tick()
    assert tones(room.page(("overview",), TECHNICIAN))["document_camera"] == "ok"


def test_a_repair_that_came_out_well_settles_what_it_is_for(world: World) -> None:
    world.journal.note_proof(Proof(NOW - timedelta(1), "receipt_printer", "print", "failed", "print-not-drawn"))
    world.journal.note_proof(Proof(NOW, "receipt_printer", "roll", "unsure", "repair-unseen"))
    room, page = overview(world)
    assert tones(page)["receipt_printer"] == "attention"
    world.journal.note_proof(Proof(NOW, "receipt_printer", "roll", "passed", "repair-done"))
    world.ticks.tick()
    assert tones(room.page(("overview",), TECHNICIAN))["receipt_printer"] == "ok"


def test_what_the_device_says_now_counts_more_than_what_the_night_heard(world: World) -> None:
    world.journal.note_proof(
        Proof(NOW, "receipt_printer", "state", "failed", "paper-out", ("receipt_printer",), "night")
    )
    _, page = overview(world)
    assert tones(page)["receipt_printer"] == "ok"


def test_what_the_night_found_of_what_is_no_device_has_a_line(world: World) -> None:
    night = NOW - timedelta(hours=11)
    for subject, code in (("packs", "packs-end"), ("network", "certificate-ends"), ("chain", "chain-line")):
        world.journal.note_proof(Proof(night, subject, "x", "failed", code, ("a", "2026-12-01", "4"), "night"))
    world.journal.note_proof(Proof(NOW - timedelta(days=3), "queue", "x", "failed", "queue-hangs", (), "night"))
    world.journal.note_proof(Proof(night, "keys", "x", "passed", "keys-hold", ("9",), "night"))
    _, page = overview(world)
    told = tones(page)
    assert {key for key in told if told[key] == "attention"} == {"packs", "network", "chain"}
    assert line(page, "network").endswith(" · 03:30")
    assert "keys" not in told
    world.online = False
    assert tones(overview(world)[1])["network"] == "broken"  # now counts more than last night


def test_a_touch_screen_is_what_it_was_when_somebody_touched_it(world: World) -> None:
    world.journal.note_proof(Proof(NOW - timedelta(days=7), "touch", "grid", "passed", "self-test-passed"))
    _, page = overview(world)
    assert (tones(page)["touch"], line(page, "touch")) == ("ok", "正常 · 11 月 20 日测过")
    world.journal.note_proof(Proof(NOW, "touch", "touch", "failed", "self-test-failed"))
    _, page = overview(world)
    assert tones(page)["touch"] == "attention"
    assert page.buttons[0].opens == "repairs/touch"


def test_line_queue_disk_clock(world: World) -> None:
    world.online = False
    world.client.time.trust.value = "wrong"
    world.journal.counted = Counts(9, 3, 4, 1, 1, NOW - timedelta(hours=2), 2)
    _, page = overview(world)
    assert line(page, "network") == "连不上后台"
    assert line(page, "queue") == "5 件待发送 · 最早的等了 2 小时 · 搁置 2 件"
    assert line(page, "clock") == "不对 · 2026-11-27 14:30"
    assert [tones(page)[key] for key in ("network", "queue", "clock")] == ["broken", "attention", "broken"]
    world.client.time.trust.value = "plausible"
    world.ticks.tick()
    assert tones(overview(world)[1])["clock"] == "unknown"


def test_power_and_cabinet_are_one_line_and_an_open_door_is_no_fault_here(world: World) -> None:
    world.actors["ups"].status = Status(State.ONLINE, details={"runtime": "2460", "charge": "99"})
    world.actors["sensors"].status = Status(
        State.POTENTIAL_FRAUD, (Fault("door-open", Action.CLEAR),), details={"door:cabinet": "open"}
    )
    room, page = overview(world)
    assert line(page, "power") == "市电 · 后备 41 分钟 · 柜门已开"
    assert tones(page)["power"] == "ok"
    world.actors["ups"].becomes(Status(State.ONLINE, (Fault("on-battery", Action.NONE, blocking=False),)))
    page = room.page(("overview",), TECHNICIAN)
    assert tones(page)["power"] == "attention"
    assert line(page, "power") == "市电断了，正用电池 · 14:30 起 · 柜门已开 · on-battery"
    world.actors["sensors"].becomes(Status(State.FRAUD_ATTEMPT, (Fault("tamper", Action.CALL_TECHNICIAN),)))
    assert tones(room.page(("overview",), TECHNICIAN))["power"] == "broken"


def test_a_keeper_is_offered_what_a_keeper_may_mend(world: World) -> None:
    world.actors["id_reader"].status = Status(State.OFFLINE, (Fault("port-missing", Action.RESET),))
    world.actors["page_printer"].status = EMPTY
    room, page = overview(world)
    assert page.buttons[0].opens == "repairs/reader/id_reader"
    assert room.page(("overview",), KEEPER).buttons[0].opens == "repairs/sheets"


def test_how_much_was_used_today_stands_beside_well(world: World) -> None:
    world.journal.kept["id_cards"] = Supply("id_cards", 900, {date(2026, 11, 27): 86})
    _, page = overview(world)
    assert line(page, "id_reader") == "正常 · 今日 86 次"


def test_the_page_is_live_while_it_is_shown_and_no_longer(world: World) -> None:
    room, _ = overview(world)
    before = world.desk.changes
    world.actors["id_reader"].becomes(Status(State.OFFLINE))
    assert world.desk.changes == before + 1
    world.ticks.tick()
    assert world.actors["id_reader"].refreshed == 1
    room.leave(("overview",))
    assert world.ticks.going == []
    listeners = world.actors["id_reader"].listeners
    assert len(listeners) == 1  # since
    assert EVERY >= 1


def test_every_word_is_there_in_both_languages(world: World) -> None:
    for status in (EMPTY, Status(State.UNKNOWN), Status(State.FRAUD_ATTEMPT)):
        for actor in world.actors.values():
            actor.status = status
        world.online = not world.online
        assert all(every_word(overview(world)[1]))


@pytest.mark.parametrize(
    ("counts", "told"),
    [((0, 0, 0), "All is well"), ((1, 2, 0), "1 fault, 2 to watch"), ((2, 0, 1), "2 faults, 1 unknown"),
     ((1, 1, 1), "1 fault, 1 to watch, 1 unknown")],
)  # fmt: skip
def test_the_heading_counts(counts: tuple[int, int, int], told: str) -> None:
    assert said(heading(*counts), "en") == told
