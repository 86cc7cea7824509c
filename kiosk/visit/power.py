"""The battery is low (断电，电池快用完): no visit begins, and one that runs is warned and ended.

What is under way is finished first: a commit, and papers that are coming out. Then the citizen has the time of the
warning to take card and papers; what was not committed is wiped. Mains that come back call all of it off.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import CancelTimer, Effect, PowerDown, SetTimer
from kiosk.visit.events import PowerChanged, QuitPressed, TimerFired
from kiosk.visit.finishing import farewell, printing
from kiosk.visit.resting import rest
from kiosk.visit.states import BEFORE_COMMIT, State
from kiosk.visit.table import Result, cancel, on, stay, timer
from kiosk.visit.visit import Now, Visit

ENDED = BEFORE_COMMIT | {State.OUTCOME, State.TROUBLE, State.RATE, State.HANDED_IN}

"""Pages of a visit that the warning may lie over; a commit that is under way is waited for."""


@on(PowerChanged)
def power_changed(visit: Visit, event: PowerChanged, now: Now) -> Result:
    """The countdown of a running visit is started and called off by ``mind``."""
    return stay(_told(visit, event))


@on(PowerChanged, State.ATTRACT)
def low_while_nobody_is_there(visit: Visit, event: PowerChanged, now: Now) -> Result:
    visit = _told(visit, event)
    return rest(visit) if event.low else stay(visit)


@on(PowerChanged, State.OUT_OF_SERVICE)
def changed_while_closed(visit: Visit, event: PowerChanged, now: Now) -> Result:
    """A terminal that is out of service for another reason stays so when the mains are back."""
    was, visit = visit.machine.power_low, _told(visit, event)
    if event.low:
        return stay(visit) if was else stay(visit, SetTimer("power", visit.machine.delays.power_off))
    if visit.machine.fault:
        return stay(visit, *cancel("power"))
    after, effects = rest(visit)
    return after, (*cancel("power"), *effects)


@timer("power")
def time_is_over(visit: Visit, event: TimerFired, now: Now) -> Result:
    if not visit.machine.power_low:
        return stay(visit)
    if visit.state is State.OUT_OF_SERVICE:
        return stay(visit, PowerDown())
    return farewell(visit, "power") if visit.power_until is not None else stay(visit)


def ended_now(visit: Visit, event: QuitPressed, now: Now) -> Result:
    """现在就结束: whoever has read the warning need not wait for it."""
    return stay(visit) if busy(visit) else farewell(visit, "power")


def busy(visit: Visit) -> bool:
    """Something is under way that has to come to its end first."""
    return visit.state is State.COMMITTING or printing(visit)


def warning(visit: Visit) -> str:
    """What the panel says: "" (none), ``ending``, ``ending_saved``, or ``finishing`` while something is under way."""
    if not visit.machine.power_low or visit.state not in ENDED | {State.COMMITTING}:
        return ""
    if busy(visit):
        return "finishing"
    return "ending_saved" if visit.saved else "ending"


def mind(before: Visit, after: Visit, now: Now) -> tuple[Visit, tuple[Effect, ...]]:
    """Start the countdown when nothing keeps the visit from ending any more; end it with the visit or the cause."""
    wanted = after.machine.power_low and after.state in ENDED and not busy(after)
    if wanted and after.power_until is None:
        seconds = after.machine.delays.power_warning
        return replace(after, power_until=now.monotonic + seconds), (SetTimer("power", seconds),)
    if not wanted and before.power_until is not None:
        return replace(after, power_until=None), (CancelTimer("power"),)
    return after, ()


def _told(visit: Visit, event: PowerChanged) -> Visit:
    return replace(visit, machine=replace(visit.machine, power_low=event.low))
