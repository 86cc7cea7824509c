"""Nothing of a visit stays in the window once it is wiped."""

from __future__ import annotations

import sys
import threading
import weakref
from dataclasses import dataclass
from typing import Any

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QObject
from PySide6.QtGui import QColor, QImage

from ui.samples import CASE_NO, NAME, NUMBER, SHOP, samples, snapshot

SECRETS = (
    NAME, NUMBER, SHOP, CASE_NO, "140213 2611", "南关小面", "王**", "底商", "92140213MA0EXAMPLE", "wang", "nan'guan",
)  # fmt: skip


def _strings(stage: Any) -> list[str]:
    """Every text property of every object of the window, hidden pages and view models too."""
    found: list[str] = []
    stack: list[QObject] = [stage.view.contentItem(), stage.bridge]
    known: set[int] = set()
    while stack:
        item = stack.pop()
        if (address := shiboken6.getCppPointer(item)[0]) in known:
            continue
        known.add(address)
        meta = item.metaObject()
        for number in range(meta.propertyCount()):
            if meta.property(number).typeName() == "QString":
                found.append(str(item.property(meta.property(number).name())))
        if hasattr(item, "childItems"):
            stack.extend(item.childItems())
        stack.extend(item.children())
        if hasattr(item, "rows") and not callable(item.rows):
            found.extend(str(row) for row in item.rows)
    return found


def _leaks(stage: Any) -> set[str]:
    texts = _strings(stage)
    return {secret for secret in SECRETS for text in texts if secret in text}


def test_after_the_wipe_no_property_holds_a_word_of_the_visit(stage: Any, sample: Any) -> None:
    for page in samples():
        stage.show(page)
    stage.show(sample("form"))
    for key in "nanguan":
        stage.tap(f"key-{key}")
    assert _leaks(stage) >= {"南关小面", "nan'guan"}  # the look would find them
    stage.show(sample("wiping"))
    assert _leaks(stage) == set()
    stage.show(sample("attract"))
    assert _leaks(stage) == set()


def test_a_page_left_keeps_nothing_even_before_the_wipe(stage: Any, sample: Any) -> None:
    stage.show(sample("review"))
    assert NAME in _leaks(stage)
    stage.show(sample("rate"))
    assert _leaks(stage) == set()


@dataclass
class Frame:
    jpeg: bytes


def _jpeg(colour: str) -> bytes:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG")  # type: ignore[call-overload]  # the stub wants bytes, the method takes a name
    return bytes(data.data())


def test_a_preview_picture_is_shown_while_the_face_is_checked_and_gone_after(stage: Any, sample: Any) -> None:
    stage.show(sample("face"))
    face = stage.bridge.model("face")
    threading.Thread(target=lambda: stage.core.frames(Frame(_jpeg("#ff0000")))).start()
    stage.until(lambda: not face.image.isNull())
    stage.settle()
    box = stage.box(stage.named("face-picture"))
    corner = stage.view.grabWindow().pixelColor(int(box.x()) + 60, int(box.y()) + 120)
    assert corner.red() > 200
    assert corner.green() < 60
    stage.show(sample("consent"))
    assert face.image.isNull()
    stage.core.frames(Frame(_jpeg("#ff0000")))  # one that was still on its way
    stage.settle()
    assert face.image.isNull()


def test_code_and_picture_of_a_telephone_go_with_their_page(stage: Any, sample: Any) -> None:
    upload = stage.bridge.model("upload")
    stage.show(sample("upload"))
    assert not upload.image.isNull()
    stage.show(sample("upload-look"))
    assert (upload.image.isNull(), len(upload.pictures)) == (True, 1)
    stage.show(sample("material"))
    assert (upload.image.isNull(), upload.pictures) == (True, [])


def test_a_broken_picture_leaves_the_last_one(stage: Any, sample: Any) -> None:
    stage.show(sample("face"))
    face = stage.bridge.model("face")
    stage.core.frames(Frame(_jpeg("#00ff00")))
    stage.until(lambda: not face.image.isNull())
    stage.core.frames(Frame(b"not a picture"))
    stage.settle()
    assert face.image.width() == 64


def test_snapshots_from_another_thread_arrive_in_order(stage: Any, sample: Any) -> None:
    seen: list[str] = []
    stage.bridge.changed.connect(lambda: seen.append(stage.bridge.page))
    names = ["home", "guide", "identify", "consent", "face", "form"]

    def feed() -> None:
        for serial, name in enumerate(names):
            stage.core.listener(snapshot(sample(name), serial=serial))

    threading.Thread(target=feed).start()
    stage.until(lambda: len(seen) == len(names))
    assert seen == names


def test_the_end_of_a_visit_is_told_on_the_way_a_visit_really_ends(stage: Any, sample: Any) -> None:
    told: list[str] = []
    stage.bridge.wiped.connect(lambda: told.append(stage.bridge.page))
    for name in ("home", "rate", "farewell"):
        stage.show(sample(name))
    assert told == []
    stage.show(sample("attract"))
    assert len(told) == 1
    stage.show(sample("attract"))
    assert len(told) == 1


def test_a_picture_nobody_has_drawn_yet_goes_with_its_page(stage: Any, sample: Any) -> None:
    stage.show(sample("face"))
    picture = Frame(_jpeg("#ff0000"))
    kept = weakref.ref(picture)
    stage.core.frames(picture)
    del picture
    stage.bridge._show(snapshot(sample("farewell")))  # before the queue comes to the picture
    assert kept() is None


def test_a_picture_that_comes_while_another_is_drawn_does_not_stop_the_preview(stage: Any, sample: Any) -> None:
    stage.show(sample("face"))
    face = stage.bridge.model("face")
    code = stage.bridge._keep_newest.__func__.__code__
    drawn_at = 0
    for step in range(1, 9):  # draw before the step-th line of keeping, as another thread may
        left = [step]

        def interrupt(frame: Any, event: str, argument: object, left: list[int] = left) -> Any:
            if frame.f_code is not code:
                return None
            if event == "line":
                left[0] -= 1
                if left[0] == 0:
                    QCoreApplication.sendPostedEvents(stage.bridge)
            return interrupt

        stage.core.frames(Frame(_jpeg("#ff0000")))
        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            stage.core.frames(Frame(_jpeg("#00ff00")))
        finally:
            sys.settrace(before)
        drawn_at += left[0] <= 0
        stage.core.frames(Frame(_jpeg("#0000ff")))
        stage.until(lambda: face.image.pixelColor(30, 20).blue() > 200)
    assert drawn_at >= 2, "keeping a picture was never interrupted"
