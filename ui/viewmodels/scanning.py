"""Scanning a paper: what lies under the document camera, and the pages that were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Property, QBuffer, QByteArray, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QImageReader

from kiosk.visit.events import (
    AnotherPagePressed,
    BackPressed,
    MaterialSkipped,
    NextPressed,
    PhonePressed,
    RetakePressed,
    TakePressed,
)
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import MaterialBody
    from ui.viewmodels.base import Post
    from ui.words import Words

LARGEST = QSize(1000, 1000)  # pixels: a page as it is looked at on the screen


class PictureModel(PageModel):
    """What DeskPicture.qml draws: ``image`` (its page -1) with outline and hint, and ``pictures``, the others."""

    frame = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self.image = QImage()
        self.outline: tuple[tuple[float, float], ...] = ()
        self.hint = ""
        self.pictures: list[QImage] = []


class MaterialModel(PictureModel):
    """The live picture with its hint, and the pages. The newest picture only; none of it once the page is left."""

    changed = Signal()
    hinted = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._jpegs: tuple[bytes, ...] = ()
        self._pages = RecordsModel(("number",), self)

    def preview(self, frame: Any) -> None:
        """Show this picture of the desk (DocumentFrame); one that cannot be decoded leaves the last."""
        image = QImage.fromData(frame.jpeg)
        if self.body is None or self.body.problem == "lost" or image.isNull():
            return
        self.image, self.outline = image, tuple(frame.outline or ())
        hint = "" if frame.hint is None else frame.hint.value
        if hint != self.hint or self.hint == "":  # with the first picture, too: a slow camera is slow no more
            self.hint = hint
            self.hinted.emit()
        self.frame.emit()

    def refresh(self, body: MaterialBody) -> None:
        if body.pages != self._jpegs:
            kept = 0
            while kept < min(len(body.pages), len(self._jpegs)) and body.pages[kept] is self._jpegs[kept]:
                kept += 1
            self.pictures = self.pictures[:kept] + [decoded(page) for page in body.pages[kept:]]
            self._jpegs = body.pages
            self._pages.replace([{"number": number} for number in range(1, len(body.pages) + 1)])
        if body.problem == "lost":
            self.image, self.outline, self.hint = QImage(), (), ""  # an old picture would look like a live one
        self.hinted.emit()
        self.frame.emit()

    def forget(self) -> None:
        self.image, self.outline, self.hint = QImage(), (), ""
        self.pictures, self._jpegs = [], ()
        self._pages.clear()
        self.hinted.emit()
        self.frame.emit()

    def _hint_text(self) -> str:
        if self.body is None or self.body.stage == "taken" or self.body.problem == "lost":
            return ""
        if self.image.isNull():
            return str(self.words.t("desk.waiting"))
        if self.hint:
            return str(self.words.t(f"desk.hint.{self.hint}"))
        return str(self.words.t("desk.taking" if self.body.stage == "taking" else "desk.ready"))

    def _problem_text(self) -> str:
        if self.body is None or not self.body.problem:
            return ""
        if self.body.problem == "slow":
            return str(self.words.t("desk.slow")) if self.image.isNull() else ""
        if self.body.problem == "lost":
            if self.body.later and self.body.skippable and not self.body.fills:
                return str(self.words.t("desk.lost.later", self.body.later))
            way = "fills" if self.body.fills else "skip" if self.body.skippable else "wait"
            return str(self.words.t(f"desk.lost.{way}"))
        return str(self.words.t("desk.missed", self.words.t(f"desk.hint.{self.body.problem}")))

    def _skip_text(self) -> str:
        if self.body is None or self.body.fills or not self.body.skippable:
            return ""
        later = self.body.later
        return str(self.words.t("desk.skip.later", later) if later else self.words.t("desk.skip"))

    label = shown(str, "label", changed)
    help = shown(str, "help", changed)
    stage = shown(str, "stage", changed)
    skipText = Property(str, _skip_text, notify=changed)
    count = told(int, lambda self, body: len(body.pages), changed)
    more = told(bool, lambda self, body: len(body.pages) < body.most, changed)
    lost = told(bool, lambda self, body: body.problem == "lost", changed)
    phone = told(bool, lambda self, body: body.phone == "can", changed)
    phoneless = told(bool, lambda self, body: body.phone == "offline", changed)
    problemText = Property(str, _problem_text, notify=hinted)
    hintText = Property(str, _hint_text, notify=hinted)
    well = Property(bool, lambda self: not self.hint and not self.image.isNull(), notify=hinted)
    pages = Property(QObject, lambda self: self._pages, constant=True)

    @Slot()
    def take(self) -> None:
        self.post(TakePressed())

    @Slot()
    def retake(self) -> None:
        self.post(RetakePressed())

    @Slot()
    def another(self) -> None:
        self.post(AnotherPagePressed())

    @Slot()
    def skip(self) -> None:
        self.post(MaterialSkipped())

    @Slot()
    def byPhone(self) -> None:
        self.post(PhonePressed())

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())


def decoded(jpeg: bytes) -> QImage:
    """A page, made small while it is decoded: all of it would take 0.1 s of the window's time."""
    buffer = QBuffer()
    buffer.setData(QByteArray(jpeg))
    reader = QImageReader(buffer)
    size = reader.size()
    if size.isValid() and (size.width() > LARGEST.width() or size.height() > LARGEST.height()):
        reader.setScaledSize(size.scaled(LARGEST, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
