"""The slot for smart cards (社保卡 …), beside the ID card reader: open on the identify page and on the entry page of
staff, empty when they are left.

No matter takes such a card as yet: it is given back at once, with words. One that is left behind is told on every page
that can help, and kept (吞卡) only where the profile says after how long.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import AdmitCards, CancelTimer, DismissCards, Effect, KeepCard, SetTimer
from kiosk.visit.events import SlotChanged, TimerFired
from kiosk.visit.states import State
from kiosk.visit.table import Result, on, stay, timer
from kiosk.visit.visit import Now, Visit

LYING = ("inside", "offered")  # a card that its holder can, or should, take
OPEN = (State.IDENTIFY, State.ENTRY)


@on(SlotChanged)
def slot_changed(visit: Visit, event: SlotChanged, now: Now) -> Result:
    return stay(*noted(visit, event))


@on(SlotChanged, State.IDENTIFY)
def slot_used(visit: Visit, event: SlotChanged, now: Now) -> Result:
    """Give back what cannot help here; let the next one in when the slot is free."""
    visit, effect = noted(visit, event)
    if event.slot == "inside":
        return stay(visit, effect, DismissCards())
    return stay(visit, effect, AdmitCards()) if event.slot == "" else stay(visit, effect)


@timer("card_left")
def nobody_took_it(visit: Visit, event: TimerFired, now: Now) -> Result:
    return stay(visit, KeepCard()) if visit.machine.slot == "offered" else stay(visit)


def door(before: Visit, after: Visit) -> tuple[Effect, ...]:
    """Open with the identify page and the entry page of staff, closed behind them."""
    if not after.machine.card_slot or before.state is after.state:
        return ()
    if after.state in OPEN:
        return (AdmitCards(),)
    return (DismissCards(),) if before.state in OPEN else ()


def noted(visit: Visit, event: SlotChanged) -> tuple[Visit, Effect]:
    visit = replace(visit, machine=replace(visit.machine, slot=event.slot))
    seconds = visit.machine.keep_card_after
    if event.slot != "offered" or seconds is None:
        return visit, CancelTimer("card_left")
    return visit, SetTimer("card_left", seconds)


def forgotten(visit: Visit) -> bool:
    """Whether a card lies there that a citizen is told of. A staff card is nothing to them: they see no difference."""
    return visit.machine.slot in LYING and not visit.machine.staff_card
