"""Pinyin, letters and digits: what is typed, what is offered, what is told to the visit."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from kiosk.visit.events import AnswerChanged, SuggestionChosen
from ui.input.pinyin import EngineUnavailable, PinyinEngine, open_engine


@pytest.fixture
def engine() -> PinyinEngine:
    try:
        engine = open_engine()
    except EngineUnavailable as error:
        pytest.skip(str(error))
    engine.clear()
    return engine


def spell(engine: PinyinEngine, letters: str) -> tuple[str, ...]:
    for letter in letters:
        engine.type(letter)
    return engine.candidates(48)


@pytest.mark.parametrize(
    ("letters", "text"),
    [("getigongshanghu", "个体工商户"), ("yingyezhizhao", "营业执照"), ("xiaocanyin", "小餐饮"), ("mianguan", "面馆"),
     ("xiaomianguan", "小面馆"), ("bianlidian", "便利店")],
)  # fmt: skip
def test_words_of_the_forms_come_first(engine: PinyinEngine, letters: str, text: str) -> None:
    assert spell(engine, letters)[0] == text
    assert engine.choose(0) == text
    assert engine.letters == ""


def test_a_name_is_put_together_word_by_word(engine: PinyinEngine) -> None:
    offered = spell(engine, "nanguanxiaomianguan")
    assert engine.choose(offered.index("南")) == ""
    assert engine.composition.startswith("南guan")
    text = ""
    while engine.letters:
        offered = engine.candidates(48)
        wanted = "南关小面馆"[len(engine.composition.rstrip("abcdefghijklmnopqrstuvwxyz'")) :]
        best = max((o for o in offered if wanted.startswith(o)), key=len)
        text = engine.choose(offered.index(best))
    assert text == "南关小面馆"


def test_delete_takes_back_the_choice_then_the_letters(engine: PinyinEngine) -> None:
    offered = spell(engine, "nanguan")
    engine.choose(offered.index("南"))
    assert engine.composition == "南guan"
    engine.erase()
    assert engine.composition == "nan'guan"
    for _ in "nanguan":
        engine.erase()
    assert engine.composition == ""
    assert engine.candidates(9) == ()


def test_the_engine_writes_no_file_and_learns_nothing(engine: PinyinEngine, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    before = spell(engine, "nanguan")
    for _ in range(20):
        engine.choose(before.index("楠") if "楠" in before else 3)
        engine.clear()
        assert spell(engine, "nanguan") == before
    assert list(tmp_path.iterdir()) == []


def test_letters_that_mean_nothing_are_kept_as_letters(stage: Any, sample: Any) -> None:
    stage.show(sample("form"))
    for key in "vvv":
        stage.tap(f"key-{key}")
    (event,) = stage.tap("key-ok")
    assert event.value == "南关小面馆vvv"


def test_composing_is_told_when_it_is_chosen(stage: Any, sample: Any) -> None:
    stage.show(sample("form"))
    for _ in "南关小面馆":
        stage.tap("key-delete")
    stage.core.events.clear()
    for key in "mianguan":
        assert stage.tap(f"key-{key}") == []
    texts = [item.property("text") for item in stage.items() if item.inherits("QQuickText")]
    assert "mian'guan" in texts
    assert not stage.named("nav-next").isEnabled()  # not while something is open
    assert stage.tap("candidate-0") == [AnswerChanged("shop_name", "面馆")]
    assert stage.named("form-text").property("text") == "面馆"


def test_candidates_turn_pages_and_come_back(stage: Any, sample: Any) -> None:
    stage.show(sample("form"))
    for key in "shi":
        stage.tap(f"key-{key}")
    stage.named("candidate-0")
    stage.tap("candidate-more")
    seen = [i.objectName() for i in stage.targets() if i.objectName().startswith("candidate-")]
    assert "candidate-8" in seen
    for _ in range(30):
        stage.tap("candidate-more")
    assert any(i.objectName().startswith("candidate-") for i in stage.targets())


def test_no_more_is_typed_than_the_question_takes(stage: Any, sample: Any) -> None:
    stage.show(sample("form-digits"))
    for _ in range(6):
        stage.tap("pad-1")
    assert stage.named("form-text").property("text") == "211"


def test_an_answer_that_is_taken_by_a_touch_stands_in_the_field_and_can_be_written_over(
    stage: Any, sample: Any
) -> None:
    stage.show(sample("form-suggested"))
    (taken,) = stage.tap("form-suggestion-1")
    assert taken == SuggestionChosen("shop_name", 1)
    stage.show(sample("form-suggested-taken"))
    assert stage.named("form-text").property("text") == "建国餐饮店"
    (changed,) = stage.tap("key-delete")
    assert changed == AnswerChanged("shop_name", "建国餐饮")


def test_a_late_echo_does_not_undo_what_was_typed_after_it(stage: Any, sample: Any) -> None:
    from dataclasses import replace

    page = sample("form-digits")
    stage.show(page)
    stage.tap("pad-3")
    stage.tap("pad-4")
    stage.show(replace(page, body=replace(page.body, value="23")))
    assert stage.named("form-text").property("text") == "234"
    stage.show(replace(page, body=replace(page.body, value="234")))
    stage.show(replace(page, body=replace(page.body, value="9")))  # the visit has another answer: it holds
    assert stage.named("form-text").property("text") == "9"


def test_without_an_engine_the_page_says_so_and_letters_still_work(stage: Any, sample: Any, monkeypatch: Any) -> None:
    def missing() -> PinyinEngine:
        raise EngineUnavailable("none")

    monkeypatch.setattr(sys.modules["ui.input.editor"], "open_engine", missing)
    stage.show(sample("form"))
    texts = [item.property("text") for item in stage.items() if item.inherits("QQuickText")]
    assert any("拼音" in text and "找人帮忙" in text for text in texts)
    (event,) = stage.tap("key-a")
    assert event.value == "南关小面馆a"


def test_a_credit_code_is_typed_on_one_sheet_with_no_letter_that_it_cannot_have(stage: Any, sample: Any) -> None:
    """GB 32100: no I, O, S, V, Z. All 31 signs are in sight at once, and nothing leads to another sheet."""
    from dataclasses import replace

    page = sample("form-code")
    stage.show(replace(page, body=replace(page.body, value="")))
    caps = {item.objectName().removeprefix("key-") for item in stage.targets() if item.objectName().startswith("key-")}
    assert caps == {*"0123456789abcdefghjklmnpqrtuwxy", "delete"}
    for key in "92140213ma0000015g":
        event = stage.tap(f"key-{key}")[-1]
    assert event == AnswerChanged("code", "92140213MA0000015G")
    stage.show(sample("form-latin"))
    assert stage.named("key-digits").isVisible(), "any other answer has all sheets"
    assert stage.named("key-o").isVisible()
