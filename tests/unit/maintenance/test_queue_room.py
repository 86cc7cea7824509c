"""Room ``queue``: counts, why it waits, and decisions about what was set aside. Nothing of a person is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kiosk.access.roles import Deed
from kiosk.journal.journal import Journal
from kiosk.journal.records import AckRecord
from kiosk.maintenance.house import House
from kiosk.maintenance.queue_room import REASONS, QueueRoom, mask
from kiosk.sync.state import LinkState
from tests.unit.maintenance.room_world import (
    ADMINISTRATOR,
    NOW,
    TECHNICIAN,
    Walker,
    commit,
    house,
    opened,
    same_keys,
    shown,
    texts,
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def kicks() -> list[int]:
    return []


@pytest.fixture
def place(tmp_path: Path, journal: Journal, kicks: list[int]) -> House:
    return house(tmp_path, journal, kick=lambda: kicks.append(1))


def walker(place: House, session=ADMINISTRATOR) -> Walker:
    return Walker(QueueRoom(place, lambda left: left.is_set()), session)


def link(journal: Journal, cause: str, seconds: float) -> None:
    state = LinkState(3, cause, NOW + timedelta(seconds=seconds))
    journal.set_meta("sync.link", msgspec.json.encode(state).decode())


def detail(walk: Walker, key: str) -> str:
    return shown(walk.row(key).detail)


def test_an_empty_queue_says_that_everything_has_arrived(place) -> None:
    page = walker(place).open("queue")
    assert (page.tone, shown(page.lead)) == ("ok", "全部已送达。")


def test_counts_the_oldest_when_and_why(place, journal) -> None:
    for _ in range(4):
        commit(journal)
    first, second, *_ = journal.due(NOW, 10, 1 << 20)
    journal.acknowledge([AckRecord(first.id, first.hash, "now", "key", "c2ln")])
    journal.reschedule([second.id], NOW + timedelta(minutes=2), "dns")
    link(journal, "dns", 90)
    walk = walker(place)
    page = walk.open("queue")
    assert page.tone == "attention"
    assert [detail(walk, key) for key in ("waiting", "sending", "acknowledged", "quarantined", "rejected")] == [
        "2", "1", "1", "0", "0",
    ]  # fmt: skip
    assert detail(walk, "next") == "2026-11-27 14:31，还有 1 分钟"
    assert detail(walk, "why") == "查不到后台的域名"
    assert "已等" in detail(walk, "oldest")


def test_what_arrived_yesterday_is_not_counted_today(tmp_path) -> None:
    yesterday = NOW - timedelta(days=1)
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: yesterday, durable=False) as journal:
        from kiosk.journal.records import Block

        journal.add_block(Block("case", 1, 10))
        commit(journal)
        (item,) = journal.due(NOW, 10, 1 << 20)
        journal.acknowledge([AckRecord(item.id, item.hash, "now", "key", "c2ln")])
        walk = walker(house(tmp_path, journal))
        walk.open("queue")
        assert detail(walk, "acknowledged") == "0"


def aside(journal: Journal, reason: str = "meta-differs") -> str:
    made = commit(journal)
    journal.set_aside(made.case_id, "quarantined", reason)
    return made.case_id


def test_what_was_set_aside_is_listed_masked_and_told_in_words(place, journal) -> None:
    item = aside(journal)
    walk = walker(place)
    page = walk.open("queue")
    assert page.tone == "broken"
    assert page.rows[0].key == "section-aside"
    row = page.rows[1]
    assert shown(row.title) == f"{mask(item)} · elder_card"
    assert "封面和里面的内容不一致" in shown(row.detail)
    walk.touch(row.button)
    said = "".join(texts(walk.page) + texts(walk.page, "en"))
    assert item not in said
    assert mask(item) in said
    assert "1402-" not in said


def test_a_reason_without_words_is_told_as_it_is(place, journal) -> None:
    aside(journal, "odd.new-reason")
    walk = walker(place)
    walk.touch(walk.open("queue").rows[1].button)
    assert detail(walk, "said") == "后台的说明：odd.new-reason"


def test_send_again_is_asked_first_done_once_and_audited_with_who(place, journal, kicks) -> None:
    item = aside(journal)
    walk = walker(place)
    walk.touch(walk.open("queue").rows[1].button)
    walk.act("release.yes")  # without the question: nothing
    assert journal.state_of(item) == "quarantined"
    walk.act("release")
    assert walk.ask.no.name == "no"
    walk.touch(walk.ask.yes)
    assert journal.state_of(item) == "queued"
    assert walk.desk.rows == [("queue.settled", {"item": item, "deed": "released", "reason": "put-right"})]
    assert kicks == [1]
    assert shown(walk.page.lead) == "这一件已经不在这里了。"
    assert walk.page.notice is not None


def test_reject_takes_a_reason_of_the_list_and_says_it(place, journal) -> None:
    item = aside(journal)
    walk = walker(place)
    walk.touch(walk.open("queue").rows[1].button)
    walk.touch(walk.button("why"))
    assert [row.key for row in walk.page.rows] == list(REASONS)
    walk.act("reject", "free text")
    assert walk.page.ask is None
    walk.touch(walk.row("twice").button)
    assert "重复" in shown(walk.ask.text)
    walk.touch(walk.ask.no)
    assert journal.state_of(item) == "quarantined"
    walk.touch(walk.row("twice").button)
    walk.touch(walk.ask.yes)
    assert journal.state_of(item) == "rejected"
    assert walk.desk.rows[-1] == ("queue.settled", {"item": item, "deed": "rejected", "reason": "twice"})
    walk.open("queue")  # decided: counted, and not to be decided again
    assert detail(walk, "rejected") == "1"
    assert not [row for row in walk.page.rows if row.key.startswith("item-")]


def test_a_technician_looks_and_does_not_decide(place) -> None:
    room = QueueRoom(place)
    assert room.needs(("queue", "3")) is Deed.QUEUE
    for act in ("release", "release.yes", "reject", "reject.yes"):
        deed = room.deed(("queue", "3"), act)
        assert deed is Deed.SETTLE
        assert not TECHNICIAN.may(deed)


def test_what_somebody_else_has_decided_meanwhile_is_told(place, journal) -> None:
    item = aside(journal)
    walk = walker(place)
    walk.touch(walk.open("queue").rows[1].button)
    walk.act("release")
    journal.release(item, "command")
    walk.touch(walk.ask.yes)
    notice = walk.page.notice
    assert notice is not None
    assert notice.tone == "broken"
    assert "item-not-aside" in shown(notice.text)
    assert walk.desk.rows == []


def test_send_now_tries_the_line_and_shows_what_changes(place, journal, kicks) -> None:
    commit(journal)
    walk = walker(place)
    walk.open("queue")
    (item,) = journal.due(NOW, 10, 1 << 20)
    journal.acknowledge([AckRecord(item.id, item.hash, "now", "key", "c2ln")])
    walk.act("send")
    assert kicks == [1]
    assert detail(walk, "acknowledged") == "1"


def test_a_page_that_was_left_stops_looking(place, journal) -> None:
    room = QueueRoom(place, lambda left: left.is_set())
    walk = Walker(room)
    walk.open("queue")
    walk.desk.later = True
    walk.act("send")
    room.leave(("queue",))
    before = walk.desk.changes
    walk.desk.finish()
    assert walk.desk.changes == before


def test_a_journal_that_cannot_be_read_is_told(place, journal) -> None:
    journal.close()
    page = walker(place).open("queue")
    assert page.notice is not None
    assert page.notice.tone == "broken"


def test_the_words_are_there_in_both_languages() -> None:
    keys = same_keys("queue")
    assert {f"maint.queue.reason.{reason}" for reason in REASONS} <= keys
