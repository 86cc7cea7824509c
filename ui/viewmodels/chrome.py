"""What stands around every page, and the seconds that remain where they matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from kiosk.visit.events import (
    ElderChosen,
    HelpClosed,
    HelperEnded,
    HelperPressed,
    HelpPressed,
    LanguageChosen,
    QuitPressed,
    StillHere,
    TakenOver,
)

if TYPE_CHECKING:
    from kiosk.visit.screen import Chrome
    from ui.viewmodels.base import Post
    from ui.words import Words


class ChromeModel(QObject):
    """The chrome of the current snapshot. A timer runs only while a page shows the seconds."""

    changed = Signal()
    ticked = Signal()

    def __init__(self, words: Words, post: Post, clock: Callable[[], float], parent: QObject) -> None:
        super().__init__(parent)
        self._words = words
        self._post = post
        self._clock = clock
        self._chrome: Chrome | None = None
        self._seconds = -1
        self._counting = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)

    def follow(self, chrome: Chrome, page: str) -> None:
        same = chrome == self._chrome
        self._chrome = chrome
        self._counting = page == "identify" or chrome.warning or chrome.card_missing or bool(chrome.power)
        if not same:
            self.changed.emit()
        self._tick()

    @property
    def counting(self) -> bool:
        """Whether the timer runs: never while the machine waits for somebody."""
        return self._timer.isActive()

    @Slot()
    def _tick(self) -> None:
        ends = self._chrome.expires_at if self._chrome is not None else None
        if ends is None or not self._counting:
            self._timer.stop()
            seconds = -1
        else:
            left = max(0.0, ends - self._clock())
            seconds = math.ceil(left)
            if left > 0:
                self._timer.start(max(20, int(1000 * (left - (seconds - 1))) + 5))
        if seconds != self._seconds:
            self._seconds = seconds
            self.ticked.emit()

    place = Property(str, lambda self: self._chrome.place if self._chrome else "", notify=changed)
    terminal = Property(str, lambda self: self._chrome.terminal if self._chrome else "", notify=changed)
    test = Property(bool, lambda self: bool(self._chrome and self._chrome.test), notify=changed)
    step = Property(int, lambda self: self._chrome.step if self._chrome else 0, notify=changed)
    warning = Property(bool, lambda self: bool(self._chrome and self._chrome.warning), notify=changed)
    cardMissing = Property(bool, lambda self: bool(self._chrome and self._chrome.card_missing), notify=changed)
    helpCalled = Property(bool, lambda self: bool(self._chrome and self._chrome.help_called), notify=changed)
    power = Property(str, lambda self: self._chrome.power if self._chrome else "", notify=changed)
    helper = Property(str, lambda self: self._chrome.helper if self._chrome else "", notify=changed)
    helped = Property(bool, lambda self: bool(self._chrome and self._chrome.helped), notify=changed)
    helperPossible = Property(bool, lambda self: bool(self._chrome and self._chrome.helper_possible), notify=changed)
    handover = Property(str, lambda self: self._chrome.handover if self._chrome else "", notify=changed)
    handoverFace = Property(bool, lambda self: bool(self._chrome and self._chrome.handover_face), notify=changed)
    helpPhone = Property(str, lambda self: self._chrome.help_phone if self._chrome else "", notify=changed)
    secondsLeft = Property(int, lambda self: self._seconds, notify=ticked)

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic seconds, as the core counts them."""
        return self._clock

    @property
    def seconds(self) -> int:
        return self._seconds

    @property
    def phone(self) -> str:
        return self._chrome.help_phone if self._chrome else ""

    @Slot()
    def toggleLanguage(self) -> None:
        self._post(LanguageChosen("en" if self._words.current == "zh_CN" else "zh_CN"))

    @Slot()
    def toggleElder(self) -> None:
        self._post(ElderChosen(not (self._chrome and self._chrome.elder)))

    @Slot()
    def quit(self) -> None:
        self._post(QuitPressed())

    @Slot()
    def stay(self) -> None:
        self._post(StillHere())

    @Slot()
    def help(self) -> None:
        self._post(HelpPressed())

    @Slot()
    def callHelper(self) -> None:
        self._post(HelperPressed())

    @Slot()
    def endHelper(self) -> None:
        self._post(HelperEnded())

    @Slot(bool)
    def takeOver(self, face: bool) -> None:
        self._post(TakenOver(face))

    @Slot()
    def closeHelp(self) -> None:
        self._post(HelpClosed())
