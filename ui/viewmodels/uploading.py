"""Pages sent by telephone: the code to scan, and each picture that arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from kiosk.visit.events import BackPressed, CodeRenewed, NextPressed, RetakePressed
from ui.viewmodels.base import shown, told
from ui.viewmodels.scanning import PictureModel, decoded

if TYPE_CHECKING:
    from kiosk.visit.screen import UploadBody
    from ui.viewmodels.base import Post
    from ui.words import Words

DOT = 12  # pixels of a module as it is drawn, before it is fitted to its place


class UploadModel(PictureModel):
    """The code as a picture (``image``), and the one that is looked at (``pictures``)."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._code, self._jpeg = "", b""

    def refresh(self, body: UploadBody) -> None:
        if body.code != self._code:
            self._code, self.image = body.code, code_of(body.code)
        if body.picture is not self._jpeg:
            self._jpeg, self.pictures = body.picture, [decoded(body.picture)] if body.picture else []
        self.frame.emit()

    def forget(self) -> None:
        self.image, self.pictures, self._code, self._jpeg = QImage(), [], "", b""
        self.frame.emit()

    def _line(self) -> str:
        """One line below the picture: what comes next, or what is wrong."""
        if self.body is None:
            return ""
        if self.body.problem:
            return str(self.words.t(f"upload.problem.{self.body.problem}"))
        if self.body.stage == "look":
            return str(self.words.t("upload.more", self.body.more)) if self.body.more else ""
        if self.body.count:  # who has kept one knows
            return ""
        return str(self.words.t(f"upload.{self.body.stage}"))

    label = told(str, lambda self, body: "" if body.stage == "look" else body.label, changed)
    stage = shown(str, "stage", changed)
    number = shown(int, "number", changed)
    count = shown(int, "count", changed)
    problem = shown(str, "problem", changed)
    coded = told(bool, lambda self, body: body.code != "", changed)
    line = Property(str, _line, notify=changed)

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())

    @Slot()
    def drop(self) -> None:
        self.post(RetakePressed())

    @Slot()
    def renew(self) -> None:
        self.post(CodeRenewed())

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())


def code_of(text: str) -> QImage:
    """Black on white with its quiet zone, whole pixels to a module; no picture for no text."""
    if not text:
        return QImage()
    from kiosk.documents.qr import QUIET, matrix_of, runs_of

    side = (len(matrix_of(text)) + 2 * QUIET) * DOT
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    for row, column, length in runs_of(text):
        painter.fillRect((column + QUIET) * DOT, (row + QUIET) * DOT, length * DOT, DOT, QColor("black"))
    painter.end()
    return image
