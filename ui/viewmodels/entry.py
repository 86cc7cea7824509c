"""Staff ask to be let into maintenance: a PIN as dots, or a code as it is read out; both gone with the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from kiosk.visit.events import EntryCancelled, EntryKey, EntryTyped, EntryWayChosen
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told
from ui.viewmodels.code import StaffCode

if TYPE_CHECKING:
    from kiosk.visit.screen import EntryBody
    from ui.viewmodels.base import Post
    from ui.viewmodels.chrome import ChromeModel
    from ui.words import Words

PIN = (6, 8)  # digits that a card can hold
CODE = (6, 25)  # digits of a code: the least that is worth looking at, the most that one has (kiosk.access.challenge)
GOOD = "unlocked"  # a problem that is none


class EntryModel(PageModel):
    """What is typed goes out once. Every key tells the core that somebody is there, and never which one it was."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, chrome: ChromeModel, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._chrome = chrome
        self._pin, self._code = StaffCode(*PIN), StaffCode(*CODE)
        self._read_out = RecordsModel(("label", "value", "strong"), self)
        self._way = ""
        self._seconds = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)

    def refresh(self, body: EntryBody) -> None:
        if body.way != self._way:
            self._empty()
        self._way = body.way
        grouped = f"{body.challenge[:3]} {body.challenge[3:]}"
        rows = (("terminal", body.terminal, False), ("hour", body.hour, False), ("challenge", grouped, True))
        told_ = [
            {"label": self.words.t(f"entry.{name}"), "value": value, "strong": strong} for name, value, strong in rows
        ]
        self._read_out.replace(told_ if body.challenge else [])
        self._count(body)

    def forget(self) -> None:
        self._empty()
        self._way = ""
        self._timer.stop()
        self._seconds = 0
        self._read_out.clear()

    def _empty(self) -> None:
        self._pin.take()
        self._code.take()

    def _count(self, body: EntryBody) -> None:
        left = 0.0 if body.locked_until is None else max(0.0, body.locked_until - self._chrome.clock())
        self._seconds = math.ceil(left)
        if left > 0:
            self._timer.start(max(20, int(1000 * (left - (self._seconds - 1))) + 5))
        else:
            self._timer.stop()

    @Slot()
    def _tick(self) -> None:
        if self.body is not None:
            self._count(self.body)
            self.changed.emit()

    @property
    def _typing(self) -> StaffCode:
        return self._pin if self._way == "card" else self._code

    def _typed(self) -> str:
        return self._pin.dots if self._way == "card" else self._code.groups

    def _open(self) -> bool:
        """Whether anything is taken now."""
        return self.body is not None and not self.body.checking and self._seconds == 0

    def _state(self) -> str:
        if self.body is not None and self.body.checking:
            return self.words.t("entry.checking")
        return self.words.t("entry.wait", self._seconds) if self._seconds else ""

    def _phone(self) -> str:
        wanted = self.body is not None and self.body.way in ("code", "none") and self._chrome.phone
        return self.words.t("entry.phone", self._chrome.phone) if wanted else ""

    possible = told(bool, lambda self, body: body.way in ("card", "code"), changed)
    challenge = shown(str, "challenge", changed)
    readOut = Property(QObject, lambda self: self._read_out, constant=True)
    lead = told(str, lambda self, body: self.words.t(f"entry.lead.{body.lead}") if body.lead else "", changed)
    typed = Property(str, _typed, notify=changed)
    ready = Property(bool, lambda self: self._open() and self._typing.ready, notify=changed)
    problemText = told(
        str,
        lambda self, body: self.words.t(f"entry.problem.{body.problem}", body.attempts_left) if body.problem else "",
        changed,
    )
    good = told(bool, lambda self, body: body.problem == GOOD, changed)
    stateText = Property(str, _state, notify=changed)
    phoneText = Property(str, _phone, notify=changed)
    cardText = told(str, lambda self, body: self.words.t("entry.card") if body.card_told else "", changed)
    otherText = told(str, lambda self, body: self.words.t(f"entry.other.{body.other}") if body.other else "", changed)

    @Slot(str)
    def press(self, digit: str) -> None:
        if self._open():
            self._typing.press(digit)
        self.changed.emit()
        self.post(EntryKey())

    @Slot()
    def erase(self) -> None:
        self._typing.erase()
        self.changed.emit()
        self.post(EntryKey())

    @Slot()
    def submit(self) -> None:
        if self._open() and self._typing.ready:
            typed = self._typing.take()
            self.changed.emit()
            self.post(EntryTyped(typed))

    @Slot()
    def chooseOther(self) -> None:
        if self.body is not None and self.body.other:
            self._empty()
            self.post(EntryWayChosen(self.body.other))

    @Slot()
    def cancel(self) -> None:
        self._empty()
        self.post(EntryCancelled())
