"""Listening (听): what the page says, said aloud while somebody wants it; off until it is touched, and off again when
the visit ends.

Touched, the page is read; touched while it is read, it is silent; touched again, it is read once more. Going on to
another page reads that one, whatever is being said. Here is decided what is said and when; who makes it heard is the
core's voice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Property, QObject, Signal, Slot

if TYPE_CHECKING:
    from kiosk.visit.screen import Screen
    from kiosk.visit.speech import Reading
    from ui.words import Words

OVER = ("wiping", "recovering", "entry", "maintenance")  # pages on which nobody is listening any more


class Voice(Protocol):
    """Every method returns at once. ``ended`` comes from another thread."""

    @property
    def ready(self) -> bool: ...

    def say(self, sentences: Sequence[str], language: str, ended: Callable[[bool], None]) -> None: ...

    def hush(self) -> object: ...


class SpeechModel(QObject):
    """``possible``: there is a voice; ``on``: somebody listens; ``speaking``: something is being said."""

    changed = Signal()
    _ended = Signal(int)

    def __init__(self, words: Words, clock: Callable[[], float], parent: QObject) -> None:
        super().__init__(parent)
        self._words, self._clock = words, clock
        self._find: Callable[[], Voice | None] = lambda: None
        self._screen: Screen | None = None
        self._told: Reading | None = None
        self._hint = ""
        self._shown = (False, False, False)
        self._on = self._speaking = False
        self._asked = 0
        self._joined = False

    def use(self, find: Callable[[], Voice | None]) -> None:
        """Where the core's voice is found; None while there is none."""
        self._find = find

    def follow(self, screen: Screen) -> None:
        """Another snapshot: another page is read, and what is new on this one."""
        self._screen = screen
        if screen.page in OVER:
            self._stop()
        if self._on:
            self._read_on()
        self._tell()

    def hint(self, text: str) -> None:
        """What a live picture says (a paper under the camera): said when it is another, and nothing else is."""
        if self._on and text and text != self._hint and not self._speaking and self._screen is not None:
            from kiosk.visit.speech_text import speakable

            self._hint = text
            self._say([speakable(text, self._screen.chrome.language)])

    # -- what is said

    def _read_on(self) -> None:
        now, before = self._reading(), self._told
        self._told = now
        if now is None:
            return
        if before is None or before.place != now.place or before.language != now.language:
            self._hint = ""
            self._say(now.said)
        elif news := [text for text in now.news if text not in before.news]:
            self._say(news)

    def _reading(self) -> Reading | None:
        if self._screen is None:
            return None
        from kiosk.visit.speech import reading  # when the first listens

        ends = self._screen.chrome.expires_at
        seconds = 0 if ends is None else max(0, math.ceil(ends - self._clock()))
        return reading(self._screen, self._words.t, seconds)

    def _say(self, sentences: Sequence[str]) -> None:
        voice = self._find()
        if voice is None or not voice.ready or self._screen is None or not sentences:
            return
        if not self._joined:
            from PySide6.QtCore import Qt

            self._ended.connect(self._over, Qt.ConnectionType.QueuedConnection)
            self._joined = True
        self._asked += 1
        asked = self._asked
        self._speaking = True
        voice.say(sentences, self._screen.chrome.language, lambda whole: self._ended.emit(asked))

    @Slot(int)
    def _over(self, asked: int) -> None:
        if asked == self._asked:
            self._speaking = False
            self._tell()

    def _stop(self) -> None:
        voice = self._find()
        if voice is not None and (self._on or self._speaking):
            voice.hush()
        self._asked += 1
        self._on = self._speaking = False
        self._told, self._hint = None, ""

    # -- what QML reads and touches

    def _possible(self) -> bool:
        voice = self._find()
        return voice is not None and voice.ready

    def _tell(self) -> None:
        shown = (self._possible(), self._on, self._speaking)
        if shown != self._shown:
            self._shown = shown
            self.changed.emit()

    possible = Property(bool, lambda self: self._shown[0], notify=changed)
    on = Property(bool, lambda self: self._shown[1], notify=changed)
    speaking = Property(bool, lambda self: self._shown[2], notify=changed)

    @Slot()
    def toggle(self) -> None:
        """Read this page from its beginning; or be silent."""
        if self._speaking:
            self._stop()
        else:
            self._on, self._told = True, None
            self._read_on()
        self._tell()
