"""The card, the consent, the face, and the other ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtGui import QImage

from kiosk.visit.events import (
    BackPressed,
    FaceAgreed,
    HelpPressed,
    OtherWayChosen,
    StaffCodeEntered,
)
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told
from ui.viewmodels.code import StaffCode, refusal

if TYPE_CHECKING:
    from kiosk.visit.screen import FaceBody, OtherWayBody
    from ui.viewmodels.base import Post
    from ui.viewmodels.chrome import ChromeModel
    from ui.words import Words

OF_AGE = 18  # whoever is older needs no guardian
PLACED = ("card_lift", "card_unreadable", "reader_down", "slot_card")  # their advice says what to do with the card


class IdentifyModel(PageModel):
    """Waiting for the card, or what is the matter with it."""

    changed = Signal()
    ticked = Signal()

    def __init__(self, words: Words, post: Post, chrome: ChromeModel, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._chrome = chrome
        chrome.ticked.connect(self.ticked)

    def _problem(self, part: str) -> str:
        if self.body is None or not self.body.problem:
            return ""
        return self.words.t(f"problem.{self.body.problem}.{part}", self.body.detail)

    def _advice(self) -> str:
        if self.body is None:
            return ""
        if self.body.problem == "card_kind" and self._chrome.phone:
            return self.words.t("problem.card_kind.phone", self._chrome.phone)
        if self.body.problem == "under_age" and int(self.body.detail or 0) > OF_AGE:
            return self.words.t("problem.under_age.later")
        return self._problem("advice")

    problem = shown(str, "problem", changed)
    problemTitle = Property(str, lambda self: self._problem("title"), notify=changed)
    problemAdvice = Property(str, _advice, notify=changed)
    lifting = told(bool, lambda self, body: body.problem not in ("", *PLACED), changed)  # this card cannot help
    secondsLeft = Property(int, lambda self: self._chrome.seconds, notify=ticked)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())


class ConsentModel(PageModel):
    """Separate consent to the face check."""

    changed = Signal()
    name = shown(str, "name", changed)
    laterPossible = shown(bool, "later_possible", changed)
    moves = shown(bool, "moves", changed)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def agree(self) -> None:
        self.post(FaceAgreed())

    @Slot()
    def otherWay(self) -> None:
        self.post(OtherWayChosen())


class FaceModel(PageModel):
    """The preview and its hint. The newest picture only, and none once the page is left."""

    changed = Signal()
    frame = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self.image = QImage()

    def picture(self, jpeg: bytes) -> None:
        """Show this preview picture; one that cannot be decoded leaves the last."""
        image = QImage.fromData(jpeg)
        if self.body is not None and not image.isNull():
            self.image = image
            self.frame.emit()

    def forget(self) -> None:
        self.image = QImage()
        self.frame.emit()

    hint = shown(str, "hint", changed)
    hintText = told(str, lambda self, body: self._hint(body), changed)
    move = shown(str, "move", changed)
    moveText = told(str, lambda self, body: self.words.t(f"face.move.{body.move}") if body.move else "", changed)
    stepText = told(str, lambda self, body: self._step(body), changed)

    def _hint(self, body: FaceBody) -> str:
        """What keeps the check from going on; nothing beside a movement, which is said in large type above."""
        if body.move and not body.hint:
            return ""
        return self.words.t(f"hint.{body.hint or 'looking'}")

    def _step(self, body: FaceBody) -> str:
        if not body.move:
            return ""
        if not body.number:
            return self.words.t("face.move.first", body.total)
        done = body.move == "straight"
        return self.words.t("face.move.done" if done else "face.move.step", body.number, body.total)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def otherWay(self) -> None:
        self.post(OtherWayChosen())


class OtherWayModel(PageModel):
    """Choose how the person is compared with the card; a member of staff types a one-time code."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._code = StaffCode()
        self._ways = RecordsModel(("way", "first"), self)

    def refresh(self, body: OtherWayBody) -> None:
        possible = {
            "staff": body.staff_possible, "later": body.later_possible, "own": body.own_possible,
            "face": body.face_possible,
        }  # fmt: skip
        ways = [way for way, can in possible.items() if can]
        self._ways.replace([{"way": way, "first": way == ways[0]} for way in ways])
        if body.way != "staff" or body.problem:
            self._code.take()

    def forget(self) -> None:
        self._code.take()
        self._ways.clear()

    way = shown(str, "way", changed)
    none = told(bool, lambda self, body: not self._ways.rowCount(), changed)  # only a person can help
    reasonText = told(str, lambda self, body: self.words.t(f"way.reason.{body.reason}"), changed)
    problemText = Property(str, lambda self: refusal(self.words, self.body), notify=changed)
    dots = Property(str, lambda self: self._code.dots, notify=changed)
    codeReady = Property(bool, lambda self: self._code.ready, notify=changed)
    ways = Property(QObject, lambda self: self._ways, constant=True)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot(str)
    def choose(self, way: str) -> None:
        self.post(OtherWayChosen(way))

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())

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
