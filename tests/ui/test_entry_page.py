"""The way of staff into the machine: a hidden long press, the entry page, and what the public sees meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QElapsedTimer, QPointF
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from kiosk.visit import events as ev

HOLD = 0.25  # s in these tests, in place of five
PAGES = ("attract", "out_of_service", "under_work")


def mark(stage: Any) -> QQuickItem:
    found: QQuickItem = next(item for item in stage.items() if item.objectName() == "hidden-press" and item.isEnabled())
    found.setProperty("seconds", HOLD)
    return found


def hold(stage: Any, seconds: float = 1.6 * HOLD) -> None:
    """Let time pass, with the finger where it is."""
    timer = QElapsedTimer()
    timer.start()
    stage.until(lambda: timer.elapsed() > 1000 * seconds)


def asked(stage: Any) -> int:
    return sum(isinstance(event, ev.EntryAsked) for event in stage.core.events)


@pytest.mark.parametrize("name", PAGES)
def test_the_mark_held_long_enough_asks_once(stage: Any, sample: Any, name: str) -> None:
    stage.show(sample(name))
    centre = stage.box(mark(stage)).center()
    stage.press(centre)
    stage.until(lambda: asked(stage) == 1)
    hold(stage)
    assert stage.core.events == [ev.EntryAsked()]
    stage.release(centre)


def test_five_seconds_is_long_enough(stage: Any, sample: Any) -> None:
    stage.show(sample("attract"))
    assert {item.property("seconds") for item in stage.items() if item.objectName() == "hidden-press"} == {5}


@pytest.mark.parametrize("name", PAGES)
def test_a_tap_on_the_mark_is_what_it_was(stage: Any, sample: Any, name: str) -> None:
    stage.show(sample(name))
    centre = stage.box(mark(stage)).center()
    stage.press(centre)
    stage.release(centre)
    hold(stage)
    assert stage.core.events == ([ev.Started()] if name == "attract" else [])


@pytest.mark.parametrize("name", PAGES)
def test_a_finger_that_moves_asks_for_nothing(stage: Any, sample: Any, name: str) -> None:
    stage.show(sample(name))
    box = stage.box(mark(stage))
    stage.press(box.center())
    stage.move(box.center() + QPointF(box.width() * 0.4, 0))
    hold(stage)
    stage.release(box.center())
    assert asked(stage) == 0


@pytest.mark.parametrize("where", [QPointF(20, 20), QPointF(500, 1200)], ids=["on-the-mark", "anywhere"])
@pytest.mark.parametrize("name", PAGES)
def test_a_second_finger_calls_it_off(stage: Any, sample: Any, name: str, where: QPointF) -> None:
    stage.show(sample(name))
    box = stage.box(mark(stage))
    second = (box.center() + QPointF(20, 20) if where.y() < 100 else where).toPoint()
    first = box.center().toPoint()
    QTest.touchEvent(stage.view, stage.touch).press(0, first, stage.view).press(1, second, stage.view).commit()
    hold(stage)
    assert asked(stage) == 0
    QTest.touchEvent(stage.view, stage.touch).release(0, first, stage.view).release(1, second, stage.view).commit()


def test_a_hand_that_rests_elsewhere_calls_it_off(stage: Any, sample: Any) -> None:
    stage.show(sample("out_of_service"))
    first, palm = stage.box(mark(stage)).center().toPoint(), QPointF(500, 1200).toPoint()
    QTest.touchEvent(stage.view, stage.touch).press(1, palm, stage.view).commit()
    QTest.touchEvent(stage.view, stage.touch).press(0, first, stage.view).stationary(1).commit()
    hold(stage)
    assert asked(stage) == 0
    QTest.touchEvent(stage.view, stage.touch).release(0, first, stage.view).release(1, palm, stage.view).commit()


@pytest.mark.parametrize("name", ["home", "form", "farewell", "entry"])
def test_no_page_on_which_somebody_is_has_the_way(stage: Any, sample: Any, name: str) -> None:
    stage.show(sample(name))
    assert not [item for item in stage.items() if item.objectName() == "hidden-press" and item.isEnabled()]


def test_nothing_beside_the_mark_has_it(stage: Any, sample: Any) -> None:
    stage.show(sample("out_of_service"))
    point = stage.box(mark(stage)).center() + QPointF(200, 0)
    stage.press(point)
    hold(stage)
    stage.release(point)
    assert stage.core.events == []


def test_a_code_is_typed_and_sent_once_and_each_key_tells_that_somebody_is_there(stage: Any, sample: Any) -> None:
    stage.show(sample("entry"))
    assert [event for digit in "123456" for event in stage.tap(f"pad-{digit}")] == [ev.EntryKey()] * 6
    assert stage.bridge.model("entry").property("typed") == "1234 56"
    assert stage.tap("pad-ok") == [ev.EntryTyped("123456")]
    assert stage.bridge.model("entry").property("typed") == ""
    assert stage.tap("pad-ok") == []


def test_a_pin_is_never_shown(stage: Any, sample: Any) -> None:
    stage.show(sample("entry-card"))
    for digit in "907531":
        stage.tap(f"pad-{digit}")
    model = stage.bridge.model("entry")
    assert model.property("typed") == "●" * 6
    stage.tap("pad-delete")
    assert stage.tap("pad-ok") == [], "five digits are no PIN"
    stage.tap("pad-2")
    assert stage.tap("pad-ok") == [ev.EntryTyped("907532")]


@pytest.mark.parametrize("page", ["attract", "under_work", "recovering", "entry"])
def test_what_was_typed_goes_with_the_page_and_with_the_way(stage: Any, sample: Any, page: str) -> None:
    stage.show(sample("entry-card"))
    stage.tap("pad-9")
    stage.show(sample(page))
    assert stage.bridge.model("entry").property("typed") == ""
    stage.show(sample("entry-card"))
    assert stage.bridge.model("entry").property("typed") == ""


@pytest.mark.parametrize(
    ("name", "target", "event"),
    [
        ("entry", "nav-back", ev.EntryCancelled()),
        ("entry-none", "nav-back", ev.EntryCancelled()),
        ("entry-asking", "nav-back", ev.EntryCancelled()),
        ("entry-card", "entry-other", ev.EntryWayChosen("code")),
    ],
)
def test_the_other_way_and_the_way_back(stage: Any, sample: Any, name: str, target: str, event: Any) -> None:
    stage.show(sample(name))
    assert stage.tap(target) == [event]


def test_a_wait_is_counted_down_and_nothing_is_taken_before(stage: Any, sample: Any) -> None:
    stage.show(sample("entry-locked"))
    model = stage.bridge.model("entry")
    assert "15" in model.property("stateText")
    for digit in "123456":
        stage.tap(f"pad-{digit}")
    assert model.property("typed") == ""
    stage.now[0] = 11.2
    model._tick()
    assert "4" in model.property("stateText")
    stage.now[0] = 15.0
    model._tick()
    assert model.property("stateText") == ""
    stage.tap("pad-1")
    assert model.property("typed") == "1"


def test_while_a_pin_is_checked_nothing_is_typed(stage: Any, sample: Any) -> None:
    stage.show(sample("entry-card-checking"))
    stage.tap("pad-1")
    assert stage.bridge.model("entry").property("typed") == ""


def test_the_start_page_says_what_still_works_and_promises_nothing_where_nothing_does(stage: Any, sample: Any) -> None:
    stage.show(sample("attract-notice-receipt"))
    assert "仍可办理" in stage.named("attract-notice").property("text")
    assert not stage.bridge.attract.property("stopped")
    stage.show(sample("attract-notice-reader"))
    assert "最近的机器" in stage.named("attract-notice").property("text")
    assert stage.bridge.attract.property("stopped")
    stage.show(sample("attract"))
    assert not [item for item in stage.items() if item.objectName() == "attract-notice"]
