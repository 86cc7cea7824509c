"""Recovering, attract, home, guide: before anyone is known."""

from __future__ import annotations

from dataclasses import replace

from kiosk.services.model import Verdict
from kiosk.visit import able
from kiosk.visit.browsing import looking_as
from kiosk.visit.collecting import with_card
from kiosk.visit.effects import Recover, SetTimer
from kiosk.visit.events import (
    CardGone,
    CardShown,
    CollectPressed,
    NextPressed,
    QuitPressed,
    Recovered,
    ServiceChosen,
    Started,
    TimerFired,
)
from kiosk.visit.identifying import identify
from kiosk.visit.resting import rest
from kiosk.visit.states import NOBODY, State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Visit


@on(Recovered, State.RECOVERING, State.OUT_OF_SERVICE)
def recovered(visit: Visit, event: Recovered, now: Now) -> Result:
    visit = replace(visit, machine=replace(visit.machine, fault=event.fault))
    if event.fault:
        delays, first = visit.machine.delays, visit.state is State.RECOVERING
        ending = (SetTimer("power", delays.power_off),) if visit.machine.power_low and first else ()
        return go(visit, State.OUT_OF_SERVICE, SetTimer("look_again", delays.out_of_service), *ending)
    return rest(visit)


@on(TimerFired, State.OUT_OF_SERVICE)
def look_again(visit: Visit, event: TimerFired, now: Now) -> Result:
    return stay(visit, Recover())


@on(TimerFired, State.ATTRACT)
def minute_passed(visit: Visit, event: TimerFired, now: Now) -> Result:
    """Show the time anew."""
    return stay(visit, SetTimer("clock", visit.machine.delays.clock))


@on(Started, State.ATTRACT)
def start(visit: Visit, event: Started, now: Now) -> Result:
    return go(visit, State.HOME)


@on(CardShown, State.ATTRACT, State.HOME, State.SEARCH, State.GUIDE)
def card_first(visit: Visit, event: CardShown, now: Now) -> Result:
    """A card shown early opens the visit and is not asked for again."""
    known = with_card(visit, event)
    if visit.document is None:  # whoever has been looking for a matter now shows the card
        known = looking_as(known, visit)
    return go(known, State.HOME) if visit.state is State.ATTRACT else stay(known)


@on(CardGone, State.HOME, State.SEARCH, State.GUIDE)
def card_taken_early(visit: Visit, event: CardGone, now: Now) -> Result:
    """Whoever comes next finds nothing of the one who left, whatever had been filled in."""
    return stay(visit.of_nobody())


@on(ServiceChosen, State.HOME, State.SEARCH)
def choose(visit: Visit, event: ServiceChosen, now: Now) -> Result:
    pack = visit.machine.packs.get(event.service_id)
    if pack is None or not pack.effective.holds(now.wall.date()):
        return stay(visit)
    return go(visit, State.GUIDE, service=pack)


@on(CollectPressed, State.HOME)
def collect_papers(visit: Visit, event: CollectPressed, now: Now) -> Result:
    return identify(replace(visit, collecting=True), now)


@on(NextPressed, State.GUIDE)
def begin(visit: Visit, event: NextPressed, now: Now) -> Result:
    if able.ability(visit.machine, visit.whole, now).verdict is Verdict.CANNOT:
        return stay(visit)
    return identify(replace(visit, started_at=visit.started_at or now.wall), now)


late(
    Recovered,
    but=(State.RECOVERING, State.OUT_OF_SERVICE, State.ENTRY, State.MAINTENANCE, State.UNDER_WORK),
)
late(Started, but=(State.ATTRACT,))
late(ServiceChosen, but=(State.HOME, State.SEARCH))
late(CollectPressed, but=(State.HOME, State.CASES, State.CASE))
late(
    QuitPressed,
    but=frozenset(State) - NOBODY - {State.RECOVERING, State.WIPING, State.MAINTENANCE},
)
