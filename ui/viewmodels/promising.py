"""Commitment, review, signature, and the moment of saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import (
    BackPressed,
    ClauseToggled,
    CommitmentDeclined,
    EditPressed,
    KnownForgotten,
    NextPressed,
    RememberToggled,
    Signed,
)
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import CommitmentBody, ReviewBody, ReviewLine
    from ui.viewmodels.base import Post
    from ui.words import Words

ORIGIN_TONES = {
    "card": "teal", "licence": "teal", "typed": "warn", "chosen": "warn", "ocr": "warn", "committed": "seal",
    "scanned": "blue", "phone": "blue", "earlier": "warn", "helper": "warn", "register": "teal",
}  # fmt: skip


class CommitmentModel(PageModel):
    """The notice and its clauses, each agreed to by a touch of its own."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._clauses = RecordsModel(("text", "agreed"), self)

    def refresh(self, body: CommitmentBody) -> None:
        self._clauses.replace([{"text": text, "agreed": agreed} for text, agreed in body.clauses])

    def forget(self) -> None:
        self._clauses.clear()

    title = shown(str, "title", changed)
    notice = shown(str, "notice", changed)
    replaces = shown(str, "replaces", changed)
    otherwise = shown(str, "otherwise", changed)
    complete = shown(bool, "complete", changed)
    missing = told(int, lambda self, body: sum(not agreed for _, agreed in body.clauses), changed)
    clauses = Property(QObject, lambda self: self._clauses, constant=True)

    @Slot(int)
    def toggle(self, index: int) -> None:
        self.post(ClauseToggled(index))

    @Slot()
    def decline(self) -> None:
        self.post(CommitmentDeclined())

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())


class ReviewModel(PageModel):
    """Every value with where it came from. Nobody signs or hands in what was not shown: until the page has said that
    its last row was in sight, ``next`` does nothing, whoever calls it.
    """

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._lines = RecordsModel(("key", "text", "value", "origin", "tone", "editable", "group"), self)
        self._whole: tuple[ReviewLine, ...] | None = None  # the rows that were seen to their end

    def refresh(self, body: ReviewBody) -> None:
        self._lines.replace(
            [
                {
                    "key": line.key,
                    "text": line.label,
                    "value": line.value,
                    "origin": self.words.t(f"origin.{line.origin}"),
                    "tone": ORIGIN_TONES.get(line.origin, "blue"),
                    "editable": line.editable,
                    "group": line.group,
                }
                for line in body.lines
            ]
        )

    def forget(self) -> None:
        self._whole = None
        self._lines.clear()

    def _keepable(self, body: ReviewBody, key: str) -> str:
        return self.words.t(key, self.words.t("review.remember.and").join(body.keepable)) if body.keepable else ""

    def _problem(self) -> str:
        if self.body is None or not self.body.problem:
            return ""
        return self.words.t(f"review.problem.{self.body.problem}")

    signature = shown(bool, "signature", changed)
    count = told(int, lambda self, body: len(body.lines), changed)
    whole = told(bool, lambda self, body: body.lines == self._whole, changed)
    changeable = told(bool, lambda self, body: any(line.editable for line in body.lines), changed)
    remember = shown(bool, "remember", changed)
    rememberText = told(str, lambda self, body: self._keepable(body, "review.remember"), changed)
    rememberDetail = told(
        str, lambda self, body: self.words.t("review.remember.detail", body.keep_days) if body.keepable else "", changed
    )
    knownText = told(
        str, lambda self, body: self.words.t("review.known", body.known_until) if body.known_until else "", changed
    )
    problemText = Property(str, _problem, notify=changed)
    lines = Property(QObject, lambda self: self._lines, constant=True)

    @Slot()
    def sawWhole(self) -> None:
        """The last row was in sight."""
        self._whole = self.body.lines if self.body is not None else None
        self.changed.emit()

    @Slot()
    def toggleRemember(self) -> None:
        self.post(RememberToggled())

    @Slot()
    def forgetKnown(self) -> None:
        self.post(KnownForgotten())

    @Slot(str)
    def edit(self, key: str) -> None:
        self.post(EditPressed(key))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def next(self) -> None:
        if self.property("whole"):
            self.post(NextPressed())


class SignModel(PageModel):
    """A signature written with a finger."""

    changed = Signal()
    name = told(str, lambda self, body: body.name, changed)

    @Slot(QObject)
    def sign(self, pad: QObject) -> None:
        """Hand in what is on the pad, which is then empty."""
        from ui.items.signature import SignatureCanvas

        if isinstance(pad, SignatureCanvas) and pad.is_meaningful():
            strokes = pad.points()
            pad.clear()
            self.post(Signed(strokes))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())


class CommittingModel(PageModel):
    """Nothing to show and nothing to touch."""

    changed = Signal()
