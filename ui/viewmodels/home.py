"""Home and search: what can be done here, by category and by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from kiosk.visit.events import (
    BackPressed,
    CasesPressed,
    CategoryChosen,
    CollectPressed,
    HelpPressed,
    ResumePressed,
    SearchPressed,
    SearchTyped,
    ServiceChosen,
)
from ui.input.editor import Editor
from ui.models.records import RecordsModel
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import HomeBody, SearchBody, ServiceCard
    from ui.viewmodels.base import Post
    from ui.words import Words

FEW = 3  # services that may spread out over the page
SMALL = 6  # services that stand in one list; more are found by category, by name, or among the first
OFTEN = 4  # services that stand on the page without a category
AT_ONCE, THEN = 6, 4  # rows of a list that a frame has time for: first, and in each turn after it
LONGEST = 24  # characters of what is looked for
TONES = {
    "business": "teal", "pension": "seal", "work": "violet", "home": "warn", "family": "ok", "utility": "blue",
}  # fmt: skip
SERVICE = (
    "serviceId", "category", "glyph", "tone", "name", "shortName", "summary", "line", "verdict", "able", "first",
)  # fmt: skip
CATEGORY = ("key", "glyph", "tone", "name", "count")


def service_rows(words: Words, cards: Sequence[ServiceCard]) -> list[dict[str, Any]]:
    """Cards as rows. ``line``: the promise, or what cannot be done now; ``first`` of those of a category that stand
    together."""
    rows: list[dict[str, Any]] = []
    for card in cards:
        category = words.t(f"category.{card.category}")
        rows.append(
            {
                "serviceId": card.service_id,
                "category": category,
                "glyph": words.t(f"category.{card.category}.glyph"),
                "tone": TONES.get(card.category, "teal"),
                "name": card.name,
                "shortName": card.short_name or card.name,
                "summary": card.summary,
                "verdict": card.verdict,
                "able": card.verdict == "can",
                "line": _line(words, card),
                "first": not rows or rows[-1]["category"] != category,
            }
        )
    return rows


def _line(words: Words, card: ServiceCard) -> str:
    if card.hours:
        return words.t("home.hours", card.hours)
    return card.badge if card.verdict == "can" else words.t(f"home.{card.verdict}")


def category_rows(words: Words, counts: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """As the profile lists them; what has no category of its own comes last."""
    return [
        {
            "key": key,
            "glyph": words.t(f"category.{key}.glyph"),
            "tone": TONES.get(key, "teal"),
            "name": words.t(f"category.{key}"),
            "count": words.t("home.count", count),
        }
        for key, count in sorted(counts, key=lambda each: each[0] == "other")
    ]


class ServicesModel(PageModel):
    """What home and search share: a list of services, a list of categories, and what a touch on them says."""

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._services = RecordsModel(SERVICE, self)
        self._categories = RecordsModel(CATEGORY, self)

    services = Property(QObject, lambda self: self._services, constant=True)
    categories = Property(QObject, lambda self: self._categories, constant=True)

    @Slot(str)
    def choose(self, service_id: str) -> None:
        self.post(ServiceChosen(service_id))

    @Slot(str)
    def open(self, category: str) -> None:
        self.post(CategoryChosen(category))

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())


class HomeModel(ServicesModel):
    """A few services are one list. Of many the first stand on the page, the others behind their category."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._often = RecordsModel(SERVICE, self)
        self._listed: list[dict[str, Any]] = []
        self._growing = QTimer(self)
        self._growing.setSingleShot(True)
        self._growing.timeout.connect(self._grow)

    def refresh(self, body: HomeBody) -> None:
        cards, counts = body.services, Counter(card.category for card in body.services)
        order = list(counts)  # as the profile lists them
        many = len(cards) > SMALL
        if many:
            listed: Sequence[ServiceCard] = [card for card in cards if card.category == body.category]
        else:
            listed = sorted(cards, key=lambda card: order.index(card.category))
        overview = many and not body.category
        often = [card for card in cards if card.verdict != "cannot"][:OFTEN] if overview else []
        before, self._listed = len(self._services.rows), service_rows(self.words, listed)
        self._services.replace(self._listed[: max(before, AT_ONCE)])
        self._grow_on()
        self._often.replace(service_rows(self.words, often))
        self._categories.replace(category_rows(self.words, counts.items()) if overview else [])

    def _grow_on(self) -> None:
        if len(self._services.rows) < len(self._listed):
            self._growing.start(0)

    @Slot()
    def _grow(self) -> None:
        """A long list comes in parts, so that the window draws and answers in between."""
        self._services.replace(self._listed[: len(self._services.rows) + THEN])
        self._grow_on()

    def forget(self) -> None:
        self._growing.stop()
        self._listed = []
        for model in (self._services, self._often, self._categories):
            model.clear()

    def _opened(self) -> bool:
        return self.body is not None and bool(self.body.category) and len(self.body.services) > SMALL

    def _waiting(self, part: str) -> str:
        if self.body is None or not self.body.collect:
            return ""
        return self.words.t(f"home.waiting.{self.body.collect}{part}", self.body.collect_count)

    greeting = shown(str, "greeting", changed)
    waitingTitle = Property(str, lambda self: self._waiting(""), notify=changed)
    waitingDetail = Property(str, lambda self: self._waiting(".detail"), notify=changed)
    unfinished = shown(bool, "unfinished", changed)
    notNow = told(bool, lambda self, body: body.problem == "resume_not_now", changed)
    few = told(bool, lambda self, body: len(body.services) <= FEW, changed)
    many = told(bool, lambda self, body: len(body.services) > SMALL, changed)
    opened = Property(bool, _opened, notify=changed)  # one category is listed
    category = Property(
        str, lambda self: self.words.t(f"category.{self.body.category}") if self._opened() else "", notify=changed
    )
    often = Property(QObject, lambda self: self._often, constant=True)

    @Slot()
    def search(self) -> None:
        self.post(SearchPressed())

    @Slot()
    def collect(self) -> None:
        self.post(CollectPressed())

    @Slot()
    def cases(self) -> None:
        self.post(CasesPressed())

    @Slot()
    def resume(self) -> None:
        self.post(ResumePressed())

    @Slot()
    def help(self) -> None:
        self.post(HelpPressed())


class SearchModel(ServicesModel):
    """What is typed lives here; the visit hears of every key, open letters included, and says what fits."""

    changed = Signal()

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(words, post, parent)
        self._editor = Editor(words, self)
        self._editor.changed.connect(self._typed)
        self._begun = False
        self._sent: list[str] = []  # posted, and not answered yet

    def refresh(self, body: SearchBody) -> None:
        if not self._begun:
            self._begun = True
            self._editor.begin("text", body.query, LONGEST)
        elif body.query in self._sent:
            del self._sent[: self._sent.index(body.query) + 1]
        elif not self._sent and body.query != self._editor.typed:  # it was wiped
            self._editor.begin("text", body.query, LONGEST)
        self._services.replace(service_rows(self.words, body.services))
        lost = bool(body.query) and not body.services
        self._categories.replace(category_rows(self.words, body.categories) if lost else [])

    def forget(self) -> None:
        self._begun = False
        self._sent.clear()
        self._services.clear()
        self._categories.clear()
        self._editor.forget()

    @Slot()
    def _typed(self) -> None:
        typed = self._editor.typed
        if self._begun and self.body is not None and typed != (self._sent[-1] if self._sent else self.body.query):
            self._sent.append(typed)
            self.post(SearchTyped(typed))

    def _note(self) -> str:
        """What to do: how to type, that there is more, or where else to ask."""
        if self.body is None or (self.body.services and not self.body.more):
            return ""
        if not self.body.query:
            return self.words.t("search.hint")
        if self.body.services:
            return self.words.t("search.more", self.body.more)
        return self.words.t("search.call", self.body.phone) if self.body.phone else self.words.t("search.ask")

    nothing = told(bool, lambda self, body: bool(body.query) and not body.services, changed)
    note = Property(str, _note, notify=changed)
    input = Property(QObject, lambda self: self._editor, constant=True)
