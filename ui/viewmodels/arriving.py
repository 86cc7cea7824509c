"""The guide: what a matter takes, and whether it can be done here and now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import BackPressed, HelpPressed, NextPressed
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import GuideBody
    from ui.viewmodels.base import Post
    from ui.words import Words


class GuideModel(PageModel):
    """Can this machine finish it now, how long, how much to type, what to bring, on which basis."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._reasons = RecordsModel(("key", "text", "good"), self)
        self._figures = RecordsModel(("label", "value"), self)
        self._prepare = RecordsModel(("title", "detail"), self)

    def refresh(self, body: GuideBody) -> None:
        t = self.words.t
        known = ((key, True) for key in body.ability.good)
        lacking = ((key, False) for key in body.ability.lacking)
        self._reasons.replace(
            [
                {
                    "key": f"{key}.{good}",
                    "text": t(_family("good" if good else "lacking", key), body.ability.hours),
                    "good": good,
                }
                for key, good in (*known, *lacking)
            ]
        )
        self._figures.replace(
            [
                {"label": t("guide.minutes"), "value": t("guide.minutes.value", body.minutes)},
                {"label": t("guide.questions"), "value": self._questions("questions.value", body)},
                {"label": t("guide.errands"), "value": self._amount("errands.value", body.errands)},
            ]
        )
        self._prepare.replace([{"title": title, "detail": detail} for title, detail in body.prepare])

    def forget(self) -> None:
        for model in (self._reasons, self._figures, self._prepare):
            model.clear()

    def _amount(self, of: str, number: int) -> str:
        return self.words.t(f"guide.{of}", number) if number else self.words.t(f"guide.{of}.none")

    def _questions(self, of: str, body: GuideBody) -> str:
        """How much to fill in; a range where it depends on the situation."""
        if body.fewest is None or body.fewest == body.questions:
            return self._amount(of, body.questions)
        return self.words.t(f"guide.{of}.range", body.fewest, body.questions)

    def _heading(self) -> str:
        """What this machine can do now; of a matter that a person decides it promises no more than to take it."""
        if self.body is None:
            return ""
        verdict = self.body.ability.verdict.value
        taken = self.body.taken and verdict in ("can", "receipt_later")
        return self.words.t(f"guide.{'taken' if taken else 'verdict'}.{verdict}")

    def _line(self) -> str:
        """The three figures as one line of text, for large type."""
        if self.body is None:
            return ""
        body = self.body
        return " · ".join(
            (
                self.words.t("guide.line.minutes", body.minutes),
                self._questions("line.questions", body),
                self._amount("line.errands", body.errands),
            )
        )

    category = told(str, lambda self, body: self.words.t(f"category.{body.category}"), changed)
    name = shown(str, "name", changed)
    fullName = told(str, lambda self, body: "" if body.full_name == body.name else body.full_name, changed)
    figuresLine = Property(str, _line, notify=changed)
    lead = shown(str, "lead", changed)
    basis = shown(str, "basis", changed)
    verdict = told(str, lambda self, body: body.ability.verdict.value, changed)
    heading = Property(str, _heading, notify=changed)
    preparing = told(bool, lambda self, body: bool(body.prepare), changed)
    reasons = Property(QObject, lambda self: self._reasons, constant=True)
    figures = Property(QObject, lambda self: self._figures, constant=True)
    prepare = Property(QObject, lambda self: self._prepare, constant=True)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def begin(self) -> None:
        self.post(NextPressed())

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())


def _family(side: str, key: str) -> str:
    return f"ability.{side}.{key.removeprefix('ability.')}"
