"""The nightly self-test (夜间自检): in quiet hours the terminal finds what will break tomorrow, before a citizen does.

Once a night, over restarts too; a citizen's touch ends it at once and it goes on from there when all is quiet again.
A visit always comes first: nothing is begun while somebody is here, in maintenance, or on a low battery. What is found
is kept as proofs, and audited once a spell: ``night.found`` when it begins, not again the night after.

A check that takes the process with it is not begun a second time that night: what is begun is written down before.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from kiosk.domain.beijing import CHINA
from kiosk.health import findings
from kiosk.health.night_checks.sources import Look
from kiosk.health.proofs import Outcome, Proof
from kiosk.health.rounds import Job
from kiosk.sync.clock import Trust

if TYPE_CHECKING:
    from kiosk.domain.window import Window
    from kiosk.sync.clock import Reading

_log = logging.getLogger("kiosk.health.night")
KEY = "night.run"  # in the journal's meta: which night, and how far
LOOK_SECONDS = 20.0
QUIET_SECONDS = 120.0  # s of nobody, before anything is begun
LOST = timedelta(hours=1)  # of running, where nobody knows what time it is; then once a day


class Book(Protocol):
    """The part of the journal used here."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...

    def audit(self, event: str, item: str = "", /, **details: str | int) -> None: ...

    def note_proof(self, proof: Proof) -> None: ...

    def latest_proofs(self) -> tuple[Proof, ...]: ...


class Run(msgspec.Struct, frozen=True):
    """How far a night is. ``at``: the check that was begun, and has not ended."""

    night: str = ""
    done: list[str] = []  # msgspec copies it
    at: str = ""
    ended: bool = False
    broke: bool = False  # some check of this night took the process with it


class Night:
    """A job for kiosk.health.rounds, which only begins it; the checks block, and have a thread of their own.

    ``looks``: the checks in their order, made anew each time. ``free``: nobody is here, no maintenance, the battery is
    not low. ``time``: kiosk.sync.clock; ``hours``: None for never. ``changed`` is told that a night has ended.
    ``crashed`` is told of a bug.
    """

    def __init__(
        self,
        book: Book,
        looks: Callable[[], Sequence[Look]],
        *,
        hours: Window | None,
        free: Callable[[], bool],
        now: Callable[[], datetime],
        reading: Callable[[], Reading],
        crashed: Callable[[BaseException], None],
        changed: Callable[[], None] = lambda: None,
        running: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book, self._looks, self._hours, self._free = book, looks, hours, free
        self._now, self._reading, self._crashed, self._changed = now, reading, crashed, changed
        self._running = running
        self._began, self._quiet_since = running(), running()
        self._ended = threading.Event()
        self._fresh: list[Proof] = []
        self._thread: threading.Thread | None = None

    def job(self) -> Job:
        return Job(self.look, LOOK_SECONDS)

    def look(self) -> None:
        """Begin the night's test, if it is time."""
        if not self._free():
            self._quiet_since = self._running()
            return
        if self._ended.is_set() or self.busy:
            return
        if self._running() - self._quiet_since >= QUIET_SECONDS and self.due():
            self._thread = threading.Thread(target=self._guarded, name="night", daemon=True)
            self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """No further check begins; the one under way is waited for, but not for ever."""
        self._ended.set()
        if self._thread is None:
            return
        self._thread.join(seconds)
        if self._thread.is_alive():  # a check that is ended in good order has not broken anything: it is done again
            self._keep(msgspec.structs.replace(self._known(), at=""))

    @property
    def busy(self) -> bool:
        """Whether it is at it: a planned restart waits for the end."""
        return self._thread is not None and self._thread.is_alive()

    def going(self) -> bool:
        """Whether the night may go on. Checks that wait ask it between their looks."""
        return not self._ended.is_set() and self._free()

    def fresh(self) -> tuple[str, ...]:
        """Codes of what was found since the last night ended and was not so before: what operators are told at once."""
        return tuple(dict.fromkeys(each.code for each in self._fresh))

    def pause(self, seconds: float) -> None:
        """Wait, unless it is stopped."""
        self._ended.wait(seconds)

    def due(self) -> bool:
        """Whether it is night, and this one's test has not ended."""
        night = self.tonight()
        if not night:
            return False
        run = self._known()
        return run.night != night or not run.ended

    def tonight(self) -> str:
        """A name for the night that it is now, ``2026-11-27``; "" by day.

        With a clock that is wrong and nobody to say by how much, quiet is all that is known: then once a day of
        running, because a dead clock is what the night has to find.
        """
        if self._hours is None:
            return ""
        seen = self._reading()
        if seen.trust is Trust.WRONG and not seen.offset:
            passed = timedelta(seconds=self._running() - self._began)
            return f"lost-{seen.boot_id[:8]}-{int(seen.running // 86_400)}" if passed >= LOST else ""
        moment = (seen.wall + seen.offset).astimezone(CHINA)
        if not self._hours.holds(moment):
            return ""
        past_midnight = self._hours.begin > self._hours.end and moment.time() < self._hours.end
        return (moment - timedelta(days=1) if past_midnight else moment).date().isoformat()

    def test(self) -> tuple[Proof, ...]:
        """What is left of tonight's checks, one after the other. The findings that are new.

        Ends early, and leaves the rest for later this night, when somebody comes.
        """
        run = self._known()
        night, new = self.tonight(), list[Proof]()
        if run.night != night:
            run = Run(night)
        elif run.at:
            new += self._noted([self._own("unsure", "night-broke", run.at)])
            run = msgspec.structs.replace(run, done=[*run.done, run.at], at="", broke=True)
        for each in self._looks():
            if each.name in run.done:
                continue
            if not self.going():
                self._keep(run)
                return tuple(new)
            self._keep(msgspec.structs.replace(run, at=each.name))
            proofs = tuple(each.look())
            if not self.going() and any(proof.outcome == "unsure" for proof in proofs):
                self._keep(run)  # somebody came in the middle: what nobody could see is looked at again
                return tuple(new)
            new += self._noted(proofs)
            run = msgspec.structs.replace(run, done=[*run.done, each.name])
        if not run.broke:
            self._noted([self._own("passed", "night-whole")])
        self._keep(msgspec.structs.replace(run, ended=True))
        self._fresh.clear()
        found = len(findings.standing(self._book.latest_proofs()))
        self._book.audit("night.ended", findings=found, new=len(new))
        self._changed()
        return tuple(new)

    def _guarded(self) -> None:
        try:
            self.test()
        except BaseException as error:
            if not self._ended.is_set():  # what it stood on is being taken away
                self._crashed(error)

    def _own(self, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self._now(), "chain", "night", outcome, code, values, by=findings.NIGHT)

    def _noted(self, proofs: Sequence[Proof]) -> list[Proof]:
        """Keeps them; those with which a spell begins."""
        before = {(each.subject, each.test): each for each in self._book.latest_proofs()}
        new = [each for each in proofs if findings.is_new(each, before.get((each.subject, each.test)))]
        for proof in proofs:
            self._book.note_proof(proof)
        self._fresh += new
        for proof in new:
            bad = findings.severity(proof)
            self._book.audit("night.found", severity=bad, subject=proof.subject, test=proof.test, code=proof.code)
            _log.warning("found at night: %s %s: %s %s", bad, proof.subject, proof.test, proof.code)
        return new

    def _known(self) -> Run:
        text = self._book.meta(KEY)
        try:
            return msgspec.json.decode(text, type=Run) if text else Run()
        except msgspec.MsgspecError:
            return Run()

    def _keep(self, run: Run) -> None:
        self._book.set_meta(KEY, msgspec.json.encode(run).decode())
