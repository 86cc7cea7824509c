"""The page that waits. Part of the first frame: imports nothing of the visit until it is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Property, QObject, Signal, Slot

from ui.models.records import RecordsModel

if TYPE_CHECKING:
    from kiosk.visit.screen import AttractBody, Chrome
    from ui.viewmodels.base import Post
    from ui.words import Words

PERIODS = ((5, "night"), (8, "early"), (12, "morning"), (14, "noon"), (18, "afternoon"), (24, "evening"))


class AttractModel(QObject):
    """State lights, and one line saying where this is, what time it is and how to call somebody."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(parent)
        self._words = words
        self._post = post
        self._shown: tuple[AttractBody, Chrome] | None = None
        self._lights = RecordsModel(("key", "text", "ok"), self)
        words.changed.connect(self._refresh)

    def show(self, body: Any, chrome: Chrome) -> None:
        self._shown = (body, chrome)
        self._refresh()

    def clear(self) -> None:
        self._shown = None
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        rows = []
        if self._shown is not None:
            lights = self._shown[0].lights
            # Until the first look at the devices is over nothing is known of them: that is all there is to say.
            for light in [light for light in lights if light.key == "starting"] or lights:
                key = f"light.{light.key}.{'ok' if light.ok else 'bad'}"
                rows.append({"key": light.key, "text": self._words.t(key, light.count), "ok": light.ok})
        self._lights.replace(rows)
        self.changed.emit()

    def _line(self) -> str:
        if self._shown is None:
            return ""
        body, chrome = self._shown
        hour, _, minute = body.clock.partition(":")
        period = next(name for end, name in PERIODS if int(hour) < end)
        time = self._words.t(f"clock.{period}", (int(hour) - 1) % 12 + 1, minute, body.clock)
        parts = [chrome.place, chrome.terminal, time.replace(" ", "\u00a0")]
        return " · ".join(part for part in parts if part) + "\n" + self._words.t("attract.call")

    def _notice(self) -> str:
        """What still works where something does not; where nothing does, another place to go to."""
        if self._shown is None or not self._shown[0].notice:
            return ""
        body = self._shown[0]
        told = self._words.t(f"attract.notice.{body.notice}", body.able)
        return f"{told}\n{self._words.t('out.nearest', body.nearest)}" if body.nearest else told

    def _stopped(self) -> bool:
        return self._shown is not None and self._shown[0].notice != "" and not self._shown[0].able

    notice = Property(str, _notice, notify=changed)
    stopped = Property(bool, _stopped, notify=changed)  # nothing can be begun here now
    lights = Property(QObject, lambda self: self._lights, constant=True)
    line = Property(str, _line, notify=changed)

    @Slot()
    def start(self) -> None:
        from kiosk.visit.events import Started

        self._post(Started())

    @Slot()
    def askEntry(self) -> None:
        """The mark was pressed long enough: staff."""
        from kiosk.visit.events import EntryAsked

        self._post(EntryAsked())

    @Slot()
    def startOther(self) -> None:
        """Begin in the language that is not shown."""
        from kiosk.visit.events import LanguageChosen, Started

        self._post(LanguageChosen("en" if self._words.current == "zh_CN" else "zh_CN"))
        self._post(Started())

    @Slot()
    def startElder(self) -> None:
        """Begin in large type."""
        from kiosk.visit.events import ElderChosen, Started

        self._post(ElderChosen(True))
        self._post(Started())
