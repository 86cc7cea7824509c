"""Between two visits: the start page; out of service while the battery is low or it is closed; staff who wait, and the
page that tells the public of their work.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import AdmitStaff, SetTimer
from kiosk.visit.events import ClosedChanged
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, on, stay
from kiosk.visit.visit import Asking, Now, Visit

HERE = ("paper", "cleaning", "repair", "moved", "other")
"""Reasons for which staff close it at the terminal itself, as the screen says them: out.reason.closed_…"""


def rest(visit: Visit) -> Result:
    """Nothing of the last visit is left. With a low battery no new one begins, and the terminal is about to end."""
    machine = visit.machine
    if machine.power_low:
        return _rest(visit, State.OUT_OF_SERVICE, SetTimer("power", machine.delays.power_off))
    if machine.staff_waits:
        return ask_in(visit)
    if machine.fault:
        return _rest(visit, State.OUT_OF_SERVICE, SetTimer("look_again", machine.delays.out_of_service))
    if machine.under_work:
        return _rest(visit, State.UNDER_WORK)
    return _rest(visit, State.OUT_OF_SERVICE if machine.closed else State.ATTRACT)


def _rest(visit: Visit, state: State, *effects: SetTimer) -> Result:
    return go(visit.fresh(state), state, *effects)


def ask_in(visit: Visit) -> Result:
    """The entry page of staff. Nothing of a visit is left, and nothing of one is on it."""
    machine = replace(visit.machine, staff_waits=False)
    return go(replace(visit.fresh(State.ENTRY), machine=machine), State.ENTRY, AdmitStaff(), asking=Asking())


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
    expected = event.expected if event.reason else ""
    return replace(visit, machine=replace(visit.machine, closed=event.reason, expected=expected))
