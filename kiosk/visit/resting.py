"""Between two visits: the start page, or out of service while the battery is low."""

from __future__ import annotations

from kiosk.visit.effects import SetTimer
from kiosk.visit.states import State
from kiosk.visit.table import Result, go
from kiosk.visit.visit import Visit


def rest(visit: Visit) -> Result:
    """Nothing of the last visit is left. With a low battery no new one begins, and the terminal is about to end."""
    if visit.machine.power_low:
        return go(
            visit.fresh(State.OUT_OF_SERVICE),
            State.OUT_OF_SERVICE,
            SetTimer("power", visit.machine.delays.power_off),
        )
    return go(visit.fresh(State.ATTRACT), State.ATTRACT)
