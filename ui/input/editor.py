"""The answer being typed: fixed text, an open composition, and what the keys mean now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from ui.input.pinyin import EngineUnavailable, PinyinEngine, open_engine
from ui.models.records import RecordsModel

if TYPE_CHECKING:
    from ui.words import Words

SHOWN = 48  # candidates offered at most


class Editor(QObject):
    """One text. ``edited`` tells of every change of the fixed text; a composition is not part of it yet."""

    changed = Signal()
    composed = Signal()
    edited = Signal(str)

    def __init__(self, words: Words, parent: QObject) -> None:
        super().__init__(parent)
        self._words = words
        self._engine: PinyinEngine | None = None
        self._missing = False
        self._kind = ""
        self._text = ""
        self._room = 0
        self._latin = False
        self._upper = False
        self._candidates = RecordsModel(("text",), self)
        words.changed.connect(self.changed)

    # -- for the view model --------------------------------------------------------------------------

    def begin(self, kind: str, text: str, room: int) -> None:
        """Another question: ``kind`` is a QuestionKind value, ``room`` the most characters it takes."""
        self._kind, self._text, self._room = kind, text, room
        self._latin = self._upper = False
        if kind == "text" and self._engine is None and not self._missing:
            try:
                self._engine = open_engine()
            except EngineUnavailable:
                self._missing = True  # said in the hint above the keys; letters and digits still work
        self._drop()
        self.changed.emit()

    def adopt(self, text: str) -> None:
        """The visit has another answer than the one typed: it holds."""
        if text != self._text:
            self._text = text
            self.changed.emit()

    def forget(self) -> None:
        """Nothing of the answer stays, neither here nor in the engine."""
        self._kind, self._text, self._room = "", "", 0
        self._latin = self._upper = False
        self._drop()
        self.changed.emit()

    @property
    def typed(self) -> str:
        """The text, and the letters that are not yet characters."""
        return self._text + (self._engine.letters if self._engine is not None else "")

    # -- for the keyboard ----------------------------------------------------------------------------

    def _composing(self) -> bool:
        return self._engine is not None and bool(self._engine.letters)

    def _hint(self) -> str:
        if self._missing:
            return self._words.t("keyboard.missing")
        return self._words.t("keyboard.hint.latin" if self._latin else "keyboard.hint")

    text = Property(str, lambda self: self._text, notify=changed)
    composition = Property(str, lambda self: self._engine.composition if self._engine else "", notify=changed)
    composing = Property(bool, _composing, notify=changed)
    chinese = Property(bool, lambda self: self._kind == "text", notify=changed)
    latin = Property(bool, lambda self: self._latin, notify=changed)
    upper = Property(bool, lambda self: self._upper, notify=changed)
    hint = Property(str, _hint, notify=changed)
    candidates = Property(QObject, lambda self: self._candidates, constant=True)

    @Slot(str)
    def press(self, character: str) -> None:
        """A key with one character."""
        pinyin = self._kind == "text" and not self._latin and self._engine is not None
        if pinyin and self._engine is not None and character.isascii() and (character.isalpha() or character == "'"):
            self._engine.type(character.lower())
            self._offer()
        else:
            self._settle()
            self._insert(character)
        self.changed.emit()

    @Slot()
    def erase(self) -> None:
        if self._engine is not None and self._composing():
            self._engine.erase()
            self._offer()
        elif self._text:
            self._text = self._text[:-1]
            self.edited.emit(self._text)
        self.changed.emit()

    @Slot()
    def accept(self) -> None:
        """确定: the best candidate for all that is open."""
        self._settle()
        self.changed.emit()

    @Slot()
    def space(self) -> None:
        if self._composing():
            self._settle()
        elif self._text and not self._text.endswith(" "):
            self._insert(" ")
        self.changed.emit()

    @Slot(int)
    def choose(self, index: int) -> None:
        if self._engine is not None:
            self._insert(self._engine.choose(index))
            self._offer()
        self.changed.emit()

    @Slot()
    def toggleLatin(self) -> None:
        self._settle()
        self._latin, self._upper = not self._latin, False
        self.changed.emit()

    @Slot()
    def toggleShift(self) -> None:
        self._upper = not self._upper
        self.changed.emit()

    def _settle(self) -> None:
        """Close the composition with its best candidates; letters that mean nothing stay as they are."""
        while self._engine is not None and self._composing():
            letters = self._engine.letters
            if not self._engine.candidates(SHOWN):
                self._engine.clear()
                self._insert(letters)
            else:
                self._insert(self._engine.choose(0))
        self._offer()

    def _offer(self) -> None:
        rows = self._engine.candidates(SHOWN) if self._engine is not None else ()
        self._candidates.replace([{"text": text} for text in rows])
        self.composed.emit()

    def _drop(self) -> None:
        if self._engine is not None:
            self._engine.clear()
        self._candidates.clear()

    def _insert(self, text: str) -> None:
        taken = (self._text + text)[: self._room] if self._room else self._text + text
        if taken != self._text:
            self._text = taken
            self.edited.emit(taken)
