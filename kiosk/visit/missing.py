"""The card was taken while it is needed: it is asked for before anything is thrown away."""

from __future__ import annotations

from kiosk.visit.effects import SetTimer
from kiosk.visit.table import Result, stay
from kiosk.visit.visit import Now, Visit


def ask_for_card(visit: Visit, now: Now) -> Result:
    """Show the "put the card back" panel and start its time."""
    seconds = visit.machine.delays.card_missing
    return stay(visit, SetTimer("card_missing", seconds), card_missing=True, card_until=now.monotonic + seconds)
