"""Between two visits: the start page, or out of service while the battery is low or the operator has closed it."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import SetTimer
from kiosk.visit.events import ClosedChanged
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, on, stay
from kiosk.visit.visit import Now, Visit


def rest(visit: Visit) -> Result:
    """Nothing of the last visit is left. With a low battery no new one begins, and the terminal is about to end."""
    if visit.machine.power_low:
        return go(
            visit.fresh(State.OUT_OF_SERVICE),
            State.OUT_OF_SERVICE,
            SetTimer("power", visit.machine.delays.power_off),
        )
    if visit.machine.closed:
        return go(visit.fresh(State.OUT_OF_SERVICE), State.OUT_OF_SERVICE)
    return go(visit.fresh(State.ATTRACT), State.ATTRACT)


@on(ClosedChanged)
def closed_in_a_visit(visit: Visit, event: ClosedChanged, now: Now) -> Result:
    """Whoever is here is served to the end."""
    return stay(_told(visit, event))


@on(ClosedChanged, State.ATTRACT)
def closed_while_nobody_is_here(visit: Visit, event: ClosedChanged, now: Now) -> Result:
    visit = _told(visit, event)
    return rest(visit) if event.reason else stay(visit)


@on(ClosedChanged, State.OUT_OF_SERVICE)
def opened_again(visit: Visit, event: ClosedChanged, now: Now) -> Result:
    """A terminal that is out of service for another reason stays so."""
    was, visit = visit.machine.closed, _told(visit, event)
    other = visit.machine.fault or visit.machine.power_low
    return rest(visit) if was and not event.reason and not other else stay(visit)


def _told(visit: Visit, event: ClosedChanged) -> Visit:
    return replace(visit, machine=replace(visit.machine, closed=event.reason))
