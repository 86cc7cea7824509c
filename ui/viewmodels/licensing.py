"""An electronic licence (电子证照): what is asked of whom, what was found, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import BackPressed, LicenceDeclined, NextPressed
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import LicenceBody
    from ui.viewmodels.base import Post
    from ui.words import Words


def _word(self: LicenceModel, body: LicenceBody, part: str) -> str:
    named = f"licence.{body.problem or body.stage}.{part}"
    return self.words.t(named, body.keeper if part == "lead" else body.name)


def _spared(self: LicenceModel, body: LicenceBody) -> str:
    """What the licence is good for, before it is agreed to."""
    if body.stage != "consent":
        return ""
    between = self.words.t("licence.and")
    said = []
    if body.answers:
        said.append(self.words.t("licence.untyped", between.join(body.answers)))
    if body.papers:
        said.append(self.words.t("licence.unscanned", between.join(body.papers)))
    return "\n".join(said)


class LicenceModel(PageModel):
    """``stage`` of LicenceBody says what the ways forward are."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._lines = RecordsModel(("label", "value"), self)

    def refresh(self, body: LicenceBody) -> None:
        self._lines.replace([{"label": label, "value": value} for label, value in body.lines])

    def forget(self) -> None:
        self._lines.clear()

    stage = shown(str, "stage", changed)
    heading = told(str, lambda self, body: _word(self, body, "title"), changed)
    lead = told(str, lambda self, body: _word(self, body, "lead"), changed)
    spared = told(str, _spared, changed)
    lines = Property(QObject, lambda self: self._lines, constant=True)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())

    @Slot()
    def decline(self) -> None:
        self.post(LicenceDeclined())
