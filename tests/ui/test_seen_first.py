"""What a citizen agrees to was in sight before, and what matters stands in sight in large type too.

On the pages that the visit makes of the packs, in their own words: the samples are shorter than what people read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtQuick import QQuickItem

from kiosk.visit import events as ev
from kiosk.visit.screen import ReviewBody
from tests.ui.looks import Look
from tests.ui.test_pages import _check_targets, _check_text_overlap, _check_texts, _clipped, _texts
from ui.samples import Sample, samples
from ui.walk import walk
from ui.window import beside, fitted
from ui.words import word

LANGUAGES = ("zh_CN", "en")
TYPED = ("shop_name", "premises", "phone")


@cache
def _walked(language: Any) -> dict[str, Sample]:
    return {page.name.removeprefix("walk-"): page for page in walk(language)}


@pytest.fixture(params=["portrait", "landscape"])
def window(request: Any) -> Any:
    return request.getfixturevalue("stage" if request.param == "portrait" else "wide_stage")


def whole(stage: Any, item: QQuickItem) -> bool:
    """Nothing of it is cut off by a list."""
    return bool(_clipped(stage, item) == stage.box(item)) and bool(stage.box(item).bottom() <= stage.view.height())


def said(stage: Any) -> list[str]:
    return [item.property("text") for item in _texts(stage) if not _clipped(stage, item).isEmpty()]


def forward(stage: Any) -> str:
    return str(stage.named("nav-next").property("label"))


def test_every_page_of_the_packs_is_whole(look: Look) -> None:
    window, language, elder = look
    for name, page in _walked(language).items():
        window.show(page, language, elder)
        where = f"{name} ({language}, {'elder' if elder else 'standard'})"
        _check_texts(window, elder, where)
        _check_targets(window, where)
        _check_text_overlap(window, where)


# -- nobody signs what was not shown ---------------------------------------------------------------------


def test_the_way_forward_leads_to_the_last_row_before_it_leads_to_the_signature(look: Look) -> None:
    window, language, elder = look
    page = _walked(language)["review-shop"]
    window.show(page, language, elder)
    touches = 0
    while forward(window) == word(language, "scroll.on"):
        assert not whole(window, window.named("review-end")), "it was in sight already"
        assert window.tap("nav-next") == []
        touches += 1
        assert touches < 12
    assert touches >= 1, "these rows do not fit on one page"
    assert whole(window, window.named("review-end"))
    assert forward(window) == word(language, "review.sign")
    assert window.tap("nav-next") == [ev.NextPressed()]


def test_what_fits_on_one_page_is_handed_in_with_one_touch(stage: Any) -> None:
    stage.show(_walked("zh_CN")["review-pension"])
    assert forward(stage) == word("zh_CN", "review.submit")
    assert stage.tap("nav-next") == [ev.NextPressed()]


def test_no_key_gets_past_rows_that_were_not_seen(stage: Any) -> None:
    """Whoever calls the page's model: by touch, by four keys, by a reader of the screen."""
    stage.show(_walked("zh_CN")["review-shop"])
    model = stage.bridge.model("review")
    before = len(stage.core.events)
    model.next()
    assert stage.core.events[before:] == []
    while not model.property("whole"):
        stage.tap("nav-next")
    model.next()
    assert stage.core.events[before:] == [ev.NextPressed()]


def test_rows_that_changed_or_grew_are_seen_again(stage: Any) -> None:
    page = _walked("zh_CN")["review-shop"]
    stage.show(page)
    while forward(stage) == word("zh_CN", "scroll.on"):
        stage.tap("nav-next")
    stage.show(page, elder=True)
    assert forward(stage) == word("zh_CN", "scroll.on"), "in large type it begins at the top"
    stage.show(page)
    while forward(stage) == word("zh_CN", "scroll.on"):
        stage.tap("nav-next")
    assert isinstance(page.body, ReviewBody)
    other = replace(page.body, lines=(*page.body.lines[:-1], replace(page.body.lines[-1], value="到窗口提交")))
    stage.show(replace(page, body=other))
    assert forward(stage) == word("zh_CN", "scroll.on")
    assert stage.tap("nav-next") == []


def test_what_the_touch_means_stands_beside_the_button(look: Look) -> None:
    window, language, elder = look
    for name, key in (("review-shop", "review.promise.sign"), ("review-pension", "review.promise.submit")):
        window.show(_walked(language)[name], language, elder)
        (note,) = [item for item in _texts(window) if item.property("text") == word(language, key)]
        assert whole(window, note)
        gap = window.box(window.named("nav-next")).top() - window.box(note).bottom()
        assert 0 <= gap < 60, "beside the button, not below the rows"


def test_clauses_out_of_sight_are_led_to(look: Look) -> None:
    """Nobody is told to tick lines that are not there, nor left with a grey button."""
    window, language, elder = look
    window.show(_walked(language)["commitment"], language, elder)
    touches = 0
    while forward(window) == word(language, "scroll.on"):
        assert window.tap("nav-next") == []
        touches += 1
        assert touches < 12
    assert not window.named("nav-next").isEnabled()
    assert any(whole(window, item) for item in window.targets() if item.objectName().startswith("clause-"))
    assert word(language, "commit.every", (4,)) in said(window)
    window.show(_walked(language)["commitment-all"], language, elder)
    assert window.named("nav-next").isEnabled()
    assert window.tap("nav-next") == [ev.NextPressed()]


# -- large type hides nothing that matters -----------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_types_in_large_type_sees_the_field_and_what_is_said_of_it(window: Any, language: Any) -> None:
    for key in TYPED:
        for state in ("", "-answered", "-complaint"):
            page = _walked(language)[f"form-{key}{state}"]
            window.show(page, language, True)
            (field,) = [item for item in window.items() if item.property("composition") is not None]
            assert whole(window, field), f"{page.name} {language}"
            body: Any = page.body
            below = body.complaint or body.preview or body.help
            if below == body.help and body.suggestions and window.view.width() > window.view.height():
                assert whole(window, window.named("form-suggestion-0"))  # there is no room for both: they show how
                continue
            (told,) = [item for item in _texts(window) if item.property("text") == below]
            assert whole(window, told), f"{below!r} on {page.name} {language}"


def test_no_level_is_below_the_fold(look: Look) -> None:
    window, language, elder = look
    window.show(next(page for page in samples(language) if page.name == "rate"), language, elder)
    for level in range(1, 6):
        assert whole(window, window.named(f"level-{level}"))


def test_who_signs_sees_the_whole_pad_and_how_to_begin_again(look: Look) -> None:
    window, language, elder = look
    window.show(next(page for page in samples(language) if page.name == "sign"), language, elder)
    assert whole(window, window.named("sign-pad"))
    assert whole(window, window.named("sign-clear"))
    assert window.box(window.named("sign-pad")).height() >= 300


@pytest.mark.parametrize(
    ("name", "language"), [("guide-pension", "zh_CN"), ("guide-pension", "en"), ("guide-shop", "zh_CN")]
)
def test_large_type_says_who_may_come_without_scrolling(stage: Any, name: str, language: Any) -> None:
    page = _walked(language)[name]
    stage.show(page, language, True)
    for title, _ in page.body.prepare:  # type: ignore[union-attr]  # a guide
        (item,) = [item for item in _texts(stage) if item.property("text") == title]
        assert whole(stage, item), title


# -- a grey way forward says why --------------------------------------------------------------------------


def test_what_is_grey_says_why(look: Look) -> None:
    window, language, elder = look
    pages = {page.name: page for page in samples(language)}
    for page, button, why in (("sign", "nav-next", "sign.first"), ("rate", "rate-submit", "rate.first")):
        window.show(pages[page], language, elder)
        assert not window.named(button).isEnabled()
        assert word(language, why) in said(window)


def test_a_question_can_always_be_handed_in_and_says_what_is_missing(stage: Any) -> None:
    for key in ("trade", *TYPED, "staff"):
        page = _walked("zh_CN")[f"form-{key}"]
        stage.show(replace(page, body=replace(page.body, value="", complete=False)))  # type: ignore[arg-type]
        assert stage.tap("nav-next") == [ev.NextPressed()]
    stage.show(_walked("zh_CN")["form-shop_name-complaint"])
    assert "请先填写" in said(stage)


def test_while_letters_are_open_the_page_says_what_to_do_with_them(stage: Any, sample: Callable[..., Sample]) -> None:
    stage.show(sample("form"))
    for letter in "nan":
        stage.tap(f"key-{letter}")
    assert not stage.named("nav-next").isEnabled()
    assert word("zh_CN", "form.composing") in said(stage)


def test_two_keys_never_do_the_same(window: Any) -> None:
    """Beside a way forward no pad and no keyboard has an OK of its own."""
    for name in ("form-phone-answered", "form-shop_name-answered"):
        window.show(_walked("zh_CN")[name])
        names = [item.objectName() for item in window.targets()]
        assert "nav-next" in names
        assert not {"pad-ok", "key-ok"} & set(names)


# -- words ------------------------------------------------------------------------------------------------


def test_no_word_says_above_where_it_stands_on_the_left(wide_stage: Any) -> None:
    for language, above in (("zh_CN", ("上面", "以上")), ("en", ("above",))):
        for name in ("commitment", "review-shop", "review-pension"):
            wide_stage.show(_walked(language)[name], language)
            told = [text for text in said(wide_stage) if any(one in text for one in above)]
            assert told == []


def test_a_test_machine_says_so_on_every_page(look: Look) -> None:
    window, language, elder = look
    marks = {word(language, "header.test"), word(language, "header.test.short")}
    for page in (*samples(language), *_walked(language).values()):
        if page.page not in ("recovering", "wiping"):
            window.show(replace(page, chrome=page.chrome | {"test": True}), language, elder)
            assert marks & set(said(window)), page.name


def test_the_paper_on_the_screen_says_what_the_paper_in_the_tray_says(stage: Any) -> None:
    pages = _walked("zh_CN")
    stage.show(pages["outcome-individual_business-approved"])
    assert word("zh_CN", "paper.unsealed") in said(stage)
    assert word("zh_CN", "paper.sample") in said(stage)
    stage.show(pages["outcome-pension_verification-approved"])
    assert word("zh_CN", "paper.unsealed") not in said(stage)


def test_the_farewell_names_all_that_is_to_be_taken(stage: Any, sample: Callable[..., Sample]) -> None:
    page = sample("farewell")
    stage.show(page)
    assert "请拿好您的身份证、营业执照、办件回执" in said(stage)
    stage.show(replace(page, body=replace(page.body, card_on_reader=False)))  # type: ignore[arg-type]
    assert "请拿好您的营业执照、办件回执" in said(stage)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_number_of_a_case_is_never_broken(window: Any, sample: Callable[..., Sample], language: Any) -> None:
    page = sample("farewell", language)
    page = replace(page, body=replace(page.body, case_no="140213 261122 0000 0001 9"))  # type: ignore[arg-type]
    for elder in (False, True):
        window.show(page, language, elder)
        (number,) = [text for text in said(window) if "140213" in text]
        assert "140213\u00a0261122\u00a00000\u00a00001\u00a09" in number


# -- the window of the demonstration ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "room", "fits"),
    [((1080, 1920), (1920, 1200), (675, 1200)), ((1920, 1080), (1452, 1040), (1452, 816)),
     ((1080, 1920), (3840, 2160), (1080, 1920)), ((540, 960), (1920, 1080), (540, 960))],
)  # fmt: skip
def test_a_window_is_never_larger_than_its_screen(
    size: tuple[int, int], room: tuple[int, int], fits: tuple[int, int]
) -> None:
    assert fitted(size, QSize(*room)) == fits


@pytest.mark.parametrize("frame", [QRect(0, 0, 653, 1160), QRect(460, 0, 1452, 816), QRect(0, 0, 1920, 1080)])
def test_the_dock_stands_on_the_screen(frame: QRect) -> None:
    screen = QRect(0, 0, 1920, 1200)
    dock = beside(frame, QSize(460, 900), screen)
    assert screen.contains(dock)
    if frame.width() < 1000:
        assert not dock.intersects(frame)
