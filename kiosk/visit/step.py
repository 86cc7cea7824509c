"""The pure step of a visit: ``step(visit, event, now) -> (visit, effects)``."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from kiosk.visit import (
    arriving,
    browsing,
    cases,
    collecting,
    everywhere,
    filling,
    finishing,
    helping,
    identifying,
    keeping,
    licensing,
    maintaining,
    materials,
    power,
    querying,
    remembering,
    scanning,
    slot,
    uploading,
)
from kiosk.visit.effects import CancelTimer, Effect, SetTimer
from kiosk.visit.events import (
    CardFailed,
    CardGone,
    CardShown,
    ElderChosen,
    Event,
    HelpClosed,
    HelpPressed,
    LanguageChosen,
    QuitPressed,
    StillHere,
    TimerFired,
    Touch,
)
from kiosk.visit.finishing import printing
from kiosk.visit.missing import ask_for_card
from kiosk.visit.states import NEEDS_CARD, State
from kiosk.visit.table import EVERYWHERE, IGNORED, TABLE, TIMERS, Result
from kiosk.visit.visit import Now, Visit

ROOMS = (
    arriving,
    browsing,
    identifying,
    collecting,
    cases,
    querying,
    filling,
    licensing,
    scanning,
    uploading,
    keeping,
    helping,
    remembering,
    finishing,
    power,
    slot,
    maintaining,
    everywhere,
)  # imported, they fill the table
PRINTS = (State.OUTCOME, State.COLLECT, State.HANDED_IN)  # no time runs out while paper is coming out
TOUCHES: tuple[type, ...] = get_args(Touch)
WITHOUT_CARD = (QuitPressed, HelpPressed, HelpClosed, StillHere, LanguageChosen, ElderChosen)


def step(visit: Visit, event: Event, now: Now) -> Result:
    """One event. Never raises for an event that comes late; never touches a clock, a device or a file."""
    kind = type(event)
    visit = _notice_card(visit, event)
    covered = visit.card_missing or power.warning(visit)
    if covered and isinstance(event, TOUCHES) and not isinstance(event, WITHOUT_CARD):
        return visit, ()  # the panel lies over the page; a touch that raced it must not go on as the card's holder
    handler = TABLE.get((visit.state, kind))
    if isinstance(event, TimerFired):
        handler = TIMERS.get(event.name, handler)
    if isinstance(event, QuitPressed) and power.warning(visit):
        handler = power.ended_now
    effects: tuple[Effect, ...] = ()
    after = helping.instead(visit, event)
    if after is None:
        if handler is None:
            if visit.state in IGNORED.get(kind, frozenset()):
                return visit, ()
            handler = EVERYWHERE[kind]
        after, effects = handler(visit, event, now)
    after, helped = helping.mind(visit, after)
    after, showing = materials.desk(visit, after)
    after, sending = uploading.mind(visit, after)
    after, timers = _arm(visit, event, after, now)
    after, ending = power.mind(visit, after, now)
    return after, (*effects, *helped, *showing, *sending, *timers, *ending, *slot.door(visit, after))


def _notice_card(visit: Visit, event: Event) -> Visit:
    if isinstance(event, CardShown | CardFailed | CardGone):
        return replace(visit, machine=replace(visit.machine, card_on_reader=not isinstance(event, CardGone)))
    return visit


def _arm(before: Visit, event: Event, after: Visit, now: Now) -> tuple[Visit, tuple[Effect, ...]]:
    """Start the page's time again after a touch, on a new page, and when the last paper has ended."""
    moved = after.state is not before.state
    paper_over = after.state in PRINTS and printing(before) and not printing(after)
    effects: tuple[Effect, ...] = ()
    if moved and before.card_missing and after.state not in NEEDS_CARD:
        after, effects = replace(after, card_missing=False, card_until=None), (CancelTimer("card_missing"),)
    if moved and after.state in NEEDS_CARD and not after.card_missing and not after.machine.card_on_reader:
        after, effects = ask_for_card(after, now)  # it was taken while no page needed it
    if moved and after.state is State.ATTRACT:
        effects = (*effects, SetTimer("clock", after.machine.delays.clock))
    if moved and before.state is State.ATTRACT:
        effects = (*effects, CancelTimer("clock"))
    if not (moved or paper_over or uploading.used(after, event) or isinstance(event, TOUCHES)):
        return after, effects
    delays = after.machine.delays
    quiet = delays.quiet.get(after.state)
    if quiet is None or (after.state in PRINTS and printing(after)):
        return replace(after, warning=False, expires_at=None), (
            *effects, CancelTimer("quiet"), CancelTimer("grace"),
        )  # fmt: skip
    expires_at = now.monotonic + quiet + delays.grace
    return replace(after, warning=False, expires_at=expires_at), (
        *effects, CancelTimer("grace"), SetTimer("quiet", quiet),
    )  # fmt: skip
