"""Room ``log``: errors first, filters, pages; every event of the catalogue in words of both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import trial
from kiosk.journal import inspecting
from kiosk.journal.catalogue import catalogue
from kiosk.journal.inspecting import LogRow
from kiosk.journal.journal import Journal
from kiosk.maintenance import log_room
from kiosk.maintenance.log_room import FILTERS, LEFT_OUT, SIZE, LogRoom, chosen, row
from kiosk.maintenance.queue_room import mask
from tests.unit.maintenance.room_world import NOW, Desk, Walker, commit, house, opened, same_keys, shown, texts


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def walk(tmp_path: Path, journal: Journal) -> Walker:
    return Walker(LogRoom(house(tmp_path, journal)))


def titles(walk: Walker) -> list[str]:
    return [shown(each.title) for each in walk.page.rows]


def test_every_event_of_the_catalogue_has_words_in_both_languages() -> None:
    """Whoever adds an event adds ``maint.log.EVENT`` to ui/i18n/maintenance/log.zh_CN.json and log.en.json."""
    keys = same_keys("log")
    assert [event for event in catalogue() if f"maint.log.{event}" not in keys] == []
    details = {key for kind in catalogue().values() for key in kind.keys} - LEFT_OUT
    assert sorted(key for key in details if f"maint.log.key.{key}" not in keys) == []


def test_every_event_of_a_rule_is_in_the_catalogue() -> None:
    named = log_room.BROKEN | log_room.ATTENTION | {event for event, _ in log_room.FAILED}
    assert sorted(named - catalogue().keys()) == []
    for event, key in log_room.FAILED:
        assert key in catalogue()[event].keys
    assert set(chosen("all")) == set(catalogue())
    for which in FILTERS:
        assert chosen(which)


def test_errors_come_first_and_what_is_in_order_is_not_among_them(walk, journal) -> None:
    journal.audit("device.restored", device="camera")
    journal.audit("device.failed", device="camera", code="unplugged")
    journal.audit("paper.ended", paper="receipt", outcome="printed", copy=0)
    journal.audit("paper.ended", paper="receipt", outcome="unknown", copy=0)
    page = walk.open("log")
    assert titles(walk) == ["一张纸打印结束", "设备出故障"]
    assert [each.tone for each in page.rows] == ["attention", "broken"]
    assert "设备：人脸摄像头  代码：设备被拔掉 · unplugged" in shown(page.rows[1].detail)


def test_why_a_profile_was_rolled_back_is_told_in_words(walk, journal) -> None:
    for reason in (trial.NOT_CONFIRMED, trial.STARTED_OFTEN, trial.REFUSED, trial.BROKEN, trial.ASKED):
        journal.audit("profile.rolled_back", reason=reason, staff="0001")
    said = [shown(each.detail) for each in walk.open("log").rows]
    assert "原因：五分钟内没有人确认  工号：0001" in said[-1]
    assert not any(reason in "".join(said) for reason in (trial.NOT_CONFIRMED, trial.BROKEN, trial.ASKED))


def test_a_log_without_errors_says_so(walk) -> None:
    assert shown(walk.open("log").lead) == "没有这样的记录。"


def test_filters(walk, journal) -> None:
    journal.audit("device.restored", device="camera")
    journal.audit("sync.moves")
    journal.audit("maintenance.begun", role="keeper", staff="0401")
    walk.open("log")
    walk.act("filter", "devices")
    assert titles(walk) == ["设备恢复正常"]
    walk.act("filter", "staff")
    assert titles(walk) == ["有人进入维护"]
    walk.act("filter", "sync")
    assert titles(walk)[0] == "发送又动起来了"
    walk.act("filter", "all")
    assert titles(walk)[:3] == ["有人进入维护", "发送又动起来了", "设备恢复正常"]
    walk.act("filter", "nonsense")
    assert titles(walk) == []


def test_pages_lead_to_the_beginning_and_back(walk, journal) -> None:
    for number in range(2 * SIZE + 3):
        journal.audit("sync.overdue", hours=number)
    walk.open("log")
    first = [each.key for each in walk.page.rows]
    assert len(first) == SIZE
    assert not walk.button("newer").enabled
    walk.touch(walk.button("older"))
    second = [each.key for each in walk.page.rows]
    walk.touch(walk.button("older"))
    third = [each.key for each in walk.page.rows]
    assert not walk.button("older").enabled
    assert [len(second), len(third)] == [SIZE, 3]
    assert not set(first) & set(second) | set(second) & set(third)
    walk.touch(walk.button("newer"))
    walk.touch(walk.button("newer"))
    assert [each.key for each in walk.page.rows] == first


def test_a_page_that_is_exactly_full_has_none_behind_it(walk, journal) -> None:
    for number in range(SIZE):
        journal.audit("sync.overdue", hours=number)
    walk.open("log")
    assert len(walk.page.rows) == SIZE
    while walk.button("older").enabled:
        walk.touch(walk.button("older"))
        assert walk.page.rows == ()


def test_a_long_chain_is_looked_through_in_stretches(walk, journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.audit("sync.overdue", hours=1)
    for _ in range(30):
        journal.audit("visit.started")
    monkeypatch.setattr(inspecting, "SCANNED", 10)
    walk.open("log")
    assert titles(walk) == ["有办件等了太久没发出去"]
    monkeypatch.setattr(log_room, "TURNS", 2)
    walk.act("filter", "errors")
    assert shown(walk.page.lead) == "这一段没有这样的记录，请看较早的。"
    walk.touch(walk.button("older"))
    assert titles(walk) == ["有办件等了太久没发出去"]


def test_a_case_is_shown_by_the_end_of_its_id_and_nothing_of_its_person(walk, journal) -> None:
    made = commit(journal)
    journal.set_aside(made.case_id, "quarantined", "hash-mismatch")
    walk.open("log")
    walk.act("filter", "all")
    said = "".join(texts(walk.page) + texts(walk.page, "en"))
    assert mask(made.case_id) in said
    assert made.case_id not in said
    assert made.case_no not in said


def test_an_event_of_another_version_is_shown_by_its_id() -> None:
    assert shown(row(LogRow(1, NOW, "gone.event", "", {"odd": 3})).title) == "以前版本的记录：gone.event"


def test_what_comes_too_late_is_not_shown(tmp_path, journal) -> None:
    journal.audit("sync.overdue", hours=1)
    journal.audit("device.restored", device="camera")
    desk = Desk(later=True)
    walk = Walker(LogRoom(house(tmp_path, journal)), desk=desk)
    assert walk.open("log").busy is not None
    walk.act("filter", "devices")
    desk.jobs.reverse()  # the first question is answered last
    desk.finish()
    assert titles(walk) == ["设备恢复正常"]


def test_a_log_that_cannot_be_read_is_told(tmp_path) -> None:
    journal = opened(tmp_path)
    walk = Walker(LogRoom(house(tmp_path, journal)))
    journal.close()
    for file in (tmp_path / "journal").glob("journal.db*"):
        file.unlink()
    page = walk.open("log")
    assert page.notice is not None
    assert page.busy is None


def test_what_was_tested_how_it_came_out_and_by_whom_is_told_in_words() -> None:
    details = {"by": "0417", "code": "glass-clean", "outcome": "passed", "subject": "document_camera", "test": "glass"}
    shown_row = row(LogRow(1, NOW, "proof.noted", "", details))
    assert shown(shown_row.detail).split("  ")[1:] == [
        "对象：高拍仪", "检测：玻璃", "结果：通过", "工号：0417", "代码：glass-clean",
    ]  # fmt: skip
    odd = row(LogRow(2, NOW, "maintenance.ended", "", {"reason": "Odd Word", "staff": "0417"}))
    assert "原因：Odd Word" in shown(odd.detail)
    known = row(LogRow(3, NOW, "maintenance.ended", "", {"reason": "abandoned"}))
    assert "原因：人走了没有退出" in shown(known.detail)
