"""Every touch says what it means: one event, of the right kind, from the item that was touched."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPointF

from kiosk.visit import events as ev

CASES: list[tuple[str, str, Any]] = [
    ("attract", "attract-start", ev.Started()),
    ("guide", "chrome-help", ev.HelpPressed()),
    ("outcome", "chrome-help", ev.HelpPressed()),
    ("guide", "nav-quit", ev.QuitPressed()),
    ("form", "nav-quit", ev.QuitPressed()),
    ("home", "home-service-pension-certification", ev.ServiceChosen("pension-certification")),
    ("home", "home-help", ev.HelpPressed()),
    ("home", "chrome-language", ev.LanguageChosen("en")),
    ("home", "chrome-elder", ev.ElderChosen(True)),
    ("home", "nav-quit", ev.QuitPressed()),
    ("guide", "guide-start", ev.NextPressed()),
    ("guide", "nav-back", ev.BackPressed()),
    ("guide-cannot", "guide-help", ev.HelpPressed()),
    ("identify", "identify-help", ev.HelpPressed()),
    ("identify", "nav-quit", ev.QuitPressed()),
    ("identify", "nav-back", ev.BackPressed()),
    ("consent", "consent-agree", ev.FaceAgreed()),
    ("consent", "consent-other", ev.OtherWayChosen()),
    ("face", "face-other", ev.OtherWayChosen()),
    ("face", "nav-back", ev.BackPressed()),
    ("other_way", "way-staff", ev.OtherWayChosen("staff")),
    ("other_way", "way-later", ev.OtherWayChosen("later")),
    ("other_way", "way-face", ev.OtherWayChosen("face")),
    ("other_way-nobody", "way-help", ev.HelpPressed()),
    ("form", "nav-next", ev.NextPressed()),
    ("form", "nav-back", ev.BackPressed()),
    ("form-complaint", "nav-next", ev.NextPressed()),
    ("form-empty", "nav-next", ev.NextPressed()),
    ("form", "key-delete", ev.AnswerChanged("shop_name", "南关小面")),
    ("form-digits", "pad-7", ev.AnswerChanged("staff", "27")),
    ("form-digits", "pad-delete", ev.AnswerChanged("staff", "")),
    ("form-digits", "nav-next", ev.NextPressed()),
    ("form-latin", "key-a", ev.AnswerChanged("mail", "wanga")),
    ("form-choice", "form-option-grocery", ev.AnswerChanged("scope", "grocery")),
    ("commitment", "clause-2", ev.ClauseToggled(2)),
    ("commitment", "commit-decline", ev.CommitmentDeclined()),
    ("review", "review-edit-shop_name", ev.EditPressed("shop_name")),
    ("review", "nav-next", ev.NextPressed()),
    ("review", "nav-back", ev.BackPressed()),
    ("outcome", "outcome-reasons", ev.ReasonsToggled()),
    ("outcome-reasons", "reasons-close", ev.ReasonsToggled()),
    ("outcome-done", "nav-next", ev.NextPressed()),
    ("trouble", "trouble-retry", ev.TroubleChosen("retry")),
    ("trouble", "trouble-later", ev.TroubleChosen("later")),
    ("trouble", "trouble-help", ev.TroubleChosen("help")),
    ("rate", "level-5", ev.LevelChosen(5)),
    ("rate", "rate-skip", ev.RatingSkipped()),
    ("rate-chosen", "rate-option-407", ev.OptionToggled("407")),
    ("rate-chosen", "rate-more", ev.MoreOptionsPressed()),
    ("rate-chosen", "rate-submit", ev.RatingSubmitted()),
    ("farewell", "farewell-done", ev.NextPressed()),
    ("panel-warning", "warning-stay", ev.StillHere()),
    ("panel-warning", "warning-quit", ev.QuitPressed()),
    ("panel-card", "card-quit", ev.QuitPressed()),
    ("panel-help", "help-close", ev.HelpClosed()),
    ("panel-help-staff", "help-staff", ev.HelperPressed()),
    ("form-helper", "helper-end", ev.HelperEnded()),
    ("form-helper", "pad-1", ev.AnswerChanged("phone", "1")),
    ("form-helper", "nav-next", ev.NextPressed()),
    ("helper", "nav-back", ev.BackPressed()),
    ("panel-own-left", "own-go", ev.TakenOver()),
    ("panel-own-own", "own-face", ev.TakenOver(face=True)),
    ("other_way-own", "way-own", ev.OtherWayChosen("own")),
    ("review-remember", "review-remember", ev.RememberToggled()),
    ("review-known", "review-forget", ev.KnownForgotten()),
    ("cases-known", "cases-forget", ev.KnownForgotten()),
    ("rate-locked", "rate-open", ev.TakenOver()),
    ("rate-locked", "rate-skip", ev.RatingSkipped()),
    ("panel-power", "power-quit", ev.QuitPressed()),
    ("panel-power-saved", "power-quit", ev.QuitPressed()),
]


def test_a_touch_posts_its_event_once(stage: Any, sample: Any) -> None:
    for name, target, event in CASES:
        stage.show(sample("recovering"))
        stage.show(sample(name))
        assert stage.tap(target) == [event], f"{target} on {name}"


@pytest.mark.parametrize(
    ("name", "target"),
    [("commitment", "nav-next"), ("outcome", "nav-next"),
     ("rate", "rate-submit"), ("sign", "nav-next"), ("other_way-staff", "pad-ok"),
     ("review", "review-edit-applicant.name")],
)  # fmt: skip
def test_what_cannot_be_done_yet_takes_no_touch(stage: Any, sample: Any, name: str, target: str) -> None:
    stage.show(sample(name))
    assert stage.tap(target) == []


@pytest.mark.parametrize(
    ("target", "chosen"), [("attract-language", ev.LanguageChosen("en")), ("attract-elder", ev.ElderChosen(True))]
)
def test_the_waiting_page_begins_in_another_language_or_size(stage: Any, sample: Any, target: str, chosen: Any) -> None:
    stage.show(sample("attract"))
    assert stage.tap(target) == [chosen, ev.Started()]


def test_a_touch_that_leaves_the_target_does_nothing(stage: Any, sample: Any) -> None:
    stage.show(sample("guide"))
    box = stage.box(stage.named("guide-start"))
    stage.press(box.center())
    stage.move(QPointF(box.center().x(), box.top() - 200))
    stage.release(QPointF(box.center().x(), box.top() - 200))
    stage.settle()
    assert stage.core.events == []


def test_a_touch_that_begins_outside_does_nothing(stage: Any, sample: Any) -> None:
    stage.show(sample("guide"))
    box = stage.box(stage.named("guide-start"))
    stage.press(QPointF(box.center().x(), box.top() - 200))
    stage.move(box.center())
    stage.release(box.center())
    stage.settle()
    assert stage.core.events == []


def test_a_finger_that_drifts_inside_the_target_still_counts(stage: Any, sample: Any) -> None:
    stage.show(sample("guide"))
    box = stage.box(stage.named("guide-start"))
    stage.press(box.center())
    stage.move(box.center() + QPointF(150, 20))
    stage.release(box.center() + QPointF(150, 20))
    stage.settle()
    assert stage.core.events == [ev.NextPressed()]


def test_nothing_behind_a_panel_can_be_touched(stage: Any, sample: Any) -> None:
    stage.show(sample("panel-warning"))
    assert stage.tap("nav-next") == []
    assert stage.tap("chrome-language") == []


@pytest.mark.parametrize("page", ["other_way-staff", "helper"])
def test_the_staff_code_is_shown_as_dots_and_sent_once(stage: Any, sample: Any, page: str) -> None:
    stage.show(sample(page))
    for digit in "0107123456":
        assert stage.tap(f"pad-{digit}") == []
    shown = [item.property("text") for item in stage.items() if item.objectName() == "form-text"]
    assert shown == ["●" * 10]
    (event,) = stage.tap("pad-ok")
    assert isinstance(event, ev.StaffCodeEntered)
    assert event.code == "0107123456"
    assert not [item for item in stage.items() if item.objectName() == "form-text"]


def test_a_signature_is_sent_in_parts_of_the_pad_and_leaves_the_pad_empty(stage: Any, sample: Any) -> None:
    stage.show(sample("sign"))
    box = stage.box(stage.named("sign-pad"))

    def at(x: float, y: float) -> QPointF:
        return QPointF(box.x() + x * box.width(), box.y() + y * box.height())

    stage.press(at(0.5, 0.5))
    stage.release(at(0.5, 0.5))
    assert not stage.named("nav-next").isEnabled()  # a dot is not a signature
    for stroke in (((0.2, 0.2), (0.4, 0.8), (0.6, 0.2)), ((0.7, 0.3), (0.8, 0.9))):
        stage.press(at(*stroke[0]))
        for point in stroke[1:]:
            stage.move(at(*point))
        stage.release(at(*stroke[-1]))
    stage.settle()
    (event,) = stage.tap("nav-next")
    assert isinstance(event, ev.Signed)
    assert [len(stroke) for stroke in event.strokes] == [1, 3, 2]
    assert event.strokes[1][1] == pytest.approx((0.4, 0.8), abs=0.01)
    assert stage.named("sign-pad").property("empty")


def test_clear_takes_the_signature_back(stage: Any, sample: Any) -> None:
    stage.show(sample("sign"))
    box = stage.box(stage.named("sign-pad"))
    stage.press(box.topLeft() + QPointF(50, 50))
    for step in range(1, 6):
        stage.move(box.topLeft() + QPointF(50 + 150 * step, 50 + 100 * (step % 2)))
    stage.release(box.topLeft() + QPointF(800, 150))
    assert stage.named("nav-next").isEnabled()
    stage.tap("sign-clear")
    assert stage.named("sign-pad").property("empty")
    assert not stage.named("nav-next").isEnabled()
