"""The maintenance window under test: a desk that only remembers, and samples by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.maintenance.screen import Page, Snapshot
from kiosk.visit.screen import NoticeBody
from ui.samples import Sample
from ui.samples_maintenance import maintenance_samples

STAFF_PAGE = Sample("maintenance", "maintenance", NoticeBody(), {})


@dataclass
class FakeDesk:
    """Remembers intents; delivers the snapshots a test hands it, the last one at once to whoever comes later."""

    intents: list[Any] = field(default_factory=list)
    listeners: list[Callable[[Snapshot | None], None]] = field(default_factory=list)
    last: Snapshot | None = None

    def subscribe(self, listener: Callable[[Snapshot | None], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        listener(self.last)
        return lambda: self.listeners.remove(listener)

    def post(self, intent: Any) -> None:
        self.intents.append(intent)

    def tell(self, snapshot: Snapshot | None) -> None:
        self.last = snapshot
        for listener in tuple(self.listeners):
            listener(snapshot)


@dataclass
class Works:
    """A window (conftest.Stage) with staff in front of it."""

    stage: Any
    desk: FakeDesk
    language: Any = "zh_CN"

    def sample(self, name: str) -> Snapshot:
        return next(s.snapshot for s in maintenance_samples(self.language) if s.name == f"maint-{name}")

    def show(self, snapshot: Snapshot | str) -> None:
        wanted = self.sample(snapshot) if isinstance(snapshot, str) else snapshot
        self.desk.tell(wanted)
        self.stage.until(lambda: self.model.snapshot == wanted)
        self.stage.settle()
        self.stage.settle()  # the foot arranges itself when the words are there

    def page(self, name: str, **changes: Any) -> None:
        """A sample with another page."""
        snapshot = self.sample(name)
        self.show(replace(snapshot, page=replace(snapshot.page, **changes)))

    def put(self, page: Page) -> None:
        self.show(replace(self.sample("overview"), page=page))

    def tap(self, name: str) -> list[Any]:
        """Touch an item; the intents that came of it, besides that somebody touches the screen."""
        before = len(self.desk.intents)
        self.stage.tap(name)
        return [intent for intent in self.desk.intents[before:] if type(intent).__name__ != "Stir"]

    @property
    def model(self) -> Any:
        return self.stage.bridge.property("maintenance")


def enter(stage: Any, language: Any = "zh_CN") -> Works:
    """Staff were let in: the page is shown, the desk has no snapshot yet."""
    desk = FakeDesk()
    stage.bridge.maintained_by(lambda: desk)
    stage.show(STAFF_PAGE, language)
    return Works(stage, desk, language)
