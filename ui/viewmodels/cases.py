"""My cases (我的办件): the list, and one case with its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.domain.life import May
from kiosk.visit.events import BackPressed, CaseChosen, CollectPressed, ErrandPressed, KnownForgotten
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told
from ui.viewmodels.outcome import grouped

if TYPE_CHECKING:
    from kiosk.visit.screen_cases import CaseBody, CaseLine, CasesBody
    from ui.viewmodels.base import Post
    from ui.words import Words

TONES = {
    "approved": "ok", "answered": "ok", "supplementing": "warn", "held": "warn", "refused": "bad",
    "not_accepted": "bad", "voided": "bad", "withdrawn": "blue",
}  # fmt: skip


def tone(line: CaseLine) -> str:
    return "warn" if line.changed else TONES.get(line.state, "teal")


class CasesModel(PageModel):
    """One row per case; ``detail`` says what moves next, ``badge`` how it stands."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._lines = RecordsModel(("caseId", "place", "title", "number", "detail", "badge", "tone", "yours"), self)

    def refresh(self, body: CasesBody) -> None:
        self._lines.replace([self._row(place, line) for place, line in enumerate(body.lines or ())])

    def forget(self) -> None:
        self._lines.clear()

    def _row(self, place: int, line: CaseLine) -> dict[str, object]:
        return {
            "caseId": line.case_id,
            "place": place,
            "title": line.title,
            "number": self.words.t("cases.number", grouped(line.case_no)),
            "detail": self._detail(line),
            "badge": line.word,
            "tone": tone(line),
            "yours": line.turn == "you" and not line.pending,
        }

    def _detail(self, line: CaseLine) -> str:
        t = self.words.t
        said = [t("cases.since", line.since)]
        if line.changed:
            said = [t("cases.changed")]
        elif line.pending and (line.queued or line.pending != "case"):
            said = [t(f"cases.pending.{line.pending}")]
        elif line.lacking:
            said = [t("cases.lacking", line.lacking)]
        elif line.answered:
            said = [t("cases.answered")]
        if line.due and not line.changed:
            said.append(t("cases.due", line.due))
        return " · ".join(said)

    def _lead(self) -> str:
        body: CasesBody | None = self.body
        if body is None or body.lines is None:
            return ""
        if body.asked == "asking":
            return self.words.t("cases.asking")
        if body.lines:
            return self.words.t("cases.lead")
        return self.words.t("cases.nothing.not_told" if body.asked == "not_told" else "cases.nothing.lead")

    def _title(self) -> str:
        body: CasesBody | None = self.body
        if body is None:
            return ""
        if body.lines is None or (not body.lines and body.asked == "asking"):
            return self.words.t("cases.looking")
        return self.words.t("cases.title" if body.lines else "cases.nothing.title")

    title = Property(str, _title, notify=changed)
    lead = Property(str, _lead, notify=changed)
    partly = told(str, lambda self, body: self.words.t("cases.not_told")
                  if body.asked == "not_told" and body.lines else "", changed)  # fmt: skip
    problemText = told(str, lambda self, body: self.words.t(f"cases.problem.{body.problem}") if body.problem else "",
                       changed)  # fmt: skip
    papers = told(str, lambda self, body: self.words.t("cases.papers", body.papers) if body.papers else "", changed)
    lines = Property(QObject, lambda self: self._lines, constant=True)

    knownText = told(
        str, lambda self, body: self.words.t("review.known", body.known_until) if body.known_until else "", changed
    )

    @Slot()
    def forgetKnown(self) -> None:
        self.post(KnownForgotten())

    @Slot(str)
    def open(self, case_id: str) -> None:
        self.post(CaseChosen(case_id))

    @Slot()
    def collect(self) -> None:
        self.post(CollectPressed())

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())


class CaseModel(PageModel):
    """One case: where it is, why, what comes next, and what may be done now."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._steps = RecordsModel(("kind", "text", "day", "stage"), self)
        self._rated = RecordsModel(("label", "text"), self)

    def refresh(self, body: CaseBody) -> None:
        t = self.words.t
        rows = []
        for step in body.steps:
            day = step.day
            if not day and step.stage == "now":
                day = t("case.by", body.line.due) if body.line.due else t("case.now")
            text = t(f"case.step.{step.kind}") if step.kind != "accepted" or not body.deemed else t("case.deemed")
            rows.append({"kind": step.kind, "text": text, "day": day, "stage": step.stage})
        self._steps.replace(rows)
        self._rated.replace([{"label": t(f"case.rated.{key}", *day), "text": text} for key, text, *day in _rated(body)])

    def forget(self) -> None:
        self._steps.clear()
        self._rated.clear()

    def _lead(self) -> str:
        body: CaseBody | None = self.body
        if body is None:
            return ""
        line, t = body.line, self.words.t
        if line.pending and (line.queued or line.pending != "case"):
            return t(f"case.pending.{line.pending}{'.queued' if line.queued else ''}")
        if line.changed:
            return t("case.next.changed")
        key = f"case.next.{line.state}"
        if line.state == "approved" and body.papers:
            return t(f"{key}.papers")
        if line.state == "accepted" and line.due and any(step.kind == "answering" for step in body.steps):
            return t("case.next.accepted.complaint.due", line.due)
        if line.state in ("received", "accepted") and line.due:
            return t(f"{key}.due", line.due)
        return t(key)

    def _notes(self) -> list[str]:
        """What is to be known besides, most important first."""
        body: CaseBody | None = self.body
        if body is None:
            return []
        t, said = self.words.t, []
        if body.problem:
            said.append(t(f"cases.problem.{body.problem}"))
        if body.unheeded:
            said.append(t(f"case.unheeded.{body.unheeded}"))
        if body.obstacle:
            said.append(t("case.lacking.line" if body.obstacle == "line" else "case.desk"))
        if not body.line.fresh and not body.line.queued:
            said.append(t("case.stale"))
        return said

    def _has(self, action: str) -> bool:
        return self.body is not None and action in self.body.actions

    title = told(str, lambda self, body: body.line.title, changed)
    number = told(str, lambda self, body: self.words.t("cases.number", grouped(body.line.case_no)), changed)
    word = told(str, lambda self, body: body.line.word, changed)
    tone = told(str, lambda self, body: tone(body.line), changed)
    lead = Property(str, _lead, notify=changed)
    notes = Property(list, _notes, notify=changed)
    said = shown(str, "said", changed)
    whose = told(
        str,
        lambda self, body: self.words.t("case.said.you" if body.line.state == "withdrawn" else "case.said"),
        changed,
    )
    remedy = shown(str, "remedy", changed)
    office = told(str, lambda self, body: self.words.t("case.office", body.office) if body.office else "", changed)
    lacking = told(list, lambda self, body: list(body.lacking), changed)
    canSupplement = Property(bool, lambda self: self._has("supplement"), notify=changed)
    canWithdraw = Property(bool, lambda self: self._has("withdraw"), notify=changed)
    canCollect = Property(bool, lambda self: self._has("collect"), notify=changed)
    canRate = Property(bool, lambda self: self._has("rate"), notify=changed)
    canReply = Property(bool, lambda self: self._has("reply"), notify=changed)
    isRated = told(bool, lambda self, body: body.rated is not None, changed)
    ratedNote = told(str, lambda self, body: self.words.t(_rated_note(body)) if _rated_note(body) else "", changed)
    steps = Property(QObject, lambda self: self._steps, constant=True)
    rated = Property(QObject, lambda self: self._rated, constant=True)

    @Slot()
    def supplement(self) -> None:
        self.post(ErrandPressed(May.SUPPLEMENT))

    @Slot()
    def rate(self) -> None:
        self.post(ErrandPressed(May.RATE))

    @Slot()
    def reply(self) -> None:
        self.post(ErrandPressed(May.REPLY))

    @Slot()
    def withdraw(self) -> None:
        self.post(ErrandPressed(May.WITHDRAW))

    @Slot()
    def collect(self) -> None:
        self.post(CollectPressed())

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())


def _rated(body: CaseBody) -> list[tuple[str, ...]]:
    """The rows about the person's own rating: which, its text, and a day where its label has one."""
    said = body.rated
    if said is None:
        return []
    level = "\n".join((said.level, *said.reasons))
    rows = [
        ("level", level), ("task", said.task if not said.answer else ""), ("due", said.due), ("finding", said.finding),
        ("longer", said.longer), ("answer", said.answer, said.answered), ("added", said.added),
    ]  # fmt: skip
    return [row for row in rows if row[1]]


def _rated_note(body: CaseBody) -> str:
    """What is to be said where the rows do not: the key of it."""
    said = body.rated
    if said is None:
        return ""
    return "case.rated.saved" if said.saved and not said.added else "" if said.level else "case.rated.unknown"
