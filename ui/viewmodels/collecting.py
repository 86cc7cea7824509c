"""Papers of an earlier visit: what lies here, how it stands, and its printing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import BackPressed, HelpPressed, NextPressed, PaperChosen
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told
from ui.viewmodels.outcome import grouped

if TYPE_CHECKING:
    from kiosk.visit.screen import CollectBody, CollectLine
    from ui.viewmodels.base import Post
    from ui.words import Words

TONES = {"ready": "ok", "pending": "teal"}
PRINTABLE = ("ready", "notice")
ROLES = (
    "place", "title", "detail", "chip", "tone", "advice", "action", "primary", "stage", "text", "note", "pagesDone",
    "pagesTotal",
)  # fmt: skip


class CollectModel(PageModel):
    """One row per paper; ``action`` is what its button says, "" where there is nothing to print."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._lines = RecordsModel(ROLES, self)

    def refresh(self, body: CollectBody) -> None:
        self._lines.replace([self._row(place, line) for place, line in enumerate(body.lines)])

    def forget(self) -> None:
        self._lines.clear()

    def _row(self, place: int, line: CollectLine) -> dict[str, object]:
        t, ready = self.words.t, line.state in PRINTABLE
        running = line.stage in ("waiting", "printing")
        text = ""
        if line.stage == "printing" and line.pages_total:
            text = t("print.pages", line.title, min(line.pages_done + 1, line.pages_total), line.pages_total)
        elif line.stage != "idle":
            text = t(f"print.{line.stage}", line.title)
        return {
            "place": place,
            "title": line.title,
            "detail": t("collect.detail", line.date, grouped(line.case_no)),
            "chip": t(f"collect.state.{self._standing(line)}"),
            "tone": TONES.get(line.state, "warn"),
            "advice": line.told if line.told else "" if ready else t(f"collect.advice.{line.state}"),
            "action": t(f"collect.print.{self._action(line)}") if ready and not running else "",
            "primary": line.printed == 0,
            "stage": line.stage,
            "text": text,
            "note": t(f"fault.{line.reason}") if line.reason else t("print.where") if line.stage == "printing" else "",
            "pagesDone": line.pages_done,
            "pagesTotal": line.pages_total,
        }

    @staticmethod
    def _standing(line: CollectLine) -> str:
        return "again" if line.state == "ready" and line.printed else line.state

    @staticmethod
    def _action(line: CollectLine) -> str:
        if line.stage in ("failed", "unknown"):
            return "retry"
        return "copy" if line.printed else "first"

    title = told(
        str, lambda self, body: self.words.t("collect.title" if body.lines else "collect.nothing.title"), changed
    )
    lead = told(str, lambda self, body: self.words.t("collect.lead" if body.lines else "collect.nothing.lead"), changed)
    printing = shown(bool, "printing", changed)
    fresh = told(bool, lambda self, body: any(n.state in PRINTABLE and not n.printed for n in body.lines), changed)
    lines = Property(QObject, lambda self: self._lines, constant=True)

    @Slot(int)
    def printPaper(self, place: int) -> None:
        self.post(PaperChosen(place))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def done(self) -> None:
        self.post(NextPressed())

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())
