"""A terminal at whose entry somebody stands: clocks that are moved by hand, a journal in memory that survives."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from kiosk.access.cards import Cards
from kiosk.access.challenge import Shown, code_for
from kiosk.access.entry import Challenge, Entered, Entry, Refused
from kiosk.access.roles import Role
from kiosk.access.secret import EntrySecret
from kiosk.domain.beijing import CHINA
from kiosk.journal import catalogue

TERMINAL = "330102-AB2C3D"
NOON = datetime(2026, 11, 27, 14, 5, tzinfo=CHINA)


class PowerCut(BaseException):
    """The process ends here."""


class Memory:
    """The journal as far as the entry uses it. ``before_write`` and ``after_write`` are called when a value is kept."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.events: list[tuple[str, dict[str, str | int]]] = []
        self.before_write: Callable[[str], None] = lambda _: None
        self.after_write: Callable[[str], None] = lambda _: None

    def meta(self, key: str) -> str | None:
        return self.values.get(key)

    def set_meta(self, key: str, value: str) -> None:
        self.before_write(key)
        self.values[key] = value
        self.after_write(key)

    def record(self, key: str, value: str, event: str, /, **details: str | int) -> None:
        self.audit(event, **details)
        self.set_meta(key, value)

    def audit(self, event: str, /, **details: str | int) -> None:
        catalogue.kind_of(event).check(details)
        self.events.append((event, details))

    def told(self, event: str) -> list[dict[str, str | int]]:
        return [details for name, details in self.events if name == event]


class Terminal:
    """``entry`` is its entry in this life; `restart` begins another, with another monotonic clock."""

    def __init__(self, cards: Cards | None = None, *, told: bool = True, terminal: str = TERMINAL) -> None:
        self.memory, self.wall, self.monotonic = Memory(), NOON, 50.0
        drawn = hashlib.sha256(terminal.encode()).hexdigest()  # of each terminal its own, and the same in every run
        self.memory.values |= {"access.entry.secret": drawn, "access.entry.numbers": f"{drawn[:32]} 0"}
        self._cards, self._name = cards, terminal
        self.secret = EntrySecret(self.memory)
        if told:
            self.secret.note_told("0" * 16)
        self.restart(self.monotonic)

    def restart(self, monotonic: float = 3.0) -> Entry:
        self.monotonic = monotonic
        self.entry = Entry(
            self.memory, EntrySecret(self.memory), terminal=lambda: self._name, now=lambda: self.wall,
            monotonic=lambda: self.monotonic, cards=self._cards,
        )  # fmt: skip
        return self.entry

    def wait(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += timedelta(seconds=seconds)

    def page(self) -> Shown:
        return shown(self.entry.begin())

    def code(self, role: Role | None = Role.TECHNICIAN, who: str = "0417", page: Shown | None = None) -> str:
        """What the operator's side would say."""
        return code_for(self.secret.value(), page or self.page(), role, who)

    def wrong(self, guess: int = 0, role: Role | None = Role.TECHNICIAN) -> str:
        """A guess as somebody makes it who knows everything but the secret: its check digits fit the page."""
        right, page = self.code(role), self.page()
        size = 16 if role is None else 8
        mac = (int(right[-2 - size : -2]) + 1 + guess) % 10**size
        return checked(f"{right[: -2 - size]}{mac:0{size}d}", page)

    def type(self, text: str) -> Entered | Refused:
        return self.entry.check_code(text)

    def try_wrong(self, **options: Any) -> Refused:
        found = self.type(self.wrong(**options))
        assert isinstance(found, Refused)
        return found


def shown(page: Challenge) -> Shown:
    return Shown(page.terminal, page.hour, page.digits)


def checked(body: str, page: Shown) -> str:
    """``body`` with the check digits of this page, which anybody can reckon (ISO 7064 MOD 97-10)."""
    number = zlib.crc32(f"{page.terminal}\0{page.hour}\0{page.digits}".encode())
    return f"{body}{98 - int(f'{number}{body}') * 100 % 97:02d}"
