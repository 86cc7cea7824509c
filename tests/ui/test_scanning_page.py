"""The scanning page and the offered answer in the window: what each touch says, what is shown, what is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import zxingcpp

from devices.contracts.document_camera import DocumentHint
from kiosk.visit import events as ev
from kiosk.visit.screen import UploadBody
from ui.samples import PAGE, samples
from ui.viewmodels.uploading import code_of
from ui.words import word

NAMED = {one.name: one for one in samples()}


@dataclass(frozen=True)
class Picture:
    """A preview frame as the window knows it."""

    jpeg: bytes = PAGE
    outline: Any = ((2.0, 2.0), (40.0, 2.0), (40.0, 60.0), (2.0, 60.0))
    hint: DocumentHint | None = None


IN_SIGHT = (
    ("form-read", "form-confirm"),
    ("form-unconfirmed", "form-confirm"),
    ("form-scan", "form-scan"),
    ("form-suggested", "form-suggestion-0"),
    ("form-scan-suggested", "form-suggestion-0"),
    ("material", "material-picture"),
    ("material-taken", "material-picture"),
    ("material", "material-phone"),
    ("upload", "upload-code"),
    ("upload-look", "upload-picture"),
    ("upload-look", "upload-number"),
)
TOUCHES = [
    ("form-scan", "form-scan", ev.ScanPressed()),
    ("form-read", "form-confirm", ev.ValueConfirmed(True)),
    ("form-confirmed", "form-confirm", ev.ValueConfirmed(False)),
    ("form-read", "nav-next", ev.NextPressed()),
    ("material", "material-take", ev.TakePressed()),
    ("material", "material-phone", ev.PhonePressed()),
    ("upload", "upload-renew", ev.CodeRenewed()),
    ("upload", "nav-next", ev.NextPressed()),
    ("upload", "nav-back", ev.BackPressed()),
    ("upload-look", "upload-keep", ev.NextPressed()),
    ("upload-look", "upload-drop", ev.RetakePressed()),
    ("upload-line", "upload-renew", ev.CodeRenewed()),
    ("material", "material-skip", ev.MaterialSkipped()),
    ("material", "nav-back", ev.BackPressed()),
    ("material-taken", "material-retake", ev.RetakePressed()),
    ("material-taken", "material-another", ev.AnotherPagePressed()),
    ("material-taken", "nav-next", ev.NextPressed()),
    ("material-lost", "material-skip", ev.MaterialSkipped()),
    ("form-suggested", "form-suggestion-1", ev.SuggestionChosen("shop_name", 1)),
    ("form-suggested-taken", "form-suggestion-0", ev.SuggestionChosen("shop_name", 0)),
    ("licence", "licence-agree", ev.NextPressed()),
    ("licence", "licence-decline", ev.LicenceDeclined()),
    ("licence-asking", "licence-decline", ev.LicenceDeclined()),
    ("licence-found", "licence-take", ev.NextPressed()),
    ("licence-found", "licence-decline", ev.LicenceDeclined()),
    ("licence-none", "licence-on", ev.NextPressed()),
]


def test_each_touch_says_what_it_means(stage: Any) -> None:
    for page, name, event in TOUCHES:
        stage.show(NAMED["recovering"])
        stage.show(NAMED[page])
        assert stage.tap(name) == [event], (page, name)


def test_while_a_page_is_being_taken_nothing_is_taken_twice(stage: Any) -> None:
    stage.show(NAMED["material-taking"])
    assert stage.tap("material-take") == []


def test_every_hint_has_its_words_in_both_languages(stage: Any) -> None:
    stage.show(NAMED["material"])
    model = stage.bridge.model("material")
    for hint in DocumentHint:
        stage.core.frames(Picture(hint=hint))
        said = word("zh_CN", f"desk.hint.{hint.value}")
        stage.until(lambda said=said: model.property("hintText") == said)
        assert said != word("zh_CN", "desk.hint.other")
        assert word("en", f"desk.hint.{hint.value}") != word("en", "desk.hint.other")


def test_a_good_picture_says_that_it_may_be_taken(stage: Any) -> None:
    stage.show(NAMED["material"])
    model = stage.bridge.model("material")
    assert model.property("hintText") == word("zh_CN", "desk.waiting")
    stage.core.frames(Picture())
    stage.until(lambda: model.property("hintText") == word("zh_CN", "desk.ready"))
    assert model.property("well") is True


def test_pictures_and_pages_are_gone_once_the_page_is_left(stage: Any) -> None:
    stage.show(NAMED["material-taken"])
    stage.core.frames(Picture())
    model = stage.bridge.model("material")
    stage.until(lambda: not model.image.isNull())
    assert len(model.pictures) == 2
    stage.show(NAMED["wiping"])
    assert model.image.isNull()
    assert model.pictures == []
    assert model.outline == ()
    stage.core.frames(Picture())
    stage.settle()
    assert model.image.isNull()


def test_a_slow_camera_is_said_to_be_slow_until_its_first_picture_comes(stage: Any) -> None:
    stage.show(NAMED["material-slow"])
    model = stage.bridge.model("material")
    assert model.property("problemText") == word("zh_CN", "desk.slow")
    assert model.property("skipText") == "不扫描，上门时看", "no counter where there is none"
    stage.core.frames(Picture())
    stage.until(lambda: model.property("problemText") == "")


def test_a_lost_camera_leaves_no_picture_that_looks_live(stage: Any) -> None:
    stage.show(NAMED["material"])
    stage.core.frames(Picture())
    model = stage.bridge.model("material")
    stage.until(lambda: not model.image.isNull())
    stage.show(NAMED["material-lost"])
    assert model.image.isNull()


def test_what_is_to_be_confirmed_or_taken_is_in_sight(stage: Any, wide_stage: Any) -> None:
    for shown, language, elder in product((stage, wide_stage), ("zh_CN", "en"), (False, True)):
        pages = {one.name: one for one in samples(language)}
        for name, wanted in IN_SIGHT:
            shown.show(pages[name], language, elder)
            box = shown.box(shown.named(wanted))
            said = (name, language, elder, shown is wide_stage)
            assert box.top() >= 0, said
            assert box.bottom() <= shown.view.height(), said
            assert not [item for item in shown.items() if item.objectName() == "scroll-more"], said


def test_the_code_on_the_screen_is_read_by_another_decoder() -> None:
    body = NAMED["upload"].body
    assert isinstance(body, UploadBody)
    image = code_of(body.code)
    dots = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    (found,) = zxingcpp.read_barcodes(dots[:, : image.width(), :3].copy())
    assert found.text == body.code
    assert code_of("").isNull()
