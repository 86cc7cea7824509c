"""What is handed in for a case (补材料, 撤回): the papers asked for, the question once more, and that it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import BackPressed, LackingChosen, NextPressed, PaperChosen, ReasonChosen, WithdrawConfirmed
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told
from ui.viewmodels.outcome import grouped

if TYPE_CHECKING:
    from kiosk.visit.screen_cases import HandedInBody, SupplementBody, WithdrawBody
    from ui.viewmodels.base import Post
    from ui.words import Words


class SupplementModel(PageModel):
    """One row per paper that is asked for; the way forward is open when all were scanned."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._lines = RecordsModel(("place", "title", "detail", "taken"), self)

    def refresh(self, body: SupplementBody) -> None:
        t = self.words.t
        self._lines.replace(
            [
                {
                    "place": place,
                    "title": line.label,
                    "detail": t("supplement.pages", line.pages) if line.pages else t("supplement.none"),
                    "taken": line.pages > 0,
                }
                for place, line in enumerate(body.lines)
            ]
        )

    def forget(self) -> None:
        self._lines.clear()

    def _note(self) -> str:
        body: SupplementBody | None = self.body
        if body is None:
            return ""
        left = sum(not line.pages for line in body.lines)
        return self.words.t("supplement.left", left) if left else self.words.t("supplement.promise")

    lead = told(str, lambda self, body: self.words.t("supplement.lead", body.title), changed)
    note = Property(str, _note, notify=changed)
    complete = shown(bool, "complete", changed)
    desk = shown(bool, "desk", changed)
    online = shown(bool, "online", changed)
    problemText = told(
        str, lambda self, body: self.words.t(f"review.problem.{body.problem}") if body.problem else "", changed
    )
    lines = Property(QObject, lambda self: self._lines, constant=True)

    @Slot(int)
    def scan(self, place: int) -> None:
        self.post(LackingChosen(place))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())


class WithdrawModel(PageModel):
    """Asked once more; what it means stands there, and nobody has to say why."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._reasons = RecordsModel(("text", "place", "chosen"), self)

    def refresh(self, body: WithdrawBody) -> None:
        self._reasons.replace(
            [{"text": text, "place": place, "chosen": chosen} for place, (text, chosen) in enumerate(body.reasons)]
        )

    def forget(self) -> None:
        self._reasons.clear()

    def _meaning(self) -> list[str]:
        body: WithdrawBody | None = self.body
        if body is None:
            return []
        said = [self.words.t(f"withdraw.meaning.{word}") for word in ("stops", "again", "late")]
        return said if body.online else [*said, self.words.t("supplement.offline")]

    lead = told(str, lambda self, body: self.words.t("withdraw.lead", body.title, grouped(body.case_no)), changed)
    meaning = Property(list, _meaning, notify=changed)
    problemText = told(
        str, lambda self, body: self.words.t(f"review.problem.{body.problem}") if body.problem else "", changed
    )
    reasons = Property(QObject, lambda self: self._reasons, constant=True)

    @Slot(int)
    def choose(self, place: int) -> None:
        self.post(ReasonChosen(place))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def confirm(self) -> None:
        self.post(WithdrawConfirmed())


class HandedInModel(PageModel):
    """It is saved; how its receipt comes out changes nothing of that."""

    changed = Signal()

    def _lead(self) -> str:
        body: HandedInBody | None = self.body
        if body is None:
            return ""
        return self.words.t(f"handed.{body.errand}.{'lead' if body.online else 'offline'}")

    def _text(self) -> str:
        body: HandedInBody | None = self.body
        if body is None:
            return ""
        if body.stage == "printing" and body.pages_total:
            done = min(body.pages_done + 1, body.pages_total)
            return self.words.t("print.pages", body.receipt, done, body.pages_total)
        return self.words.t(f"print.{body.stage}", body.receipt)

    def _note(self) -> str:
        body: HandedInBody | None = self.body
        if body is None:
            return ""
        if body.reason:
            return self.words.t(f"fault.{body.reason}")
        return self.words.t("print.where") if body.stage == "printing" else ""

    title = told(str, lambda self, body: self.words.t(f"handed.{body.errand}.title"), changed)
    lead = Property(str, _lead, notify=changed)
    name = shown(str, "title", changed)
    number = told(str, lambda self, body: self.words.t("cases.number", grouped(body.case_no)), changed)
    printing = told(bool, lambda self, body: body.stage in ("waiting", "printing"), changed)
    again = shown(bool, "again", changed)
    text = Property(str, _text, notify=changed)
    note = Property(str, _note, notify=changed)
    stage = shown(str, "stage", changed)
    pagesDone = shown(int, "pages_done", changed)
    pagesTotal = shown(int, "pages_total", changed)

    @Slot()
    def printAgain(self) -> None:
        self.post(PaperChosen(0))

    @Slot()
    def done(self) -> None:
        self.post(NextPressed())
