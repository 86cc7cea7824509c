"""Staff are let in between two visits, never into one: asked for, shown the entry page, granted, ended, wiped.

Who presses the mark of a page on which nobody is served, or lays a staff card into the slot, is asked for the card's
PIN or a one-time code. In a visit a staff card is noted, without a word on the screen: the entry page comes by itself
when that visit has ended. However maintenance ends, what follows is the wipe, and then what follows a visit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk.access.entry import Entered
from kiosk.visit import slot
from kiosk.visit.effects import (
    AdmitCards,
    AdmitStaff,
    CheckEntry,
    CloseMaintenance,
    DismissCards,
    Effect,
    OpenMaintenance,
    SetTimer,
    Wipe,
)
from kiosk.visit.events import (
    EntryAsked,
    EntryCancelled,
    EntryChecked,
    EntryKey,
    EntryOffered,
    EntryTyped,
    EntryWayChosen,
    MaintenanceLeft,
    MaintenanceLocked,
    OtherCardSeen,
    PowerChanged,
    QuitPressed,
    Recovered,
    SlotChanged,
    StaffCardGone,
    StaffCardSeen,
    TimerFired,
)
from kiosk.visit.resting import ask_in, rest
from kiosk.visit.states import NOBODY, State
from kiosk.visit.table import Result, cancel, go, late, on, stay
from kiosk.visit.visit import Asking, Now, Visit

MAINTENANCE = "maintenance"  # why this wipe: not a visit that has ended
STAFFS = frozenset({State.ENTRY, State.MAINTENANCE, State.UNDER_WORK})
LOCK = "entry_lock"  # the timer that runs while nothing is taken


# -- asked for -----------------------------------------------------------------------------------------


@on(EntryAsked, *NOBODY)
def asked(visit: Visit, event: EntryAsked, now: Now) -> Result:
    """On an empty battery nobody is let in: the terminal ends in a moment."""
    return stay(visit) if visit.machine.power_low else ask_in(visit)


@on(StaffCardSeen)
def staff_wait(visit: Visit, event: StaffCardSeen, now: Now) -> Result:
    """In a visit: nothing changes for the citizen."""
    waits = visit.state is not State.RECOVERING
    return stay(visit, machine=replace(visit.machine, staff_card=True, staff_waits=waits))


@on(StaffCardSeen, *NOBODY)
def staff_came(visit: Visit, event: StaffCardSeen, now: Now) -> Result:
    visit = replace(visit, machine=replace(visit.machine, staff_card=True))
    return stay(visit) if visit.machine.power_low else ask_in(visit)


@on(StaffCardSeen, State.MAINTENANCE)
def card_inside(visit: Visit, event: StaffCardSeen, now: Now) -> Result:
    """Whoever is let in already may be trying the slot."""
    return stay(visit, machine=replace(visit.machine, staff_card=True))


@on(StaffCardSeen, State.ENTRY)
def card_laid(visit: Visit, event: StaffCardSeen, now: Now) -> Result:
    visit = replace(visit, machine=replace(visit.machine, staff_card=True))
    return _ask(visit, way="", refused=None, other_card=False)


@on(StaffCardGone)
def card_gone(visit: Visit, event: StaffCardGone, now: Now) -> Result:
    """Whoever waits for the end of a visit need not leave the card, which keeps the rating locked."""
    return stay(visit, machine=replace(visit.machine, staff_card=False))


@on(SlotChanged, State.ENTRY)
def slot_changed(visit: Visit, event: SlotChanged, now: Now) -> Result:
    """The next card is let in when the slot is free."""
    visit, effect = slot.noted(visit, event)
    if event.slot:
        return stay(visit, effect)
    return _ask(visit, effect, AdmitCards(), other_card=False)


@on(OtherCardSeen, State.ENTRY)
def not_of_staff(visit: Visit, event: OtherCardSeen, now: Now) -> Result:
    return _ask(visit, DismissCards(), other_card=True)


# -- the entry page ------------------------------------------------------------------------------------


@on(EntryOffered, State.ENTRY)
def offered(visit: Visit, event: EntryOffered, now: Now) -> Result:
    told = event.challenge
    until = now.monotonic + told.code_locked_for if told is not None and told.code_locked_for > 0 else None
    return _locked(visit, now, offered=True, challenge=told, code_until=until)


@on(EntryKey, State.ENTRY)
def key_touched(visit: Visit, event: EntryKey, now: Now) -> Result:
    """The touch itself starts the page's time again; see step."""
    return stay(visit)


@on(EntryWayChosen, State.ENTRY)
def way_chosen(visit: Visit, event: EntryWayChosen, now: Now) -> Result:
    return stay(visit) if _asking(visit).checking else _ask(visit, way=event.way, refused=None)


@on(EntryTyped, State.ENTRY)
def typed(visit: Visit, event: EntryTyped, now: Now) -> Result:
    way = way_of(visit)
    asking = _asking(visit)
    if asking.checking or way not in ("card", "code") or until(asking, way) is not None or not event.typed:
        return stay(visit)
    turn = visit.machine.entry_checks + 1
    visit = replace(visit, machine=replace(visit.machine, entry_checks=turn))
    return _ask(visit, CheckEntry(way, event.typed, turn), checking=True, refused=None)


@on(EntryChecked, State.ENTRY)
def checked(visit: Visit, event: EntryChecked, now: Now) -> Result:
    """What was asked for by a page that has been left since lets nobody in, whatever is being checked now."""
    asking, result = _asking(visit), event.result
    if not asking.checking or event.turn != visit.machine.entry_checks:
        return stay(visit)
    if isinstance(result, Entered):
        inside = replace(visit.fresh(State.MAINTENANCE), machine=replace(visit.machine, under_work=False))
        return go(inside, State.MAINTENANCE, *cancel(LOCK), OpenMaintenance(result.role, result.who))
    locked = now.monotonic + result.locked_for if result.locked_for > 0 else None
    card = {"card_until": locked} if way_of(visit) == "card" else {}
    after, effects = _locked(visit, now, checking=False, refused=result, **card)
    return after, (*effects, AdmitStaff())  # the challenge may be another one now, and the way locked


@on(TimerFired, State.ENTRY)
def entry_timer(visit: Visit, event: TimerFired, now: Now) -> Result:
    """A PIN that is being checked is waited for; the warning before the end is any page's."""
    if event.name == LOCK:
        after, effects = _locked(visit, now)
        return after, (*effects, AdmitStaff())
    if event.name == "quiet":
        if _asking(visit).checking:
            return stay(visit, SetTimer("quiet", visit.machine.delays.quiet[State.ENTRY]))
        return stay(visit, SetTimer("grace", visit.machine.delays.grace), warning=True)
    if event.name == "grace" and visit.warning:
        return _away(visit)
    return stay(visit)


@on(EntryCancelled, State.ENTRY)
@on(QuitPressed, State.ENTRY)
def cancelled(visit: Visit, event: EntryCancelled | QuitPressed, now: Now) -> Result:
    return _away(visit)


def way_of(visit: Visit) -> str:
    """How whoever is here may enter: ``card``, ``code``; "" while that is not known, ``none`` where nothing will do."""
    asking = _asking(visit)
    if not asking.offered:
        return ""
    told = asking.challenge
    if told is None or not (told.card_offered or told.digits):
        return "none"
    if not told.digits or not told.card_offered:
        return "code" if told.digits else "card"
    return asking.way or ("card" if visit.machine.staff_card else "code")


def until(asking: Asking, way: str) -> float | None:
    """The monotonic second until which nothing is taken this way; None: it is taken."""
    return asking.card_until if way == "card" else asking.code_until


def _away(visit: Visit) -> Result:
    after, effects = rest(visit)
    return after, (*cancel(LOCK), *effects)


def _asking(visit: Visit) -> Asking:
    return visit.asking or Asking()


def _ask(visit: Visit, *effects: Effect, **changes: Any) -> Result:
    return stay(visit, *effects, asking=replace(_asking(visit), **changes))


def _locked(visit: Visit, now: Now, **changes: Any) -> Result:
    """The page with these changes; locks that are over are gone, and the next one to be over wakes it."""
    asking = replace(_asking(visit), **changes)
    code, card = (
        moment if moment is not None and moment > now.monotonic else None
        for moment in (asking.code_until, asking.card_until)
    )
    running = [moment for moment in (code, card) if moment is not None]
    wake = (SetTimer(LOCK, min(running) - now.monotonic),) if running else cancel(LOCK)
    return stay(visit, *wake, asking=replace(asking, code_until=code, card_until=card))


# -- maintenance, and its end --------------------------------------------------------------------------


@on(MaintenanceLocked, State.MAINTENANCE)
def locked(visit: Visit, event: MaintenanceLocked, now: Now) -> Result:
    machine = replace(visit.machine, under_work=True)
    return go(replace(visit.fresh(State.UNDER_WORK), machine=machine), State.UNDER_WORK)


@on(MaintenanceLeft, *STAFFS)
def left(visit: Visit, event: MaintenanceLeft, now: Now) -> Result:
    """A session that had locked may end while somebody asks to be let in: after the wipe they are asked anew.

    Its end may also come just after they were let in: then their session ends with it, so that none is open behind the
    public's pages.
    """
    if visit.state is State.MAINTENANCE:
        after, effects = _wiping(visit)
        return after, (CloseMaintenance("another"), *effects)
    if visit.state is not State.ENTRY:
        return _wiping(visit)
    if not visit.machine.under_work:
        return stay(visit)  # of a session that was ended from here
    return _wiping(replace(visit, machine=replace(visit.machine, staff_waits=True)))


@on(PowerChanged, *STAFFS)
def power_in_maintenance(visit: Visit, event: PowerChanged, now: Now) -> Result:
    """A low battery ends it at once, without waiting for whatever is under way there."""
    visit = replace(visit, machine=replace(visit.machine, power_low=event.low))
    if not event.low:
        return stay(visit)
    if visit.state is State.ENTRY and not visit.machine.under_work:
        return _away(visit)
    after, effects = _wiping(visit)
    return after, (CloseMaintenance("battery-low"), *effects)


@on(Recovered, *STAFFS)
def looked_again(visit: Visit, event: Recovered, now: Now) -> Result:
    """Asked for before staff came: what it says counts when they have gone."""
    return stay(visit, machine=replace(visit.machine, fault=event.fault))


def _wiping(visit: Visit) -> Result:
    machine = replace(visit.machine, under_work=False)
    return go(
        replace(visit.fresh(State.WIPING), machine=machine),
        State.WIPING,
        *cancel(LOCK),
        Wipe(MAINTENANCE, visit.state.value, committed=False),
    )


late(EntryAsked, but=NOBODY)
late(
    EntryKey, EntryWayChosen, EntryTyped, EntryCancelled, EntryOffered, EntryChecked, OtherCardSeen, but=(State.ENTRY,)
)
late(MaintenanceLocked, but=(State.MAINTENANCE,))
late(MaintenanceLeft, but=STAFFS)
