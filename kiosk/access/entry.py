"""Who is let into maintenance: a staff card with its PIN, or a one-time code for the challenge that the page shows.

Both ways work without a network. Every step is in the audit log (``entry.*``). From any thread; a card that is being
asked keeps neither the page nor a code waiting.

Wrong codes have one counter, whatever number of staff they name: one secret stands behind all of them, and a counter
for each number would give 15 tries for each of a million numbers. Wrong PINs are counted by whose card it is: a
genuine card is needed to try one, and nobody locks another's card.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.staff_card import StaffCardReader
from kiosk.access import challenge, unlocking
from kiosk.access.cards import CardCheck, Cards, Member, NotProved
from kiosk.access.challenge import Shown, Typed
from kiosk.access.lockout import Lockout, Rule, Standing
from kiosk.access.roles import Role
from kiosk.access.secret import EntrySecret

RULE = Rule(free=5, first=15.0, closes=15)
UNLOCK_RULE = Rule(free=1, first=60.0, longest=900.0)
CHALLENGE_SECONDS = 3600.0
CHALLENGE_WRONG = 3  # wrong codes after which another number is shown
CODE, CARD, UNLOCK = "code", "card", "unlock"
_SEQUENCE = "access.entry.numbers"  # meta: by which key the numbers are mixed, and how many were shown
_UNLOCK_COUNTER = "access.entry.unlock"


class Journal(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...

    def record(self, key: str, value: str, event: str, /, **details: str | int) -> None: ...

    def audit(self, event: str, /, **details: str | int) -> None: ...


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the entry page shows. ``hour``: "2026-11-27 14", as the terminal's clock had it when the number was made;
    ``digits``: six, "" where no code can be checked (no entry secret yet). ``code_locked_for``: seconds during which no
    code is taken (0.0: one is). ``code_locked``: nothing but an unlock code (made by the operator's side for this same
    number) or the operator's command opens the way of codes again. ``card_offered``: this terminal has a list of staff
    cards, a card with PIN may be tried.
    """

    terminal: str
    hour: str
    digits: str
    code_locked_for: float = 0.0
    code_locked: bool = False
    card_offered: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """Let in. ``who``: number of the member of staff, ``way``: "card" or "code"."""

    role: Role
    who: str
    way: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not let in. ``reason``: one of REASONS. ``attempts_left`` before a wait (of the way of codes, or of this card's
    number), ``locked_for`` seconds during which nothing is taken this way. ``card_tries``: how many PINs the card
    itself would still check, None where it was not asked or does not say.
    """

    reason: str
    attempts_left: int = 0
    locked_for: float = 0.0
    card_tries: int | None = None


REASONS = (
    # of a code
    "no-secret",  # nobody can make codes for this terminal yet: only the card
    "mistyped",  # the check digits do not fit, or it is for another page: not compared, not counted
    "expired",  # for a number that is not shown any more (used, an hour old, restarted): not compared, not counted
    "wrong-code",  # compared, and counted
    "waiting",  # a wait runs: not compared (locked_for)
    "locked",  # too many: only an unlock code or the operator
    "unlocked",  # an unlock code was right: the way is open again, a new number is shown, enter now as usual
    # of a card
    "no-card",  # none in the slot, or pulled before it was asked anything
    "pulled",  # pulled in the middle
    "wrong-card",  # not a staff card
    "unknown-card",  # a real staff card that is not in this terminal's list
    "expired-card",
    "copied-card",
    "unproven-card",  # it could not be put to the proof, before the PIN or by it
    "another-card",  # not the same card before and after the PIN
    "wrong-pin",  # attempts_left, card_tries
    "blocked-card",  # the card takes no PIN any more
    "malformed-pin",  # not 6 to 8 digits: not sent to the card, not counted
    "reader-failed",  # the reader did not answer; what became of the PIN says card_tries
    "no-cards",  # the profile names no staff cards
)


class Entry:
    """``terminal`` gives the terminal's id as the operator's side has it, ``now`` the wall clock (Beijing), for what
    the page shows and for dates on cards; ``monotonic`` counts everything else. ``cards``: the list of staff cards
    (cards.py), empty where there is none.
    """

    def __init__(
        self,
        journal: Journal,
        secret: EntrySecret,
        *,
        terminal: Callable[[], str],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        cards: Cards | None = None,
    ) -> None:
        self._journal, self._secret, self._cards = journal, secret, cards or {}
        self._terminal, self._now, self._monotonic = terminal, now, monotonic
        self._lockout = Lockout(journal, RULE, monotonic)
        self._unlocks = Lockout(journal, UNLOCK_RULE, monotonic)
        self._turn, self._card_turn = threading.Lock(), threading.Lock()
        self._shown: Shown | None = None
        self._before: Shown | None = None  # what was shown before it: its codes are told from nonsense
        self._made_at = 0.0
        self._wrong = 0

    def begin(self) -> Challenge:
        """What the page shows now; makes a challenge where there is none or the last one is too old. Audited once per
        challenge (``entry.asked``). Cheap: may be asked again at any time, to see how the locks stand.
        """
        with self._turn:
            shown, known = self._current(), self._secret.known_outside() is not None
            standing = self._lockout.look(self._counter(CODE))
            return Challenge(
                shown.terminal, shown.hour, shown.digits if known else "", standing.wait, standing.closed,
                bool(self._cards),
            )  # fmt: skip

    def check_code(self, text: str) -> Entered | Refused:
        """Digits as typed; anything but digits in it is left out."""
        with self._turn:
            secret = self._secret.known_outside()
            if secret is None:
                return self._refused(CODE, "no-secret")
            shown = self._current()
            typed = challenge.read(text, shown)
            if typed is None:
                late = self._before is not None and challenge.read(text, self._before) is not None
                return self._refused(CODE, "expired" if late else "mistyped", self._look(CODE))
            return self._unlock(secret, shown, typed) if typed.role is None else self._enter(secret, shown, typed)

    def check_card(self, pin: str, device: StaffCardReader, deadline: Deadline) -> Entered | Refused:
        """Identify and prove the card in the slot, have it check the PIN, prove it again. Blocks (the counter's own
        worker calls it); ``device`` is let go of (``disconnect``) whatever happens.
        """
        with self._card_turn:
            if not self._cards:
                return self._refused(CARD, "no-cards")
            found = CardCheck(self._cards, self._now().date(), self._count_card).check(pin, device, deadline)
            if isinstance(found, Member):
                self._lockout.right(self._counter(CARD, found.number))
                self._journal.audit("entry.granted", way=CARD, role=found.role.value, staff=found.number)
                return Entered(found.role, found.number, CARD)
            standing = self._look(CARD, found.who) if found.who else None
            refused = self._refused(CARD, found.reason, standing, found.who, found.card_tries)
            if standing is not None and standing.closed and found.reason != "locked":
                self._journal.audit("entry.locked", way=CARD, staff=found.who)
            return refused

    # -- codes

    def _enter(self, secret: bytes, shown: Shown, typed: Typed) -> Entered | Refused:
        assert typed.role is not None  # noqa: S101  (looked at before)
        counter = self._counter(CODE)
        if (standing := self._lockout.count(counter)) is not None:
            return self._refused(CODE, "locked" if standing.closed else "waiting", standing)
        if challenge.right(secret, shown, typed):
            self._lockout.right(counter)
            self._renew()
            self._journal.audit("entry.granted", way=CODE, role=typed.role.value, staff=typed.who)
            return Entered(typed.role, typed.who, CODE)
        standing = self._lockout.look(counter)
        refused = self._refused(CODE, "wrong-code", standing, typed.who)
        if standing.closed:
            self._journal.audit("entry.locked", way=CODE)
        self._wrong += 1
        if self._wrong >= CHALLENGE_WRONG:
            self._renew()
        return refused

    def _unlock(self, secret: bytes, shown: Shown, typed: Typed) -> Refused:
        """One is compared at a time, and after a wrong one none for a while, whatever is restarted meanwhile."""
        if (standing := self._unlocks.count(_UNLOCK_COUNTER)) is not None:
            return self._refused(UNLOCK, "waiting", standing)
        if not challenge.right(secret, shown, typed):
            return self._refused(UNLOCK, "wrong-code", self._unlocks.look(_UNLOCK_COUNTER), typed.who)
        self._unlocks.right(_UNLOCK_COUNTER)
        unlocking.unlock(self._journal, "code", staff=typed.who)
        self._renew()
        return Refused("unlocked", RULE.free)

    def _current(self) -> Shown:
        """The challenge that holds now; a new one where there is none, an hour is over, or the terminal was enrolled
        meanwhile: what it was called before is nothing that the operator's side knows.
        """
        shown, age = self._shown, self._monotonic() - self._made_at
        if shown is None or age >= CHALLENGE_SECONDS or shown.terminal != self._terminal():
            self._renew()
        assert self._shown is not None  # noqa: S101
        return self._shown

    def _renew(self) -> None:
        """The number is spent before it is shown: after a power cut it does not come again."""
        key, _, count = (self._journal.meta(_SEQUENCE) or f"{secrets.token_hex(16)} 0").partition(" ")
        digits = challenge.nth_number(bytes.fromhex(key), int(count))
        self._journal.record(_SEQUENCE, f"{key} {int(count) + 1}", "entry.asked")
        self._before = self._shown
        self._shown = Shown(self._terminal(), f"{self._now():%Y-%m-%d %H}", digits)
        self._made_at, self._wrong = self._monotonic(), 0

    # -- cards

    def _count_card(self, member: Member) -> NotProved | None:
        """One more PIN of this member's card is about to be sent."""
        standing = self._lockout.count(self._counter(CARD, member.number))
        if standing is None:
            return None
        return NotProved("locked" if standing.closed else "waiting", member.number)

    # -- both

    def _counter(self, way: str, number: str = "") -> str:
        return unlocking.counter(self._journal, f"{way}.{number}" if number else way)

    def _look(self, way: str, number: str = "") -> Standing:
        return self._lockout.look(self._counter(way, number))

    def _refused(
        self, way: str, reason: str, standing: Standing | None = None, who: str = "", card_tries: int | None = None
    ) -> Refused:
        standing = standing or Standing(0)
        self._journal.audit(
            "entry.refused", way=way, reason=reason, left=standing.left, **({"staff": who} if who else {})
        )
        return Refused(reason, standing.left, standing.wait, card_tries)
