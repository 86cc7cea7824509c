"""Every case's decision made again, from the case itself and the pack of its version; a difference is an alarm.

After the commit, when no case has come for a moment (`QuietReplays`), or by `kiosk backend replay`: no push waits for
it, and no case is refused for what it finds. A case whose pack is not known here, or that does not say what it was
decided by, is ``not_replayed``; the command tries it again.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial

import msgspec

from kiosk.backend import log
from kiosk.backend.keys import BackendKeys
from kiosk.backend.lives import Lives
from kiosk.backend.store import replays as store
from kiosk.backend.store.engine import Store, StoreBusy
from kiosk.backend.store.replays import Replayed, Sealed
from kiosk.domain.place import Place
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, unseal
from kiosk.services import replay
from kiosk.services.loader import BUILTIN, builtin, placed, read_checked
from kiosk.services.model import ServicePack
from kiosk.wire import CasePayload, read_case

BATCH = 50  # cases of one transaction
QUIET = 2.0  # seconds without a new case before it begins: a batch that comes in has the interpreter to itself
LONGEST = 600.0  # seconds that cases may keep it waiting
REST = 3600.0  # seconds without a case before time itself is looked at: last days pass by themselves
BUSY = 30.0  # seconds before a store that did not answer is asked again


Given = Callable[[str, str, str, str, Mapping[str, str], CasePayload], bool]
"""Whether a register's answer was given here: terminal, register, number, proof, values, and the case that it stands in
(registers.Queries.given)."""


@dataclass(slots=True)
class Done:
    """What one pass has found. ``differing``: ids of cases; ``impossible``: how many, by why."""

    equal: int = 0
    differing: list[str] = field(default_factory=list)
    impossible: dict[str, int] = field(default_factory=dict)


class Replays:
    """Of one thread."""

    def __init__(self, rows: Store, keys: BackendKeys, now: Callable[[], datetime], given: Given) -> None:
        self._store, self._keys, self._now, self._given = rows, keys, now, given
        self._published = lru_cache(maxsize=32)(self._find_published)
        self._bound = lru_cache(maxsize=64)(self._bind)

    def run(self, until: Callable[[], bool] = bool, *, again: bool = True, tests: bool = False) -> Done:
        """All that wait, oldest first, ``until`` it says so between two batches. Raises StoreBusy; what is done stays.

        ``again``: also those that could not be made before. ``tests``: the cases of terminals that are being tried
        out instead, each time anew; nothing is put down of them, and no alarm raised: they are nobody's, and the
        night's own (kiosk.health.chain) is made otherwise than its pack says.
        """
        done, after = Done(), ""
        self._published.cache_clear()  # one may have been published since
        self._bound.cache_clear()
        while found := self._store.read(partial(store.waiting, after=after, limit=BATCH, again=again, tests=tests)):
            made = [self._again(each) for each in found]
            if not tests:
                self._store.write(partial(store.put_down, made=made, now=self._now()))
            for each in made:
                _count(done, each)
            after = found[-1].case_id
            if until():
                break
        if done.differing or done.impossible:
            log.event("replay.trouble", differing=len(done.differing), impossible=sum(done.impossible.values()))
        return done

    def standing(self) -> list[str]:
        """Cases with a difference that nobody has put right."""
        return self._store.read(store.standing)

    def _again(self, sealed: Sealed) -> Replayed:
        who = (sealed.case_id, sealed.item_id, sealed.terminal_id)
        case = self.opened(sealed)
        if case is None:
            return Replayed(*who, "not_replayed", ("cannot-open",))
        try:
            place = replay.place_of(case)
            if place is None:
                return Replayed(*who, "differs", ("place",))
            packs = self._bound(case.pack_id, case.pack_version, place)
            found = [(*replay.differences(pack, case), *self.unlent(pack, case, sealed.terminal_id)) for pack in packs]
        except replay.NoFacts:
            return Replayed(*who, "not_replayed", ("facts-missing",))
        if not found:
            return Replayed(*who, "not_replayed", ("pack-unknown",))
        why = min(found, key=len)
        return Replayed(*who, "differs", why) if why else Replayed(*who, "equal")

    def unlent(self, pack: ServicePack, case: CasePayload, terminal_id: str) -> tuple[str, ...]:
        """``licence`` where the case says that an electronic licence told something, and none has told it here."""
        lent = replay.lent(pack, case)
        sound = all(
            self._given(terminal_id, each.register, each.number, each.proof, each.values, case) for each in lent
        )
        return () if sound else ("licence",)

    def packs(self, case: CasePayload, place: Place) -> tuple[ServicePack, ...]:
        """The packs of the case's version, bound to its place (`replay.place_of`); none where they are not known."""
        return self._bound(case.pack_id, case.pack_version, place)

    def opened(self, sealed: Sealed) -> CasePayload | None:
        """What is inside; None where no key of this backend opens it."""
        epoch = next((each for each in self._keys.epochs if each.sealing_id == sealed.sealing_key_id), None)
        if epoch is None:
            return None
        try:
            info = item_info(sealed.terminal_id, sealed.item_id)
            return read_case(unseal(sealed.sealed, epoch.sealing_private, info))
        except (JournalError, msgspec.MsgspecError):
            return None

    def _bind(self, pack_id: str, version: str, place: Place) -> tuple[ServicePack, ...]:
        """The packs that may have decided: the one that was published, and the one that came with the terminal."""
        published = self._published(pack_id, version)
        found = [placed(published, place)] if published is not None else []
        own = builtin(pack_id, place) if pack_id in BUILTIN else None
        return (*found, own) if own is not None and own.version == version else tuple(found)

    def _find_published(self, pack_id: str, version: str) -> ServicePack | None:
        row = self._store.read(lambda connection: store.published_pack(connection, pack_id, version))
        if row is None or hashlib.sha256(row[1]).hexdigest() != row[0]:
            return None
        return read_checked(row[1])


class QuietReplays:
    """A thread that sleeps until a case has come, waits for ``quiet`` seconds without another, and decides them again.

    Before that it begins their lives, answers what applicants have sent, and looks at the days that are over
    (``lives``); that also where none has come for an hour. What another life has left undone is done after the start.
    """

    def __init__(
        self, replays: Replays, arrived: threading.Event, quiet: float = QUIET, lives: Lives | None = None,
        certify: Callable[[Callable[[], bool]], object] = lambda until: None,
        erase: Callable[[Callable[[], bool]], object] = lambda until: None,
    ) -> None:  # fmt: skip
        """``certify``: what is made of cases that came out the same (certificates.py), until it is told to stop;
        ``erase``: tests that have had their time (trials.py)."""
        self._replays, self._arrived, self._quiet, self._lives = replays, arrived, quiet, lives
        self._certify, self._erase = certify, erase
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replays", daemon=True)

    def start(self) -> None:
        self._arrived.set()
        self._thread.start()

    def stop(self) -> None:
        """Between two batches at the latest."""
        self._ending.set()
        self._arrived.set()
        self._thread.join()

    def _run(self) -> None:
        while (self._arrived.wait(REST) or self._lives) and not self._ending.is_set():
            late = time.monotonic() + LONGEST
            while self._arrived.is_set() and time.monotonic() < late and not self._ending.is_set():
                self._arrived.clear()
                self._ending.wait(self._quiet)
            for work in (self._go_on_with_lives, self._replay, self._certify_all, self._erase_tests):
                if self._ending.is_set():
                    break
                try:
                    work()
                except StoreBusy:
                    log.event("replay.busy")
                    self._ending.wait(BUSY)
                    self._arrived.set()
                    break
                except Exception as error:  # a bug ends no push, nor the others; the gauges tell that it stands
                    log.fault(error)

    def _go_on_with_lives(self) -> None:
        if self._lives is not None:
            self._lives.quiet_round(self._arrived.is_set)

    def _replay(self) -> None:
        self._replays.run(self._arrived.is_set, again=False)

    def _erase_tests(self) -> None:
        self._erase(lambda: self._arrived.is_set() or self._ending.is_set())

    def _certify_all(self) -> None:
        self._certify(lambda: self._arrived.is_set() or self._ending.is_set())


def _count(done: Done, each: Replayed) -> None:
    if each.verdict == "equal":
        done.equal += 1
    elif each.verdict == "differs":
        done.differing.append(each.case_id)
    else:
        done.impossible[each.why[0]] = done.impossible.get(each.why[0], 0) + 1
