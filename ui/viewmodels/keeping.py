"""Leaving with something entered, and coming back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, Signal, Slot

from kiosk.visit.events import BackPressed, DraftErased, HelpPressed, KeepChosen, NextPressed
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import KeepBody, ResumeBody


class ResumeModel(PageModel):
    """What was begun, how far it went, until when it is kept."""

    changed = Signal()

    def _lead(self) -> str:
        body: ResumeBody | None = self.body
        if body is None or not body.saved:
            return ""
        return self.words.t("resume.lead", body.answered, body.total, body.saved, body.name)

    title = told(str, lambda self, body: self.words.t("resume.title"), changed)
    lead = Property(str, _lead, notify=changed)
    until = told(str, lambda self, body: self.words.t("resume.until", body.until) if body.until else "", changed)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def go(self) -> None:
        self.post(NextPressed())

    @Slot()
    def erase(self) -> None:
        self.post(DraftErased())

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())


class KeepModel(PageModel):
    """Keep it, or not. What keeping means is said beside it, before it is chosen."""

    changed = Signal()

    def _meaning(self) -> list[str]:
        body: KeepBody | None = self.body
        if body is None:
            return []
        said = [*(["replaces"] if body.replaces else []), *(["pages"] if body.pages else []), "where", "who", "end"]
        return [self.words.t(f"keep.meaning.{word}") for word in said]

    lead = told(str, lambda self, body: self.words.t("keep.lead", body.name), changed)
    yes = told(str, lambda self, body: self.words.t("keep.keeping" if body.keeping else "keep.yes", body.days), changed)
    meaning = Property(list, _meaning, notify=changed)
    keeping = shown(bool, "keeping", changed)
    problemText = told(
        str, lambda self, body: self.words.t(f"keep.problem.{body.problem}") if body.problem else "", changed
    )

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot(bool)
    def keep(self, keep: bool) -> None:
        self.post(KeepChosen(keep))

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())
