"""One question of the form. What is being typed lives here; the visit hears of every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import (
    AnswerChanged,
    BackPressed,
    NextPressed,
    ScanPressed,
    SuggestionChosen,
    ValueConfirmed,
)
from ui.input.editor import Editor
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import FormBody
    from ui.viewmodels.base import Post
    from ui.words import Words


def _unlent(self: FormModel, body: FormBody) -> str:
    return self.words.t(f"form.unlent.{body.unlent}", body.licence) if body.unlent else ""


def _suggesting(body: FormBody) -> bool:
    """Whether the field is free, or holds one of them: beside an answer of one's own they are in the way."""
    free = body.value == "" and body.hidden == ""
    return bool(body.suggestions) and (free or any(each.chosen for each in body.suggestions))


class FormModel(PageModel):
    """The question on screen and its answer."""

    changed = Signal()
    turned = Signal(int)

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._options = RecordsModel(("value", "text", "note", "picked"), self)
        self._suggestions = RecordsModel(("number", "offer", "picked"), self)
        self._editor = Editor(words, self)
        self._editor.edited.connect(self._answer)
        self._question: tuple[int, str] | None = None
        self._sent: list[str] = []  # answers posted whose echo has not come back yet

    def refresh(self, body: FormBody) -> None:
        self._options.replace(
            [{"value": o.value, "text": o.label, "note": o.detail, "picked": o.chosen} for o in body.options]
        )
        offered = enumerate(body.suggestions)
        self._suggestions.replace([{"number": n, "offer": s.label, "picked": s.chosen} for n, s in offered])
        question = (body.index, body.key)
        if question != self._question:
            before, self._question = self._question, question
            self._sent.clear()
            self._editor.begin(body.kind, body.value, body.max_length)
            if before is not None:
                self.turned.emit(1 if question[0] > before[0] else -1)
        elif body.value in self._sent:
            del self._sent[: self._sent.index(body.value) + 1]
        elif not self._sent:
            self._editor.adopt(body.value)

    def forget(self) -> None:
        self._question = None
        self._sent.clear()
        self._options.clear()
        self._suggestions.clear()
        self._editor.forget()

    @Slot(str)
    def _answer(self, value: str) -> None:
        if self.body is not None:
            self._sent.append(value)
            self.post(AnswerChanged(self.body.key, value))

    index = shown(int, "index", changed)
    total = shown(int, "total", changed)
    kind = shown(str, "kind", changed)
    title = shown(str, "title", changed)
    help = shown(str, "help", changed)
    unit = shown(str, "unit", changed)
    letter = shown(str, "letter", changed)
    signs = shown(str, "signs", changed)
    preview = shown(str, "preview", changed)
    complaint = shown(str, "complaint", changed)
    complete = shown(bool, "complete", changed)
    editing = shown(bool, "editing", changed)
    scan = shown(bool, "scan", changed)
    reading = shown(bool, "reading", changed)
    read = shown(str, "read", changed)
    hidden = shown(str, "hidden", changed)
    noted = told(bool, lambda self, body: any(option.detail for option in body.options), changed)
    unlent = told(str, _unlent, changed)
    suggesting = told(bool, lambda self, body: _suggesting(body), changed)
    suggestions = Property(QObject, lambda self: self._suggestions, constant=True)
    options = Property(QObject, lambda self: self._options, constant=True)
    input = Property(QObject, lambda self: self._editor, constant=True)

    @Slot(str)
    def pick(self, value: str) -> None:
        if self.body is not None:
            self.post(AnswerChanged(self.body.key, value))

    @Slot(int)
    def take(self, number: int) -> None:
        """What is offered goes into the field; what was typed before is no answer any more."""
        if self.body is not None:
            self._sent.clear()
            self.post(SuggestionChosen(self.body.key, number))

    @Slot()
    def scanPaper(self) -> None:
        self.post(ScanPressed())

    @Slot()
    def confirm(self) -> None:
        """What was read from a paper is right, or not so sure after all."""
        if self.body is not None:
            self.post(ValueConfirmed(self.body.read != "confirmed"))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())
