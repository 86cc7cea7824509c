"""A synthetic case (合成办件) through the whole chain: commit, journal, sync, backend, signed acknowledgement, result.

Made at night, when nobody is here. It is a test by itself, whatever mode the terminal is in: its number comes from the
blocks of tests, the backend keeps it apart, nothing of it is printed or kept for anybody's next visit. Whom it is of
has a number that no card can bear. The result is waited for as well: the case is made on the rung ``provisional``,
which the backend has to confirm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.shelf import Shelf
from kiosk.domain.decision import Rung, Verification
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.place import Place
from kiosk.health.proofs import Outcome, Proof
from kiosk.journal.person import PersonKey
from kiosk.services import forms
from kiosk.services.model import ServicePack
from kiosk.visit.effects import Commit
from kiosk.visit.events import Committed
from kiosk.wire import MOST_TOLD, NIGHT_FIELD

if TYPE_CHECKING:
    from kiosk.domain.papers import PaperContent
    from kiosk.journal.journal import Journal
    from kiosk.journal.records import KeptPaper

SUBJECT, TEST = "chain", "case"
SIMPLEST = "elder_card"  # asks nothing that the card does not tell
SECONDS = 180.0  # s for the whole way: a slow line is no fault
LOOK = 0.5  # s between two looks at how far it is
LAST = "night.case"  # in the journal's meta: the synthetic case that was made last
NOBODY = IdentityDocument(
    DocumentKind.RESIDENT, "TEST-NIGHT-0001", "夜间自检（测试）", "9", date(1950, 1, 1), date(2020, 1, 1), None
)
"""Invented, and marked in every place that it may come to."""


class Going(Protocol):
    """Whether the night may go on: False from the moment that somebody touches the screen."""

    def __call__(self) -> bool: ...


class Chain:
    """A closed loop (kiosk.health.loops) beside those of the devices. ``run`` blocks, ``seconds`` at most.

    ``online``: whether the backend answered last; ``kick`` tries the line now; ``now``: Beijing time; ``running``:
    seconds that only run; ``pause`` waits so many seconds.
    """

    subject, test = SUBJECT, TEST

    def __init__(
        self,
        journal: Journal,
        *,
        place: Place,
        packs: Callable[[], Mapping[str, ServicePack]],
        standing: Callable[[], Standing | None],
        online: Callable[[], bool],
        kick: Callable[[], None],
        now: Callable[[], datetime],
        going: Going = lambda: True,
        running: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        seconds: float = SECONDS,
        told: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """``told``: codes of tonight's new findings. The case takes them along, so that operators hear of them."""
        self._journal, self._place, self._packs, self._standing = journal, place, packs, standing
        self._online, self._kick, self._now, self._going = online, kick, now, going
        self._running, self._pause, self._seconds, self._told = running, pause, seconds, told

    def run(self) -> Proof:
        """``unsure`` where the line is down, or somebody came: what nobody could see is not called well."""
        begun = self._running()
        case_id = self._waiting() or self._commit()
        if isinstance(case_id, Proof):
            return case_id
        self._kick()
        if not self._until(begun, lambda: self._journal.state_of(case_id) != "queued"):
            return self._not_yet("chain-slow")
        state = self._journal.state_of(case_id)
        if state != "acknowledged":
            return self._proof("failed", "chain-refused", state)
        acknowledged = self._running() - begun
        self._kick()
        if not self._until(begun, lambda: self._journal.result_of(case_id) != ""):
            return self._not_yet("chain-no-result")
        result = self._journal.result_of(case_id)
        if result != "confirmed":
            return self._proof("failed", "chain-result", result.partition(".")[0])
        whole = self._running() - begun
        return self._proof("passed", "chain-whole", f"{acknowledged:.1f}", f"{whole:.1f}")

    def _waiting(self) -> str:
        """One of an earlier night that has not gone yet: no second one is put behind it."""
        last = self._journal.meta(LAST) or ""
        return last if last and self._journal.state_of(last) == "queued" else ""

    def _commit(self) -> str | Proof:
        if self._standing() is None:
            return self._proof("unsure", "chain-not-enrolled")
        if not self._journal.numbers_left("tcase"):
            self._kick()
            return self._proof("unsure", "chain-no-number")
        pack = replace(simplest(self._packs(), self._place), offline=Rung.PROVISIONAL)
        envelope = forms.derive(pack, Envelope().with_fields(forms.prefill(pack, NOBODY)))
        envelope = envelope.with_fields(
            FieldValue(f"{NIGHT_FIELD}{number}", code, Origin.DERIVED, Trust.D)
            for number, code in enumerate(self._told()[:MOST_TOLD], 1)
        )
        asked = Commit(pack, NOBODY, envelope, Verification.FACE, None, (), self._now(), "zh_CN", online=False)
        desk = CommitDesk(
            self._journal, _KeepsNothing(self._journal, self._now), self._place, self._standing, self._now, test=True
        )
        done = desk.commit(asked)
        if not isinstance(done, Committed):
            return self._proof("failed", "chain-not-saved", done.reason.replace("_", "-"))
        self._journal.set_meta(LAST, done.draft.case_id)
        return done.draft.case_id

    def _until(self, begun: float, seen: Callable[[], bool]) -> bool:
        while not seen():
            if not self._going() or self._running() - begun >= self._seconds:
                return False
            self._pause(LOOK)
        return True

    def _not_yet(self, code: str) -> Proof:
        if not self._going():
            return self._proof("unsure", "chain-interrupted")
        if not self._online():
            return self._proof("unsure", "chain-line")
        return self._proof("failed", code, f"{self._seconds:.0f}")

    def _proof(self, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self._now(), SUBJECT, TEST, outcome, code, values, by="night")


def simplest(packs: Mapping[str, ServicePack], place: Place) -> ServicePack:
    """The matter of this terminal that asks least; the built-in one where all of them ask."""
    if SIMPLEST in packs and _asks_nothing(packs[SIMPLEST]):
        return packs[SIMPLEST]
    found = next((pack for pack in packs.values() if _asks_nothing(pack)), None)
    if found is not None:
        return found
    from kiosk.services.loader import load_builtin

    return load_builtin(place)[SIMPLEST]


def _asks_nothing(pack: ServicePack) -> bool:
    needed = [material for material in pack.materials if material.required]
    asks = pack.questions or pack.commitments or pack.signature or needed or pack.query or pack.bundle
    return not asks and pack.number_blocks == ("case",) and DocumentKind.RESIDENT.value in map(str, pack.documents)


class _KeepsNothing(Shelf):
    """A shelf for nobody: no paper is kept, and no key of a person's is derived from this terminal's salt."""

    def person(self, number: str) -> PersonKey:
        return PersonKey.derive(bytes(32), number, self._suite)

    def keep(
        self, person: PersonKey, now: Sequence[PaperContent], due: Sequence[PaperContent], committed_at: datetime
    ) -> tuple[KeptPaper, ...]:
        return ()
