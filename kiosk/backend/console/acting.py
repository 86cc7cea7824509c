"""What a reviewer does to a case: take it in hand, act, propose, confirm, let go. Each is one transaction.

In that transaction stand the lock, the right (roles.py), the case as the reviewer has seen it, and the table of lives:
two people never decide one case, and nobody decides about a case that has gone on since the page was opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import msgspec

from kiosk.backend.console.accounts import Staff
from kiosk.backend.console.roles import WRITTEN_DOWN, Matter, acts_as, may_check, may_take, sees, why_not
from kiosk.backend.console.sealing import Sealing
from kiosk.backend.desks import above, desks_of
from kiosk.backend.keys import BackendKeys
from kiosk.backend.late import CONFIRMED, Late
from kiosk.backend.lives import Act, Known, Lives
from kiosk.backend.store import lives as life_store
from kiosk.backend.store import queue, staff
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.lives import Life
from kiosk.backend.store.queue import Proposal
from kiosk.backend.store.staff import LogRow
from kiosk.domain import life
from kiosk.domain.life import Deed, Lack, LifeError, Stand, State
from kiosk.domain.life_table import rule
from kiosk.domain.text import EMPTY, Text

LOCK = 20 * 60  # seconds that a case stays in somebody's hand after the last page of it
REVOKED = "revoked"
FOUR_EYES = frozenset({Deed.APPROVED, Deed.REFUSED})  # decisions that take two where a pack says so


class Refused(Exception):
    """It is not done. ``code``: words.toml, ``refused.CODE``; those of kiosk.domain.life among them."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """A deed as it was filled in. ``seen``: how many events the case had on that page. ``desk``: of one handed up.

    ``checked``: the points of the pack's checklist that were ticked; ``unchecked``: how many were not.
    """

    deed: Deed
    seen: int
    reason: Text = EMPTY
    lacking: tuple[Lack, ...] = ()
    desk: str = ""
    approval: str = ""
    checked: tuple[Text, ...] = ()
    unchecked: int = 0


class _Kept(msgspec.Struct, frozen=True):
    """A proposal as it lies sealed."""

    deed: Deed
    by: life.Role
    who: str
    reason: Text
    checked: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Proposed:
    """A decision that waits for another person. ``stale``: the case has gone on since."""

    staff_id: str
    who: str
    at: str
    deed: Deed
    reason: Text
    stale: bool
    checked: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Beside:
    """What stands beside a case. ``holder``: who has it in hand, until when (unix seconds). ``later``: since when it is
    to be checked, what was found, when. ``log``: who looked at it.
    """

    matter: Matter
    holder: tuple[str, int] | None
    proposed: Proposed | None
    later: tuple[str, str, str] | None
    log: list[LogRow]


@dataclass(slots=True)
class Acting:
    """Thread-safe."""

    rows: Store
    lives: Lives
    late: Late
    keys: BackendKeys
    now: Callable[[], datetime]
    desk_names: dict[str, Text]
    _sealing: Sealing = field(init=False)

    def __post_init__(self) -> None:
        self._sealing = Sealing(self.keys)

    # -- what a case is for the one who asks ----------------------------------------------------------

    def matter(self, case_id: str) -> Matter:
        """Raises BackendError (``no-such-case``)."""

        def look(connection: Connection) -> Matter | None:
            life = life_store.life(connection, case_id)
            return None if life is None else self._matter(connection, life)

        found = self.rows.read(look)
        if found is None:  # its life begins now
            life = self.lives.known(case_id).life
            found = self.rows.read(lambda connection: self._matter(connection, life))
        return found

    def seen_by(self, who: Staff, lives: Sequence[Life]) -> frozenset[str]:
        """Which of these cases this person may see, by id."""
        ids = [each.case_id for each in lives]
        areas = self.rows.read(lambda connection: life_store.areas_of(connection, ids)) if ids else {}
        return frozenset(
            each.case_id for each in lives
            if sees(who.scope, Matter(areas.get(each.case_id, ""), each.service_id, "", ""))
        )  # fmt: skip

    def beside(self, who: Staff, life: Life, notes: int) -> Beside:
        """What stands beside a case on its page. Whoever has it in hand has it for longer, because a page of it was
        opened. ``life``: as it is shown; ``notes``: how many of the log.
        """
        now, case_id = self._unix(), life.case_id

        def look(connection: Connection) -> Beside:
            proposed = self._proposed(case_id, queue.proposed(connection, case_id), life.events)
            return Beside(
                self._matter(connection, life), queue.holder(connection, case_id, now), proposed,
                life_store.check_of(connection, case_id), staff.notes_of_case(connection, case_id, notes),
            )  # fmt: skip

        found = self.rows.read(look)
        if found.holder is not None and found.holder[0] == who.staff_id and found.holder[1] < now + LOCK - 60:
            taken = partial(queue.take, case_id=case_id, staff_id=who.staff_id, now=now, until=now + LOCK)
            return replace(found, holder=(who.staff_id, now + LOCK) if self.rows.write(taken) else None)
        return found

    def _proposed(self, case_id: str, found: Proposal | None, events: int) -> Proposed | None:
        if found is None:
            return None
        kept = self._kept(case_id, found)
        stale = found.events != events
        return Proposed(found.staff_id, kept.who, found.at, kept.deed, kept.reason, stale, kept.checked)

    # -- the lock -------------------------------------------------------------------------------------

    def take(self, who: Staff, case_id: str) -> None:
        """In this person's hand from now on. Raises Refused ``taken``, ``not-yours``."""
        known = self.lives.known(case_id)

        def work(connection: Connection) -> None:
            if not may_take(who.scope, self._matter(connection, known.life)):
                raise Refused("not-yours")
            if not queue.take(connection, case_id, who.staff_id, self._unix(), self._unix() + LOCK):
                raise Refused("taken")
            self._note(connection, who, "take", case_id)

        self.rows.write(work)

    def release(self, who: Staff, case_id: str) -> None:
        def work(connection: Connection) -> None:
            queue.release(connection, case_id, who.staff_id)
            self._note(connection, who, "release", case_id)

        self.rows.write(work)

    # -- deeds ----------------------------------------------------------------------------------------

    def act(self, who: Staff, case_id: str, wanted: Wanted) -> Stand | None:
        """Does it, or puts it down for a second person (None). Raises Refused, BackendError."""
        pack = self.lives.pack_of(case_id)
        if wanted.deed is Deed.FORWARDED and wanted.desk not in self.desk_names:
            raise Refused("to-missing")
        if wanted.deed is Deed.APPROVED and wanted.unchecked:
            raise Refused("checklist-open")
        act = self._act(who, wanted)
        if pack is not None and pack.review.four_eyes and wanted.deed in FOUR_EYES:
            self._propose(who, case_id, wanted, act)
            return None

        def before(connection: Connection, known: Known) -> None:
            matter = self._held(connection, who, known, wanted.seen)
            _check(who, wanted.deed, matter)
            if wanted.deed is Deed.FORWARDED and wanted.desk not in above(matter.desk):
                raise Refused("to-missing")

        def then(connection: Connection, stands: Stand) -> None:
            self._afterwards(connection, who, case_id, wanted, stands)

        return self._done(case_id, act, before, then)

    def check_hold(self, who: Staff, case_id: str, wanted: Wanted) -> None:
        """Whether it could be done now; for what has to be made before. Raises Refused, BackendError."""
        known, act = self.lives.known(case_id), self._act(who, wanted)

        def look(connection: Connection) -> None:
            _check(who, wanted.deed, self._held(connection, who, known, wanted.seen))

        self.rows.read(look)
        try:
            self.lives.would(known, act)
        except LifeError as error:
            raise Refused(error.code) from error

    def confirm(self, who: Staff, case_id: str, seen: int) -> Stand:
        """A decision that another person has proposed is made. Raises Refused, BackendError."""
        found = self.rows.read(lambda connection: queue.proposed(connection, case_id))
        if found is None:
            raise Refused("nothing-proposed")
        kept = self._kept(case_id, found)
        act = Act(kept.deed, acts_as(who.role), kept.who, kept.reason, approval=who.name, checked=kept.checked)

        def before(connection: Connection, known: Known) -> None:
            matter = self._held(connection, who, known, seen)
            _check(who, kept.deed, matter)
            if queue.proposed(connection, case_id) != found or found.events != known.life.events:
                raise Refused("changed")
            if found.staff_id == who.staff_id:
                raise Refused("same-person")

        def then(connection: Connection, stands: Stand) -> None:
            self._afterwards(connection, who, case_id, Wanted(kept.deed, seen), stands)

        return self._done(case_id, act, before, then)

    def put_back(self, who: Staff, case_id: str) -> None:
        """A proposal is taken back, or not confirmed; the case waits as before. Raises Refused."""
        known = self.lives.known(case_id)

        def work(connection: Connection) -> None:
            found = queue.proposed(connection, case_id)
            if found is None:
                raise Refused("nothing-proposed")
            deed, matter = self._kept(case_id, found).deed, self._matter(connection, known.life)
            if found.staff_id != who.staff_id and why_not(who.scope, deed, matter):
                raise Refused("not-yours")
            queue.withdraw(connection, case_id)
            self._note(connection, who, f"put-back:{deed.value}", case_id)

        self.rows.write(work)

    def check(self, who: Staff, case_id: str, word: str) -> None:
        """What a later check of an approval by promise has found: ``confirmed`` or ``revoked``. Raises Refused."""
        matter = self.matter(case_id)
        if not may_check(who.scope, matter) or (word == REVOKED and why_not(who.scope, Deed.VOIDED, matter)):
            raise Refused("not-yours")
        if word not in (CONFIRMED, REVOKED):
            raise Refused("nothing-to-check")

        def waits(connection: Connection) -> None:
            if queue.find(connection, case_id, queue.CHECK) is None:  # another one was quicker: that word stands
                raise Refused("nothing-to-check")

        self.late.settle(case_id, word, waits)
        self.rows.write(lambda connection: self._note(connection, who, f"check:{word}", case_id))

    # -- what they stand on ---------------------------------------------------------------------------

    def _act(self, who: Staff, wanted: Wanted) -> Act:
        by = life.Role.APPLICANT if wanted.deed in WRITTEN_DOWN else acts_as(who.role)
        to = self.desk_names[wanted.desk] if wanted.desk else EMPTY
        return Act(wanted.deed, by, who.name, wanted.reason, wanted.lacking, to, wanted.approval, wanted.checked)

    def _propose(self, who: Staff, case_id: str, wanted: Wanted, act: Act) -> None:
        self.lives.known(case_id)  # begun, if it was not
        plain = msgspec.json.encode(_Kept(act.deed, act.by, act.who, act.reason, act.checked))
        hidden, key_id = self._sealing.hide(plain, "proposal", case_id)

        def work(connection: Connection) -> None:
            known = self.lives.held(connection, case_id)
            matter = self._held(connection, who, known, wanted.seen)
            _check(who, wanted.deed, matter)
            self.lives.would(known, act)
            stamp = self.now().isoformat(timespec="microseconds")
            queue.propose(connection, case_id, Proposal(who.staff_id, stamp, known.life.events, hidden, key_id))
            queue.release(connection, case_id, who.staff_id)
            self._note(connection, who, f"propose:{wanted.deed.value}", case_id)

        try:
            self.rows.write(work)
        except LifeError as error:
            raise Refused(error.code) from error

    def _held(self, connection: Connection, who: Staff, known: Known, seen: int) -> Matter:
        """In a transaction that has locked the life: the case is in this person's hand, and as it was seen."""
        case_id = known.life.case_id
        holder = queue.holder(connection, case_id, self._unix())
        if holder is None:
            raise Refused("not-held")
        if holder[0] != who.staff_id:
            raise Refused("taken")
        if known.life.events != seen:
            raise Refused("changed")
        return self._matter(connection, known.life)

    def _matter(self, connection: Connection, life: Life) -> Matter:
        """Where a case is; what waits nowhere is decided, as it would be, by the desk of its pack."""
        waits = queue.find(connection, life.case_id)
        decides = desks_of(self.lives.pack_in(connection, life.case_id))[1] if waits is None else waits.decides
        area = life_store.area_of(connection, life.case_id)
        return Matter(area, life.service_id, "" if waits is None else waits.desk, decides)

    def _afterwards(self, connection: Connection, who: Staff, case_id: str, wanted: Wanted, stands: Stand) -> None:
        if wanted.deed is Deed.FORWARDED:
            queue.move(connection, case_id, wanted.desk)
        goes_on = stands.state in (State.RECEIVED, State.ACCEPTED, State.HELD) and wanted.deed is not Deed.FORWARDED
        if not goes_on:
            queue.release(connection, case_id, who.staff_id)
        self._note(connection, who, f"act:{wanted.deed.value}", case_id)

    def _done(
        self, case_id: str, act: Act, before: Callable[[Connection, Known], None],
        then: Callable[[Connection, Stand], None],
    ) -> Stand:  # fmt: skip
        try:
            return self.lives.act(case_id, act, before, then)
        except LifeError as error:
            raise Refused(error.code) from error

    def _kept(self, case_id: str, found: Proposal) -> _Kept:
        plain = self._sealing.show(found.act, found.sealing_key_id, "proposal", case_id)
        return msgspec.json.decode(plain, type=_Kept)

    def _note(self, connection: Connection, who: Staff, what: str, case_id: str) -> None:
        staff.note(connection, self.now().isoformat(timespec="microseconds"), who.staff_id, what, case_id)

    def _unix(self) -> int:
        return int(self.now().timestamp())


def _check(who: Staff, deed: Deed, matter: Matter) -> None:
    why = why_not(who.scope, deed, matter)
    if why:
        raise Refused(f"right-{why}")


def offered(who: Staff, matter: Matter, known: Known, stands: Stand) -> tuple[Deed, ...]:
    """What this person may do to the case as it stands, in the order in which one goes on."""
    return tuple(deed for deed in ORDER if not why_not(who.scope, deed, matter) and _fits(deed, known, stands))


ORDER = (
    Deed.ACCEPTED, Deed.SUPPLEMENT_ASKED, Deed.APPROVED, Deed.ANSWERED, Deed.FORWARDED, Deed.HOLD_ENDED,
    Deed.HOLD_STARTED, Deed.EXTENDED, Deed.SUPPLEMENTED, Deed.DELIVERED, Deed.CORRECTED, Deed.REFUSED,
    Deed.NOT_ACCEPTED, Deed.WITHDRAWN, Deed.VOIDED,
)  # fmt: skip


def _fits(deed: Deed, known: Known, stands: Stand) -> bool:
    """Whether the table allows it now, if all that it has to say is said."""
    said = Text("-", "-")
    by = next(iter(rule(deed).by & {life.Role.DEPARTMENT, life.Role.APPLICANT}), life.Role.COMMUNITY)
    event = life.LifeEvent(deed, known.events[-1].at, by, "-", said, (Lack(said),), said, "-")
    try:
        life.check(stands, event, known.about.terms)
    except LifeError:
        return False
    return True
