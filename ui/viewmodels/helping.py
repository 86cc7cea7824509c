"""A member of staff begins to help (帮办): their code, and what their help means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, Signal, Slot

from kiosk.visit.events import BackPressed, StaffCodeEntered
from ui.viewmodels.base import PageModel
from ui.viewmodels.code import StaffCode, refusal

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from kiosk.visit.screen import HelperBody
    from ui.viewmodels.base import Post
    from ui.words import Words


class HelperModel(PageModel):
    """The code is shown as dots, sent once, and gone with the page."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._code = StaffCode()

    def refresh(self, body: HelperBody) -> None:
        if body.problem:
            self._code.take()

    def forget(self) -> None:
        self._code.take()

    problemText = Property(str, lambda self: refusal(self.words, self.body), notify=changed)
    dots = Property(str, lambda self: self._code.dots, notify=changed)
    codeReady = Property(bool, lambda self: self._code.ready, notify=changed)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot(str)
    def press(self, digit: str) -> None:
        self._code.press(digit)
        self.changed.emit()

    @Slot()
    def erase(self) -> None:
        self._code.erase()
        self.changed.emit()

    @Slot()
    def submit(self) -> None:
        code = self._code.take()
        self.changed.emit()
        self.post(StaffCodeEntered(code))
