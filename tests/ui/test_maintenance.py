"""The maintenance window by touch: what is posted, what is told, and that nothing of a session stays."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QPointF
from PySide6.QtGui import QColor, QImage

import ui
from kiosk.maintenance.desk import Act, Back, Leave, Open, Speak, Stir
from kiosk.maintenance.screen import Field, Notice, Said, plain
from tests.ui.maintained import STAFF_PAGE, FakeDesk, Works, enter
from tests.ui.test_wipe import _strings
from ui.viewmodels.staffwords import said


@pytest.fixture
def works(stage: Any) -> Works:
    return enter(stage)


def _texts(works: Works) -> list[str]:
    return [item.property("text") for item in works.stage.items() if item.inherits("QQuickText")]


def _field(works: Works, kind: Any, value: str = "", **more: Any) -> None:
    works.page("form-text", field=Field("x", plain("x"), kind, value, **more), path=f"settings/{kind}")


# -- touches ---------------------------------------------------------------------------------------------


def test_a_row_is_touched_anywhere_and_opens_its_page(works: Works) -> None:
    works.show("overview")
    assert works.tap("maint-row-receipt_printer") == [Open("repairs/roll")]
    assert works.tap("maint-row-receipt_printer-act") == [Open("repairs/roll")]
    assert works.tap("maint-row-camera") == []  # it leads nowhere


def test_the_foot_posts_acts_with_their_values(works: Works) -> None:
    works.show("overview")
    assert works.tap("maint-act-mend") == [Open("repairs/roll")]
    assert works.tap("maint-act-all") == [Act("all")]


def test_what_a_role_may_not_do_is_shown_with_its_reason_and_posts_nothing(works: Works) -> None:
    works.show("overview-keeper")
    assert works.tap("maint-act-all") == []
    assert works.tap("maint-row-page_printer") == []
    assert _texts(works).count("请找技术员") == 2


def test_while_something_is_under_way_buttons_take_no_touch(works: Works) -> None:
    works.show("busy")
    assert works.tap("maint-act-mend") == works.tap("maint-row-receipt_printer") == []
    works.model.press(0)
    assert [intent for intent in works.desk.intents if not isinstance(intent, Stir)] == []
    assert works.tap("maint-leave") == [Leave()]


def test_a_question_covers_the_page_and_is_answered_by_yes_or_no(works: Works) -> None:
    works.show("ask")
    assert works.tap("maint-ask-yes") == [Act("restart")]
    assert works.tap("maint-ask-no") == [Act("keep")]
    centre = works.stage.box(works.stage.named("maint-act-mend")).center()
    before = len(works.desk.intents)
    works.stage.press(centre)
    works.stage.release(centre)
    works.stage.settle()
    assert [i for i in works.desk.intents[before:] if not isinstance(i, Stir)] == []


def test_every_place_is_two_touches_away(works: Works) -> None:
    works.show("steps")
    for tile in works.sample("steps").menu:
        assert works.tap("maint-menu") == []
        name = f"maint-tile-{tile.path}"
        assert works.tap(name) == ([Open(tile.path)] if tile.allowed else [])
        if not tile.allowed:
            works.tap("maint-menu-close")
    assert not [i for i in works.stage.items() if i.objectName() == "maint-menu-panel"]


def test_back_leave_and_the_other_language(works: Works) -> None:
    works.show("tests")
    assert works.tap("maint-back") == [Back()]
    assert works.tap("maint-leave") == [Leave()]
    assert works.tap("maint-language") == [Speak("en")]
    english = replace(works.sample("tests"), bar=replace(works.sample("tests").bar, language="en"))
    works.show(english)
    assert "Maintenance" in _texts(works)
    works.stage.show(STAFF_PAGE)  # another snapshot of the visit, which still speaks Chinese
    assert "Maintenance" in _texts(works)
    assert works.tap("maint-language") == [Speak("zh_CN")]


def test_the_start_has_no_way_back(works: Works) -> None:
    works.show("overview")
    assert not [item for item in works.stage.items() if item.objectName() == "maint-back"]


def test_what_lies_below_the_edge_is_announced_and_reached(works: Works) -> None:
    works.show("log")
    works.tap("maint-more")
    assert works.stage.box(works.stage.named("maint-row-line-6")).top() < works.stage.view.height() / 2


def test_a_list_that_changes_stays_where_it_was_scrolled_to(works: Works) -> None:
    works.show("log")
    works.tap("maint-more")
    before = works.stage.box(works.stage.named("maint-row-line-9")).top()
    rows = list(works.sample("log").page.rows)
    rows[9] = replace(rows[9], tone="ok")
    works.page("log", rows=tuple(rows))
    assert works.stage.box(works.stage.named("maint-row-line-9")).top() == before


def test_how_an_act_ended_is_in_sight_wherever_the_list_was_scrolled_to(works: Works) -> None:
    works.show("log")
    works.tap("maint-more")
    first = works.stage.named("maint-row-line-0")
    bar = works.stage.box(works.stage.named("maint-leave")).bottom()
    assert works.stage.box(first).bottom() < bar
    works.page("log", notice=Notice(plain("打好了"), "ok"))
    assert works.stage.box(works.stage.named("maint-row-line-0")).top() > bar


# -- forms -----------------------------------------------------------------------------------------------


def test_digits_are_typed_on_the_pad(works: Works) -> None:
    _field(works, "digits", "8")
    assert works.tap("maint-key-4") == [Act("typed", "84")]
    assert works.tap("maint-key-0") == [Act("typed", "840")]
    assert works.tap("maint-key-delete") == [Act("typed", "84")]
    assert not [item for item in works.stage.items() if item.objectName() == "maint-key-."]


def test_the_rooms_word_holds_once_all_keys_were_answered(works: Works) -> None:
    _field(works, "number", "1")
    works.tap("maint-key-.")
    works.tap("maint-key-5")
    _field(works, "number", "1.")  # the echo of the first key: the second is still on its way
    assert works.stage.named("maint-value").property("text") == "1.5"
    _field(works, "number", "1.5")
    _field(works, "number", "2")  # the room put it right
    assert works.stage.named("maint-value").property("text") == "2"


def test_words_are_typed_on_the_keyboard(works: Works) -> None:
    _field(works, "text", "a")
    works.tap("key-digits")
    assert works.tap("key-7") == [Act("typed", "a7")]


def test_minutes_can_be_chosen_or_typed(works: Works) -> None:
    works.show("form-minutes")
    assert works.tap("maint-choice-120") == [Act("typed", "120")]
    assert works.tap("maint-key-delete") == [Act("typed", "12")]


def test_choices_and_switches_are_rows(works: Works) -> None:
    works.show("form-choice")
    assert works.tap("maint-choice-power") == [Act("chosen", "power")]
    works.show("form-switch")
    assert works.tap("maint-choice-on") == [Act("chosen", "on")]


# -- special templates -----------------------------------------------------------------------------------


def test_every_field_of_the_screen_is_told_once_corners_too(works: Works) -> None:
    works.show("touch")
    width, height = works.stage.view.width(), works.stage.view.height()
    corners = [QPointF(1, 1), QPointF(width - 2, 1), QPointF(1, height - 2), QPointF(width - 2, height - 2)]
    for corner in corners * 2:
        works.stage.press(corner)
        works.stage.release(corner)
    works.stage.settle()
    acts = [intent.value for intent in works.desk.intents if isinstance(intent, Act)]
    assert acts == ["0,0", "0,6", "11,0", "11,6"]


def test_a_finger_drawn_across_marks_the_fields_under_the_middle_too(works: Works) -> None:
    works.show("touch")
    y = works.stage.box(works.stage.named("maint-act-failed")).center().y()
    width = works.stage.view.width()
    works.stage.press(QPointF(5, y))
    for part in range(1, 60):
        works.stage.move(QPointF(width * part / 60, y))
    works.stage.release(QPointF(width - 5, y))
    works.stage.settle()
    acts = [intent.value for intent in works.desk.intents if isinstance(intent, Act)]
    assert acts == [f"{int(y * 12 / works.stage.view.height())},{column}" for column in range(7)]


def test_a_touch_anywhere_shows_the_next_colour(works: Works) -> None:
    works.page("colours-white", show="red")
    image = works.stage.view.grabWindow()
    assert [image.pixelColor(x, y).name() for x, y in ((3, 3), (1070, 900), (500, 60))] == ["#ff0000"] * 3
    assert works.tap("maint-colours") == [Act("next")]


def _jpeg(colour: str) -> bytes:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG")  # type: ignore[call-overload]  # the stub wants bytes, the method takes a name
    return bytes(data.data())


class _Frame:
    jpeg = _jpeg("#00ff00")


def test_a_cameras_picture_is_shown_only_while_the_page_asks_for_it(works: Works) -> None:
    works.show("preview")
    threading.Thread(target=lambda: works.stage.core.frames(_Frame())).start()
    works.stage.until(lambda: not works.model.image.isNull())
    works.stage.settle()
    box = works.stage.box(works.stage.named("maint-picture"))
    assert works.stage.view.grabWindow().pixelColor(box.center().toPoint()).green() > 200
    works.show("overview")
    assert works.model.image.isNull()
    works.stage.core.frames(_Frame())
    works.stage.settle()
    assert works.model.image.isNull()


# -- time ------------------------------------------------------------------------------------------------


def test_a_touched_screen_does_not_lock_and_says_so_now_and_then(works: Works) -> None:
    works.show("overview")
    nowhere = QPointF(540, 160)  # beside everything that can be touched
    for seconds in (0.0, 1.0, 3.9, 4.0, 9.0):
        works.stage.now[0] = seconds
        works.stage.press(nowhere)
        works.stage.release(nowhere)
        works.stage.settle()
    assert works.desk.intents == [Stir()] * 3


def test_the_last_minute_before_it_locks_is_counted(works: Works) -> None:
    works.show("overview")
    assert works.model.property("lockText") == ""
    assert works.model.property("endText") == "剩 41 分钟"
    works.stage.now[0] = 128.0
    works.show(replace(works.sample("overview"), page=works.sample("tests").page))
    assert works.model.property("lockText") == "42 秒后锁屏，轻触继续"
    works.stage.now[0] = 128.99
    works.stage.until(lambda: works.model.property("lockText") == "42 秒后锁屏，轻触继续")
    works.stage.now[0] = 129.5
    works.stage.until(lambda: works.model.property("lockText") == "41 秒后锁屏，轻触继续")
    works.stage.show(STAFF_PAGE)
    works.desk.tell(None)
    works.stage.until(lambda: not works.model.counting)


# -- coming and going ------------------------------------------------------------------------------------


def test_when_the_page_is_left_nothing_of_the_session_stays(works: Works, sample: Any) -> None:
    secrets = ("T-0417", "龘龘街道")
    works.show("overview")
    _field(works, "text", secrets[1])
    assert all(any(secret in text for text in _strings(works.stage)) for secret in secrets)  # the look would find them
    late = works.desk.listeners[0]
    works.stage.show(sample("attract"))
    late(works.sample("overview"))  # was on its way
    works.stage.settle()
    assert works.desk.listeners == []
    assert not works.model.counting
    assert works.model.snapshot is None
    assert not [text for text in _strings(works.stage) if any(secret in text for secret in secrets)]
    assert not [item for item in works.stage.items() if item.objectName().startswith("maint-")]


def test_staff_who_come_back_see_what_the_desk_has(works: Works, sample: Any) -> None:
    works.show("overview")
    works.stage.show(sample("attract"))
    works.stage.show(STAFF_PAGE)
    works.show("tests")
    assert works.tap("maint-act-all") == [Act("all")]


def test_snapshots_from_another_thread_arrive_in_order(works: Works) -> None:
    seen: list[Any] = []
    works.model.changed.connect(lambda: seen.append(works.model.property("path")))
    names = ["overview", "tests", "log", "steps"]
    threading.Thread(target=lambda: [works.desk.tell(works.sample(name)) for name in names]).start()
    works.stage.until(lambda: len(seen) == len(names))
    assert seen == [works.sample(name).page.path for name in names]


def test_large_type_of_a_visit_does_not_enlarge_it(stage: Any) -> None:
    stage.show(STAFF_PAGE, elder=True)
    works = Works(stage, enter(stage).desk)
    _field(works, "digits", "1")
    assert works.stage.box(works.stage.named("maint-key-1")).height() < 140


def test_the_core_that_has_a_desk_is_asked_for_it_when_the_page_is_shown(stage: Any) -> None:
    desk = FakeDesk()
    stage.core.maintenance = None  # while the terminal is starting
    stage.bridge.attach(stage.core)
    stage.core.maintenance = desk
    stage.show(STAFF_PAGE)
    works = Works(stage, desk)
    works.show("overview")
    assert works.tap("maint-act-all") == [Act("all")]
    stage.bridge.detach()
    assert desk.listeners == []


def test_the_foot_stands_from_the_first_page_on(works: Works) -> None:
    works.show("preview")
    good, bad = (works.stage.box(works.stage.named(f"maint-act-{name}")) for name in ("good", "bad"))
    assert good.intersected(bad).isEmpty()
    assert good.bottom() < works.stage.view.height()
    works.show("log")
    assert works.tap("maint-act-filter-errors") == [Act("filter", "errors")]  # two of one name
    assert works.tap("maint-act-filter-all") == [Act("filter", "all")]


def test_a_page_says_that_it_waits_for_the_desk(stage: Any) -> None:
    works = enter(stage)
    assert "请稍候" in _texts(works)


def test_no_visit_pays_for_it() -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from PySide6.QtGui import QGuiApplication; app = QGuiApplication([])\n"
        "from ui.bridge import Bridge\n"
        "from ui.samples import samples, snapshot\n"
        "bridge = Bridge('zh_CN'); bridge.prepare()\n"
        "for sample in list(samples())[:8]: bridge._show(snapshot(sample))\n"
        "print([n for n in sys.modules if 'aintenance' in n and n != 'ui.samples_maintenance'])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True,
                         cwd=Path(ui.__file__).parents[1])  # fmt: skip
    assert out.stdout.strip() == "[]", out.stderr


def test_a_key_without_words_ends_nobodys_work() -> None:
    assert (
        said("zh_CN", Said("maint.window.no_such_words", ("eth0", Said("maint.window.menu"))))
        == "no such words eth0 目录"
    )
    assert said("zh_CN", Said("maint.no_such_room.roll_jam")) == "roll jam"
    assert said("zh_CN", Said("nonsense")) == "nonsense"
    assert said("zh_CN", Said("maint.window.step", ("1",))) == "step 1"  # a value is missing
    assert said("en", plain("443 ", Said("maint.window.on"), 7)) == "443 On7"
    assert said("en", None) == ""


def test_a_snapshot_is_drawn_once(works: Works) -> None:
    told: list[bool] = []
    works.show("overview")
    works.model.changed.connect(lambda: told.append(True))
    works.desk.tell(works.sample("overview"))
    works.desk.tell(replace(works.sample("overview"), page=works.sample("log").page))
    works.stage.until(lambda: works.model.property("path") == "log")
    assert len(told) == 1
