"""Every page, in both languages, both sizes of type and both orientations, keeps what the look promises."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtQuick import QQuickItem

from kiosk.services.loader import load_builtin
from kiosk.visit.states import State
from tests.ui.looks import Look
from ui.samples import samples
from ui.words import word

LEAST_TEXT = {False: 28, True: 48}
DECORATION = {"办", "文", "大"}
SLACK = 1.5  # pixels: rounding of the text layout
KEY_WIDTH = 84  # ten letters stand side by side


def everything(stage: Any) -> list[QQuickItem]:
    """Every item, hidden ones too."""
    found, stack = [], [stage.view.contentItem()]
    while stack:
        item = stack.pop()
        found.append(item)
        stack.extend(item.childItems())
    return found


def _clipped(stage: Any, item: QQuickItem) -> QRectF:
    """The part of an item that its flickable or list leaves to be seen."""
    box = stage.box(item)
    parent = item.parentItem()
    while parent is not None:
        if parent.clip():
            box = box.intersected(stage.box(parent))
        parent = parent.parentItem()
    return box


def _tilted(item: QQuickItem) -> bool:
    """Part of the seal, which says again what the heading says."""
    parent = item.parentItem()
    while parent is not None and parent.rotation() == 0:
        parent = parent.parentItem()
    return parent is not None


def _texts(stage: Any) -> list[QQuickItem]:
    return [item for item in stage.items() if item.inherits("QQuickText") and item.property("text")]


def _check_texts(stage: Any, elder: bool, where: str) -> None:
    screen = QRectF(0, 0, stage.view.width(), stage.view.height())
    for item in _texts(stage):
        text = item.property("text")
        assert not item.property("truncated"), f"{text!r} is cut off on {where}"
        if text not in DECORATION and not _tilted(item):
            pixels = item.property("font").pixelSize()
            waiting = where.startswith(("attract", "recovering", "wiping"))  # the next citizen's: never in elder type
            assert pixels >= LEAST_TEXT[elder and not waiting], f"{text!r} is {pixels} px on {where}"
        assert item.property("paintedWidth") <= max(item.width(), item.property("contentWidth")) + SLACK
        box = _clipped(stage, item)
        if not box.isEmpty():
            assert screen.contains(box.adjusted(SLACK, SLACK, -SLACK, -SLACK)), f"{text!r} leaves the screen on {where}"
        assert item.property("contentWidth") <= item.width() + SLACK, f"{text!r} is wider than its place on {where}"
        assert item.property("contentHeight") <= item.height() + SLACK, f"{text!r} is higher than its place on {where}"


def _check_targets(stage: Any, where: str) -> None:
    targets = [item for item in stage.targets() if not stage.box(item).isEmpty()]
    names = [item.objectName() for item in targets]
    assert all(names), f"a target without a name on {where}"
    assert len(set(names)) == len(names), f"two targets of one name on {where}: {sorted(names)}"
    for item in targets:
        box, name = stage.box(item), item.objectName()
        least = KEY_WIDTH if name.startswith("key-") else 104
        assert box.height() >= 104 - SLACK, f"{name} is {box.height()} high on {where}"
        assert box.width() >= least - SLACK, f"{name} is {box.width()} wide on {where}"
        assert item.property("label"), f"{name} cannot be read aloud on {where}"
    if where.startswith("panel"):
        return  # what lies under a panel is covered
    shown = [(item.objectName(), _clipped(stage, item)) for item in targets]
    for (name, box), (other, others_box) in combinations(shown, 2):
        shared = box.intersected(others_box)
        assert shared.width() < 2 or shared.height() < 2, f"{name} and {other} on {where}"


def _check_text_overlap(stage: Any, where: str) -> None:
    """No two texts lie on one another; the seal may lie on its paper, a panel on the page."""
    if where.startswith("panel"):
        return
    boxes = []
    for item in _texts(stage):
        box = _clipped(stage, item).adjusted(3, 6, -3, -6)
        if not _tilted(item) and box.isValid():
            boxes.append((item.property("text"), box))
    for number, (text, box) in enumerate(boxes):
        for other, second in boxes[number + 1 :]:
            shared = box.intersected(second)
            assert shared.width() <= 0 or shared.height() <= 0, f"{text!r} lies on {other!r} on {where}"


def test_every_page_is_whole(look: Look, request: Any) -> None:
    stage, language, elder = look
    for sample in samples(language):
        stage.show(sample, language, elder)
        where = f"{sample.name} ({request.node.callspec.id})"
        _check_texts(stage, elder, where)
        _check_targets(stage, where)
        _check_text_overlap(stage, where)
        full = [item for item in stage.items() if item.property("crowded")]
        assert not full, f"the panel is too full on {where}"


def test_a_small_window_shows_the_same_page_smaller(stage: Any, sample: Any) -> None:
    stage.view.resize(540, 960)
    stage.show(sample("guide"))
    box = stage.box(stage.named("guide-start"))
    assert box.bottom() < 960
    assert box.width() > 200


def test_the_language_changes_everywhere_at_once(stage: Any, sample: Any) -> None:
    stage.show(sample("rate"))
    stage.show(sample("rate", "en"), "en")
    texts = [item.property("text") for item in _texts(stage)]
    assert word("en", "rate.title") in texts
    signs = DECORATION | {"中文"}
    assert [text for text in texts if any("一" <= c <= "鿿" for c in text) and text not in signs] == []


def _orders(stage: Any, *texts: str) -> list[float]:
    """Where these words begin, from the top."""
    found = {item.property("text"): stage.box(item).top() for item in _texts(stage)}
    return [found[text] for text in texts]


def test_the_seal_hides_nothing_that_is_written(stage: Any, wide_stage: Any, sample: Any) -> None:
    for window in (stage, wide_stage):
        for name in ("outcome", "outcome-receipt"):
            for elder in (False, True):
                window.show(sample(name), elder=elder)
                seals = [i for i in window.items() if i.metaObject().indexOfMethod("fall()") >= 0 and i.rotation()]
                assert len(seals) == 1
                for item in _texts(window):
                    if not _tilted(item):
                        shared = window.box(item).intersected(window.box(seals[0]))
                        assert shared.isEmpty() or item.property("paintedWidth") < item.width() * 0.9


def test_a_case_number_stands_on_one_line(stage: Any, sample: Any) -> None:
    for language in ("zh_CN", "en"):
        stage.show(sample("outcome-receipt", language), language)
        number = [item for item in _texts(stage) if item.property("text") == "140213 261122 0000 0318 7"]
        assert [item.property("lineCount") for item in number] == [1]


def test_large_type_says_first_that_it_is_done_then_how_the_printing_goes(wide_stage: Any, sample: Any) -> None:
    page = sample("outcome")
    wide_stage.show(page, elder=True)
    done, printing, paper = _orders(wide_stage, page.body.heading, "接着打印回执", "营业执照")
    assert done < printing < paper
    assert printing < wide_stage.view.height()


def test_large_type_shows_what_to_bring_without_scrolling(stage: Any, sample: Any) -> None:
    stage.show(sample("guide"), elder=True)
    assert all(top < stage.view.height() for top in _orders(stage, "请准备", "经营场所的地址"))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("name", ["face", "face-straight", "face-turn-right"])
def test_the_face_check_is_seen_without_scrolling(
    stage: Any, wide_stage: Any, sample: Any, name: str, language: Any
) -> None:
    for window in (stage, wide_stage):
        for elder in (False, True):
            window.show(sample(name, language), language, elder)
            assert not [item for item in window.targets() if item.objectName() == "scroll-more"]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("pack", load_builtin().values(), ids=lambda pack: pack.pack_id)
def test_what_to_bring_stands_beside_the_guide(wide_stage: Any, sample: Any, language: Any, pack: Any) -> None:
    page = sample("guide", language)
    body = replace(
        page.body,
        name=pack.short_name.of(language),
        full_name=pack.name.of(language),
        lead=pack.guide.lead.of(language),
        prepare=tuple((title.of(language), detail.of(language)) for title, detail in pack.guide.prepare),
        basis=pack.guide.basis.of(language),
    )
    wide_stage.show(replace(page, body=body), language)
    start = wide_stage.box(wide_stage.named("guide-start"))
    for title, _ in body.prepare:
        item = next(item for item in _texts(wide_stage) if item.property("text") == title)
        assert _clipped(wide_stage, item).intersected(start).isEmpty()
        assert wide_stage.box(item).left() > wide_stage.view.width() / 3  # beside: nothing has to be scrolled to
    wide_stage.show(replace(page, body=body), language, True)
    wide_stage.show(replace(page, body=body), language)
    assert all(
        wide_stage.box(item).left() > wide_stage.view.width() / 3
        for item in _texts(wide_stage)
        if item.property("text") == body.prepare[-1][0]
    )  # after large type too
    long = replace(body, prepare=body.prepare * 3)
    wide_stage.show(replace(page, body=long), language)
    assert wide_stage.named("scroll-more").isVisible()
    assert not [item for item in wide_stage.items() if item.property("crowded")]


@pytest.mark.parametrize(("page", "name"), [("consent", "consent-other"), ("commitment-agreed", "commit-decline")])
def test_refusing_is_as_easy_as_agreeing(stage: Any, wide_stage: Any, sample: Any, page: str, name: str) -> None:
    agree = "consent-agree" if page == "consent" else "nav-next"
    for window in (stage, wide_stage):
        for elder in (False, True):
            window.show(sample(page), elder=elder)
            refusal, consent = window.box(window.named(name)), window.box(window.named(agree))
            assert (refusal.width(), refusal.height()) == (consent.width(), consent.height())


def test_a_problem_with_the_card_is_the_heading(stage: Any, sample: Any) -> None:
    stage.show(sample("identify-kind"))
    texts = [item.property("text") for item in _texts(stage)]
    assert word("zh_CN", "identify.title") not in texts
    assert word("zh_CN", "problem.card_kind.title") in texts
    assert any("0352-5550000" in text for text in texts)


def test_only_who_may_need_one_is_told_of_a_guardian(stage: Any, sample: Any) -> None:
    for name, told in (("identify-problem", True), ("identify-early", False)):
        stage.show(sample(name))
        assert any("监护人" in item.property("text") for item in _texts(stage)) is told


def test_nothing_is_said_of_devices_before_the_first_look(stage: Any, sample: Any) -> None:
    stage.show(sample("attract-starting"))
    texts = [item.property("text") for item in _texts(stage)]
    assert word("zh_CN", "light.starting.bad") in texts
    assert word("zh_CN", "light.network.bad") not in texts


def test_a_review_with_nothing_to_change_offers_no_change(stage: Any, sample: Any) -> None:
    stage.show(sample("review-fixed"))
    texts = [item.property("text") for item in _texts(stage)]
    assert word("zh_CN", "review.lead") not in texts
    assert word("zh_CN", "review.back") not in texts


@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_help_is_at_hand_on_every_page(stage: Any, sample: Any, elder: bool) -> None:
    without = {"recovering", "attract", "wiping", "committing", "out_of_service", "under_work", "entry"}
    for page in samples():
        if page.page not in without:
            stage.show(page, elder=elder)
            names = [i.objectName() for i in stage.targets() if i.property("label") == word("zh_CN", "nav.help")]
            assert names, page.name


def test_what_does_not_fit_can_be_scrolled_to_by_touch(stage: Any, sample: Any) -> None:
    stage.show(sample("rate-chosen"), elder=True)
    stage.tap("scroll-more")
    box = _clipped(stage, stage.named("rate-more"))
    assert box.height() >= 104
    stage.tap("scroll-more")
    assert _clipped(stage, stage.named("level-5")).height() >= 104, "and back to the top"


def test_the_waiting_page_runs_no_timer_and_no_animation(stage: Any, sample: Any) -> None:
    stage.show(sample("attract"))
    frames: list[bool] = []
    apart = {
        State.RECOVERING,
        State.ATTRACT,
        State.WIPING,
        State.MAINTENANCE,
    }  # of the first frame, or of staff's window
    pages = len(set(State) - apart)
    stage.until(lambda: any(item.property("preloaded") == pages for item in everything(stage)), 10)
    stage.settle()
    stage.view.frameSwapped.connect(lambda: frames.append(True))
    waited: list[bool] = []
    from PySide6.QtCore import QTimer

    QTimer.singleShot(400, lambda: waited.append(True))
    stage.until(lambda: bool(waited))
    assert not stage.bridge.property("chrome").counting
    assert len(frames) <= 2  # what was still on its way


def test_the_seconds_left_are_counted_only_where_they_are_shown(stage: Any, sample: Any) -> None:
    chrome = stage.bridge.property("chrome")
    stage.show(sample("identify"))
    assert chrome.counting
    assert chrome.property("secondsLeft") == 52
    stage.now[0] = 10.4
    stage.until(lambda: chrome.property("secondsLeft") == 42)
    stage.show(sample("form"))
    assert not chrome.counting
    assert chrome.property("secondsLeft") == -1


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("move", ["straight", "blink", "turn_left", "turn_right"])
def test_a_movement_is_asked_for_in_large_type_and_words(stage: Any, sample: Any, move: str, language: Any) -> None:
    page = sample("face-blink", language)
    stage.show(replace(page, body=replace(page.body, move=move)), language)
    asked = word(language, f"face.move.{move}", [])
    (heading,) = [item for item in _texts(stage) if item.property("text") == asked]
    (aside,) = [item for item in _texts(stage) if item.property("text") == word(language, "face.free", [])]
    assert heading.property("font").pixelSize() > 1.5 * aside.property("font").pixelSize()
