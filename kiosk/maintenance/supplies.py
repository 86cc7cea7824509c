"""Room ``supplies``: what is used up, how much is left, the day it runs out; parts that wear."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from kiosk.access.roles import Deed
from kiosk.domain.beijing import CHINA
from kiosk.journal.errors import JournalError
from kiosk.maintenance import repair_book, stock, words
from kiosk.maintenance.bare import NO, YES, BareRoom
from kiosk.maintenance.keeping import FULL
from kiosk.maintenance.screen import Button, Page, Row, Said, Tone
from kiosk.maintenance.verdicts import ORDER, worse

if TYPE_CHECKING:
    from kiosk.journal.supplies import Supply
    from kiosk.maintenance.counting import SupplyCounter
    from kiosk.maintenance.house import House
    from kiosk.maintenance.room import Path, Session

RENEWED = "renewed"


class Supplies(BareRoom):
    """``counter`` looks at the devices' counts when the page is opened, so that they are of now."""

    name = "supplies"
    opens = Deed.LOOK
    deeds: ClassVar[Mapping[str, Deed]] = {RENEWED: Deed.REFILL}

    def __init__(self, house: House, counter: SupplyCounter) -> None:
        super().__init__()
        self._house, self._counter = house, counter
        self._found: Mapping[str, Supply] | None = None

    def tone(self) -> Tone:
        return worse("plain", *(row.tone for row in self._rows()))

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self.read(self._look)

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        kind = stock.kinds().get(value)
        if name == NO:
            self.ask = None
        elif name == RENEWED and kind is not None and _renewable(kind):
            text = Said("maint.supplies.ask", (Said(f"maint.supplies.{kind.name}"),))
            self.ask = self.question(RENEWED, text, Said("maint.supplies.renewed"), kind.name)
        elif name == RENEWED + YES and kind is not None and self.ask is not None:
            self.ask = None
            self.read(lambda: self._renew(kind.name))

    def _look(self) -> None:
        try:
            self._counter.count()
        except JournalError as error:
            if error.code not in FULL:
                raise
            self.say("not_kept", tone="attention")
        self._read()

    def _read(self) -> None:
        self._found = {one.name: one for one in self._house.journal.supplies()}
        self.desk.changed()

    def _renew(self, name: str) -> None:
        try:
            self._house.journal.renew_supply(name)
        except JournalError as error:
            if error.code not in FULL:
                raise
            self.say("not_kept", tone="attention")
        else:
            self.say("noted", Said(f"maint.supplies.{name}"), tone="ok")
        self._read()

    # -- what is shown -------------------------------------------------------------------------------

    def page(self, path: Path, session: Session) -> Page:
        rows = tuple(sorted(self._rows(), key=lambda row: ORDER.index(row.tone)))
        lead = Said("maint.supplies.lead" if self._found is not None else "maint.supplies.looking")
        return Page(
            "supplies", Said("maint.supplies.heading"), tone=worse("plain", *(row.tone for row in rows)), lead=lead,
            rows=rows, notice=self.notice, ask=self.ask,
        )  # fmt: skip

    def _rows(self) -> list[Row]:
        today = self._house.now().astimezone(CHINA).date()
        there = self._house.actors
        return [self._row(kind, today) for kind in stock.kinds().values() if kind.kind in there]

    def _row(self, kind: stock.Kind, today: date) -> Row:
        supply = (self._found or {}).get(kind.name)
        left = stock.left(kind, supply, today)
        repair = repair_book.repairs().get(kind.repair)
        button = None
        if repair is not None:
            button = Button("refill", Said(f"maint.repairs.{repair.name}.offer"), opens=repair.path(kind.kind))
        elif _renewable(kind):
            button = Button(RENEWED, Said("maint.supplies.renewed"), kind.name)
        return Row(
            kind.name, Said(f"maint.supplies.{kind.name}"), self._detail(kind, supply, left),
            stock.tone(kind, left, today), button, picture=words.place(kind.kind),
        )  # fmt: skip

    def _detail(self, kind: stock.Kind, supply: Supply | None, left: stock.Left) -> Said:
        percent = None if left.percent is None else Said("maint.supplies.left", (left.percent,))
        if left.day is not None:
            ends: Said | None = Said("maint.supplies.until", (words.day(left.day),))
        else:
            ends = Said(f"maint.supplies.why.{left.why}") if left.why else None
        renewed = None
        if supply is not None and supply.renewed is not None:
            renewed = Said("maint.supplies.renewed_on", (words.day(supply.renewed),))
        total = None
        if kind.counter and supply is not None:
            total = Said(f"maint.supplies.total.{kind.name}", (_shown(kind, supply.total),))
        if (percent, ends, renewed, total) == (None, None, None, None):
            return Said("maint.supplies.uncounted")
        return words.dots(percent, ends, renewed, total)


def _renewable(kind: stock.Kind) -> bool:
    return bool(kind.stock or kind.level or kind.days or kind.life)


def _shown(kind: stock.Kind, amount: int) -> int | str:
    """Millimetres are told in metres."""
    return f"{amount / 1000:.1f}" if kind.name.endswith("_mm") else amount
