"""Trouble with a paper, the rating, the farewell, and the machine that cannot serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import (
    EntryAsked,
    HelpPressed,
    LevelChosen,
    MoreOptionsPressed,
    NextPressed,
    OptionToggled,
    RatingSkipped,
    RatingSubmitted,
    TakenOver,
    TroubleChosen,
)
from kiosk.visit.speech_ending import to_take
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told
from ui.viewmodels.outcome import grouped

if TYPE_CHECKING:
    from kiosk.visit.screen import RateBody, TroubleBody
    from ui.viewmodels.base import Post
    from ui.viewmodels.chrome import ChromeModel
    from ui.words import Words

PAPER_OUT = ("media-empty", "media-needed")


class TroubleModel(PageModel):
    """Decided and saved, but a paper did not come out: what is safe, and what to do."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._choices = RecordsModel(("choice", "text", "note", "first"), self)

    def refresh(self, body: TroubleBody) -> None:
        t = self.words.t
        detail = ".paper" if body.certain and body.reason in PAPER_OUT else ""
        sure = "" if body.certain else ".unsure"
        self._choices.replace(
            [
                {
                    "choice": choice,
                    "text": t(f"trouble.{choice}{sure if choice == 'retry' else ''}"),
                    "note": t(f"trouble.{choice}{sure + detail if choice == 'retry' else ''}.detail"),
                    "first": number == 0,
                }
                for number, choice in enumerate(body.choices)
            ]
        )

    def forget(self) -> None:
        self._choices.clear()

    def _heading(self) -> str:
        if self.body is None:
            return ""
        kind = "unsure" if not self.body.certain else "done" if self.body.effective else "kept"
        return self.words.t(f"trouble.heading.{kind}", self.body.paper_title)

    fault = told(str, lambda self, body: self.words.t(f"fault.{body.reason or 'other'}"), changed)
    heading = Property(str, _heading, notify=changed)
    lead = told(str, lambda self, body: self.words.t(f"trouble.lead.{'sure' if body.certain else 'unsure'}"), changed)
    caseNo = told(str, lambda self, body: grouped(body.case_no), changed)
    choices = Property(QObject, lambda self: self._choices, constant=True)

    @Slot(str)
    def choose(self, choice: str) -> None:
        self.post(TroubleChosen(choice))


class RateModel(PageModel):
    """The rating: five levels, then what was good or bad."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._levels = RecordsModel(("level", "text", "picked"), self)
        self._options = RecordsModel(("code", "text", "picked"), self)

    def refresh(self, body: RateBody) -> None:
        self._levels.replace([{"level": n, "text": text, "picked": n == body.level} for n, text in body.levels])
        self._options.replace([{"code": o.code, "text": o.label, "picked": o.chosen} for o in body.options])

    def forget(self) -> None:
        self._levels.clear()
        self._options.clear()

    level = shown(int, "level", changed)
    more = shown(bool, "more", changed)
    locked = shown(bool, "locked", changed)
    again = shown(bool, "again", changed)
    hasOptions = told(bool, lambda self, body: bool(body.options), changed)
    problemText = told(
        str, lambda self, body: self.words.t(f"rate.problem.{body.problem}") if body.problem else "", changed
    )
    levels = Property(QObject, lambda self: self._levels, constant=True)
    options = Property(QObject, lambda self: self._options, constant=True)

    @Slot()
    def alone(self) -> None:
        """Whoever helped has gone."""
        self.post(TakenOver())

    @Slot(int)
    def chooseLevel(self, level: int) -> None:
        self.post(LevelChosen(level))

    @Slot(str)
    def toggle(self, code: str) -> None:
        self.post(OptionToggled(code))

    @Slot()
    def showMore(self) -> None:
        self.post(MoreOptionsPressed())

    @Slot()
    def submit(self) -> None:
        self.post(RatingSubmitted())

    @Slot()
    def skip(self) -> None:
        self.post(RatingSkipped())


class FarewellModel(PageModel):
    """How it ended, whether something is saved, and what is to be taken along."""

    changed = Signal()

    def _take(self) -> str:
        """The cards that still lie there, then the papers, as one list."""
        if self.body is None:
            return ""
        return to_take(self.body, self.words.t)

    def _remembered(self) -> str:
        if self.body is None or not self.body.remembered:
            return ""
        failed = self.body.remembered == "failed"
        return self.words.t("farewell.not_remembered" if failed else "farewell.remembered", self.body.remembered)

    def _words(self, part: str) -> str:
        if self.body is None:
            return ""
        saved = "saved" if self.body.saved else "nothing"
        return self.words.t(f"farewell.{self.body.reason}.{saved}.{part}", self.body.kept_until)

    heading = Property(str, lambda self: self._words("title"), notify=changed)
    lead = Property(str, lambda self: self._words("lead"), notify=changed)
    cardOnReader = shown(bool, "card_on_reader", changed)
    take = Property(str, _take, notify=changed)
    remembered = Property(str, _remembered, notify=changed)
    caseNo = told(str, lambda self, body: grouped(body.case_no), changed)

    @Slot()
    def done(self) -> None:
        self.post(NextPressed())


class OutOfServiceModel(PageModel):
    """Why this machine cannot serve, until when, where else one may go, whom to call. Also while staff work on it."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, chrome: ChromeModel, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._chrome = chrome

    @Slot()
    def askEntry(self) -> None:
        """The mark was pressed long enough: staff."""
        self.post(EntryAsked())

    title = told(
        str, lambda self, body: self.words.t("work.title" if body.reason == "under_work" else "out.title"), changed
    )
    reasonText = told(str, lambda self, body: self.words.t(f"out.reason.{body.reason or 'other'}"), changed)
    expected = told(
        str, lambda self, body: self.words.t("out.expected", body.expected) if body.expected else "", changed
    )
    nearest = told(str, lambda self, body: self.words.t("out.nearest", body.nearest) if body.nearest else "", changed)
    phone = told(str, lambda self, body: self._chrome.phone, changed)

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())
