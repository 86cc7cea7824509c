"""What the night may look at, as callables: whoever assembles the terminal joins them to its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from kiosk.health.findings import NIGHT
from kiosk.health.proofs import Outcome, Proof

if TYPE_CHECKING:
    from devices.contracts.device import Status
    from kiosk.domain.workdays import Calendar
    from kiosk.health.loops import Loop
    from kiosk.journal.records import Counts
    from kiosk.services.model import ServicePack
    from kiosk.sync.clock import Reading


class Meta(Protocol):
    """The part of the journal where a trend is kept."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """``now``: Beijing time as the machine shows it. ``clock``: kiosk.sync.clock. ``counts``: the journal's queue.

    ``hangs``: whether the sync thread stands still. ``free``: bytes free on the journal's disk, the reserve apart;
    ``least_free``: bytes with less than which no visit begins. ``restless``: actors and workers that restarted too
    often, and how often (kiosk.health.supervisor). ``certificate_end``: the end of the backend's TLS certificate; None
    where there is none or nobody answers. ``key_since``: since when the terminal's own key is in use, as far as is
    known; ``key_days``: after how many it is changed by itself. ``forecast``: days that each supply still lasts
    (kiosk.maintenance.stock.days_left); ``temperature``: the machine's, °C.
    ``loops``: closed loops. ``pause`` waits so many seconds; ``going``: False from the moment that somebody comes.
    """

    now: Callable[[], datetime]
    meta: Meta
    statuses: Callable[[], Mapping[str, Status]]
    clock: Callable[[], Reading]
    counts: Callable[[], Counts]
    hangs: Callable[[], bool]
    online: Callable[[], bool]
    packs: Callable[[], Mapping[str, ServicePack]]
    calendar: Callable[[], Calendar]
    free: Callable[[], int]
    least_free: int
    restless: Callable[[], Sequence[tuple[str, int]]]
    certificate_end: Callable[[], datetime | None] = lambda: None
    key_since: Callable[[], datetime | None] = lambda: None
    key_days: float = 365.0
    forecast: Callable[[], Mapping[str, int]] = dict
    temperature: Callable[[], float | None] = lambda: None
    loops: Sequence[Loop] = ()
    pause: Callable[[float], None] = time.sleep
    going: Callable[[], bool] = lambda: True

    def proof(self, subject: str, test: str, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self.now(), subject, test, outcome, code, values, by=NIGHT)

    def good(self, subject: str, test: str, code: str, *values: str) -> Proof:
        return self.proof(subject, test, "passed", code, *values)

    def bad(self, subject: str, test: str, code: str, *values: str) -> Proof:
        return self.proof(subject, test, "failed", code, *values)

    def unsure(self, subject: str, test: str, code: str, *values: str) -> Proof:
        return self.proof(subject, test, "unsure", code, *values)


@dataclass(frozen=True, slots=True)
class Look:
    """One check. ``name`` is known to the journal for one night: what of it is done already."""

    name: str
    look: Callable[[], Iterable[Proof]]
