"""Staff ask to be let in: what they may try, and what came of it; then the maintenance desk, whose work is not ours.

A PIN is checked where the card lies, in the thread of its reader's actor. Without an entry (no list of cards and no way
to check a code) nobody is let in, and the page says so; nor while the journal, which counts what was wrong and says who
came, takes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.staff_card import StaffCardReader
from kiosk.access.entry import Challenge, Entered, Refused
from kiosk.access.roles import Role
from kiosk.counter.actors import Actor
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.visit.effects import CheckEntry, CloseMaintenance, OpenMaintenance
from kiosk.visit.events import EntryChecked, EntryOffered
from kiosk.visit.ports import Post

CARD_SECONDS = 20.0  # to prove a card, have it check the PIN and prove it again
LATE_SECONDS = 2.0  # that the answer may be behind its deadline


class Gate(Protocol):
    """kiosk.access.entry.Entry."""

    def begin(self) -> Challenge: ...

    def check_code(self, text: str) -> Entered | Refused: ...

    def check_card(self, pin: str, device: StaffCardReader, deadline: Deadline) -> Entered | Refused: ...


class EntryDesk:
    """``start`` runs a job off the core loop. ``begin`` is told who was let in, ``end`` why they have to go."""

    def __init__(
        self,
        gate: Gate | None,
        card: Actor | None,
        post: Post,
        start: Callable[[Callable[[], object]], object],
        begin: Callable[[Role, str], None],
        end: Callable[[str], None],
    ) -> None:
        self._gate, self._card, self._post, self._start = gate, card, post, start
        self._begin, self._end = begin, end

    def admit(self) -> None:
        self._start(self._offer)

    def check(self, effect: CheckEntry) -> None:
        self._start(lambda: self._post(EntryChecked(self._check(effect), effect.turn)))

    def open(self, effect: OpenMaintenance) -> None:
        self._begin(effect.role, effect.who)

    def close(self, effect: CloseMaintenance) -> None:
        self._end(effect.reason)

    def _offer(self) -> None:
        try:
            told = None if self._gate is None else self._gate.begin()
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            told = None
        self._post(EntryOffered(told))

    def _check(self, effect: CheckEntry) -> Entered | Refused:
        try:
            return self._checked(effect)
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return Refused("waiting")

    def _checked(self, effect: CheckEntry) -> Entered | Refused:
        gate, card = self._gate, self._card
        if gate is None:
            return Refused("no-secret")
        if effect.way == "code":
            return gate.check_code(effect.typed)
        if card is None:
            return Refused("no-cards")
        asked = card.submit(lambda device, deadline: gate.check_card(effect.typed, device, deadline), CARD_SECONDS)
        try:
            return asked.result(CARD_SECONDS + LATE_SECONDS)
        except (DeviceError, TimeoutError, CancelledError):  # what became of the PIN, the card itself knows
            return Refused("reader-failed")
