"""Questions that a terminal seals to the backend, and answers that are sealed to the key which the question brought.

Whoever answers knows what is asked; here is what they have in common: the backend's keys, newest first, the terminal's
suite, a length that tells little (in steps of 4 KB; the time that an answer takes is not hidden), and a limit for
whoever has a terminal's key and a list of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from kiosk import suites, wire
from kiosk.backend import log
from kiosk.backend.keys import BackendKeys
from kiosk.backend.problems import Refusal
from kiosk.backend.rates import Rates
from kiosk.backend.store.engine import Connection, Store, StoreBusy
from kiosk.backend.store.items import raise_alarm_once
from kiosk.backend.store.terminals import Terminal
from kiosk.domain.beijing import CHINA

STEP = 4096  # bytes
RATE, BURST = 10 / 60, 30  # of one terminal: questions a second for ever, and at once
RATE_DAY, BURST_DAY = 300 / 86400, 300  # the same, for whoever is patient: a visit asks once, and a day has fewer


class Question(Protocol):
    @property
    def number(self) -> str: ...

    @property
    def reply_key(self) -> str: ...


Q = TypeVar("Q", bound=Question)


class Limit:
    """How often one terminal may ask. Whoever is over it is refused, and an alarm, one for each terminal and day.

    Thread-safe. ``alarm``: its code; ``clock`` is monotonic, seconds; ``now`` the time of day.
    """

    def __init__(self, rows: Store, alarm: str, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._store, self._alarm, self._now = rows, alarm, now
        self._rates = (Rates(RATE, BURST, clock), Rates(RATE_DAY, BURST_DAY, clock))
        self._told: dict[str, date] = {}  # when a terminal was last an alarm: no question of it is a transaction

    def take(self, terminal_id: str) -> None:
        """Raises Refusal."""
        if not all(rates.allows(terminal_id) for rates in self._rates):
            self._tell(terminal_id)
            raise Refusal("too-many-requests")
        for rates in self._rates:
            rates.take(terminal_id)

    def _tell(self, terminal_id: str) -> None:
        now = self._now()
        day = now.astimezone(CHINA).date()
        if self._told.get(terminal_id) == day:
            return
        log.event("questions.too-many", terminal=terminal_id, alarm=self._alarm)
        try:
            self._store.write(partial(self._raise, terminal_id=terminal_id, day=day.isoformat(), now=now))
        except StoreBusy:
            return  # it is told with the next question
        self._told[terminal_id] = day

    def _raise(self, connection: Connection, terminal_id: str, day: str, now: datetime) -> None:
        raise_alarm_once(connection, terminal_id, self._alarm, day, "", now)


def opened(
    keys: BackendKeys, terminal: Terminal, sealed: str, info: bytes, read: Callable[[bytes], Q]
) -> tuple[Q, bytes]:
    """The question, and the key for its answer, which is of the terminal's own suite. Raises Refusal."""
    try:
        raw = wire.unb64(sealed)
        for epoch in reversed(keys.of(terminal.suite)):
            try:
                question = read(suites.of_key(epoch.sealing_private).unseal(raw, epoch.sealing_private, info))
            except suites.NotOpened:
                continue
            key = wire.unb64(question.reply_key)
            if terminal.suite == suites.of_key(key).NAME and question.number.strip():
                return question, key
            break
    except (ValueError, msgspec.MsgspecError, RecursionError):  # the last: brackets within brackets, 20 000 deep
        raise Refusal("not-sealed") from None
    raise Refusal("not-sealed")


def answered(answer: object, reply_key: bytes, info: bytes) -> str:
    """The answer, sealed, in base64. Raises Refusal."""
    plain = msgspec.json.encode(answer)
    plain += b" " * (-len(plain) % STEP)
    try:
        return wire.b64(suites.of_key(reply_key).seal(plain, reply_key, info))
    except ValueError:  # a point that is none
        raise Refusal("not-sealed") from None
