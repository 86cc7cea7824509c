"""The result: the paper, its seal, the true progress of printing, and the rules that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import NextPressed, ReasonsToggled
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import ItemResult, OutcomeBody, PaperLine
    from ui.viewmodels.base import Post
    from ui.words import Words


TONES = {"granted": "ok", "waits": "blue", "against": "bad"}  # of an item's result


def grouped(number: str) -> str:
    """A long number in groups that can be read aloud: six digits, then fours; anything else as it is.

    Its groups stay on one line: the spaces do not break.
    """
    if number.isdigit() and len(number) >= 9:
        rest = number[6:]
        number = " ".join([number[:6], *(rest[i : i + 4] for i in range(0, len(rest), 4))])
    return number.replace(" ", "\u00a0")


class OutcomeModel(PageModel):
    """What was decided and what is being printed."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._lines = RecordsModel(("label", "value"), self)
        self._papers = RecordsModel(("paperId", "text", "note", "stage", "pagesDone", "pagesTotal"), self)
        self._reasons = RecordsModel(("because", "basis"), self)
        self._steps = RecordsModel(("label", "text"), self)
        self._items = RecordsModel(("name", "result", "tone", "caseNo", "text", "steps"), self)

    def refresh(self, body: OutcomeBody) -> None:
        self._lines.replace([{"label": label, "value": value} for label, value in body.document_lines])
        self._papers.replace([self._paper(line) for line in body.papers])
        self._reasons.replace([{"because": because, "basis": basis} for because, basis in body.reasons])
        self._steps.replace(self._labelled(body.steps))
        self._items.replace([self._item(item) for item in body.items])

    def forget(self) -> None:
        for model in (self._lines, self._papers, self._reasons, self._steps, self._items):
            model.clear()

    def _labelled(self, steps: tuple[tuple[str, str], ...]) -> list[dict[str, object]]:
        """A label stands where it begins, and not again below."""
        before = ("", *(kind for kind, _ in steps))
        return [
            {"label": "" if kind == last else self.words.t(f"outcome.step.{kind}"), "text": text}
            for last, (kind, text) in zip(before, steps, strict=False)
        ]

    def _item(self, item: ItemResult) -> dict[str, object]:
        """One matter of a bundle."""
        return {
            "name": item.name,
            "result": item.result,
            "tone": TONES[item.tone],
            "caseNo": self.words.t("outcome.case", grouped(item.case_no)) if item.case_no else "",
            "text": item.told,
            "steps": self._labelled(item.steps),
        }

    def _paper(self, line: PaperLine) -> dict[str, object]:
        t = self.words.t
        note = ""
        if line.state == "printing" and line.pages_total:
            text = t("print.pages", line.title, min(line.pages_done + 1, line.pages_total), line.pages_total)
        else:
            text = t(f"print.{line.state}", line.title)
        if line.state == "printing":
            note = t(f"fault.{line.reason}") if line.reason else t("print.where")
        elif line.reason:
            note = t(f"fault.{line.reason}")
        return {
            "paperId": line.paper_id,
            "text": text,
            "note": note,
            "stage": line.state,
            "pagesDone": line.pages_done,
            "pagesTotal": line.pages_total,
        }

    def _why(self, part: str) -> str:
        if self.body is None:
            return ""
        outcome = "together" if self.body.items else self.body.outcome
        if outcome == "approved" and not self.body.effective:
            outcome = "provisional"
        return self.words.t(f"outcome.{part}.{outcome}")

    heading = shown(str, "heading", changed)
    lead = shown(str, "lead", changed)
    caseNo = told(
        str, lambda self, body: "" if body.items or body.case_no in body.lead else grouped(body.case_no), changed
    )
    documentTitle = shown(str, "document_title", changed)
    documented = told(bool, lambda self, body: bool(body.document_lines), changed)
    stamp = shown(str, "stamp", changed)
    unsealed = shown(bool, "unsealed", changed)
    sample = shown(bool, "sample", changed)
    printing = shown(bool, "printing", changed)
    hasPapers = told(bool, lambda self, body: bool(body.papers), changed)
    hasSteps = told(bool, lambda self, body: bool(body.steps), changed)
    together = told(bool, lambda self, body: bool(body.items), changed)
    hasReasons = told(bool, lambda self, body: bool(body.reasons), changed)
    reasonsShown = shown(bool, "reasons_shown", changed)
    why = Property(str, lambda self: self._why("why"), notify=changed)
    whyTitle = Property(str, lambda self: self._why("why.title"), notify=changed)
    documentLines = Property(QObject, lambda self: self._lines, constant=True)
    papers = Property(QObject, lambda self: self._papers, constant=True)
    reasons = Property(QObject, lambda self: self._reasons, constant=True)
    steps = Property(QObject, lambda self: self._steps, constant=True)
    items = Property(QObject, lambda self: self._items, constant=True)

    @Slot()
    def next(self) -> None:
        self.post(NextPressed())

    @Slot()
    def toggleReasons(self) -> None:
        self.post(ReasonsToggled())
