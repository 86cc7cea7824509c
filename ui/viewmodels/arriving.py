"""Home and guide: what can be done here, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Property, QObject, Signal, Slot

from kiosk.visit.events import BackPressed, CollectPressed, HelpPressed, NextPressed, ResumePressed, ServiceChosen
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import GuideBody, HomeBody
    from ui.viewmodels.base import Post
    from ui.words import Words

AT_ONCE = 4  # choices on one page of elder mode
FEW = 3  # services that may spread out over the page
TONES = {
    "business": "teal", "pension": "seal", "work": "violet", "home": "warn", "family": "ok", "utility": "blue",
}  # fmt: skip
HOME_ROLES = (
    "serviceId", "category", "glyph", "tone", "name", "shortName", "summary", "badge", "verdict", "first",
)  # fmt: skip


class HomeModel(PageModel):
    """The services. In elder mode at most four at a time; ``turn`` shows the next four."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._elder = False
        self._turn = 0
        self._services = RecordsModel(HOME_ROLES, self)

    def set_elder(self, elder: bool) -> None:
        if elder != self._elder:
            self._elder = elder
            self._turn = 0
            self._reword()

    def refresh(self, body: HomeBody) -> None:
        cards = body.services
        if self._elder:
            start = self._turn % self._count() * AT_ONCE
            cards = cards[start : start + AT_ONCE]
        rows: list[dict[str, Any]] = []
        order = list(dict.fromkeys(card.category for card in cards))  # as the profile lists them
        for card in cards if self._elder else sorted(cards, key=lambda c: order.index(c.category)):
            rows.append(
                {
                    "serviceId": card.service_id,
                    "category": self.words.t(f"category.{card.category}"),
                    "glyph": self.words.t(f"category.{card.category}.glyph"),
                    "tone": TONES.get(card.category, "teal"),
                    "name": card.name,
                    "shortName": card.short_name or card.name,
                    "summary": card.summary,
                    "badge": card.badge,
                    "verdict": card.verdict,
                    "first": not rows or rows[-1]["category"] != self.words.t(f"category.{card.category}"),
                }
            )
        self._services.replace(rows)

    def forget(self) -> None:
        self._turn = 0
        self._services.clear()

    def _count(self) -> int:
        services = len(self.body.services) if self.body is not None else 0
        return max(1, -(-services // AT_ONCE))

    def _waiting(self, part: str) -> str:
        if self.body is None or not self.body.collect:
            return ""
        return self.words.t(f"home.waiting.{self.body.collect}{part}", self.body.collect_count)

    greeting = shown(str, "greeting", changed)
    waitingTitle = Property(str, lambda self: self._waiting(""), notify=changed)
    waitingDetail = Property(str, lambda self: self._waiting(".detail"), notify=changed)
    unfinished = shown(bool, "unfinished", changed)
    notNow = told(bool, lambda self, body: body.problem == "resume_not_now", changed)
    pages = Property(int, _count, notify=changed)
    few = told(bool, lambda self, body: len(body.services) <= FEW, changed)
    services = Property(QObject, lambda self: self._services, constant=True)

    @Slot(str)
    def choose(self, service_id: str) -> None:
        self.post(ServiceChosen(service_id))

    @Slot()
    def collect(self) -> None:
        self.post(CollectPressed())

    @Slot()
    def resume(self) -> None:
        self.post(ResumePressed())

    @Slot()
    def turn(self) -> None:
        self._turn += 1
        self._reword()

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())


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
                {"key": f"{key}.{good}", "text": t(_family("good" if good else "lacking", key)), "good": good}
                for key, good in (*known, *lacking)
            ]
        )
        self._figures.replace(
            [
                {"label": t("guide.minutes"), "value": t("guide.minutes.value", body.minutes)},
                {"label": t("guide.questions"), "value": self._amount("questions.value", body.questions)},
                {"label": t("guide.errands"), "value": self._amount("errands.value", body.errands)},
            ]
        )
        self._prepare.replace([{"title": title, "detail": detail} for title, detail in body.prepare])

    def forget(self) -> None:
        for model in (self._reasons, self._figures, self._prepare):
            model.clear()

    def _amount(self, of: str, number: int) -> str:
        return self.words.t(f"guide.{of}", number) if number else self.words.t(f"guide.{of}.none")

    def _line(self) -> str:
        """The three figures as one line of text, for large type."""
        if self.body is None:
            return ""
        body = self.body
        return " · ".join(
            (
                self.words.t("guide.line.minutes", body.minutes),
                self._amount("line.questions", body.questions),
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
