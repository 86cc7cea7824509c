"""The table of a visit: which handler answers which event in which state.

Handlers are pure: ``(visit, event, now) -> (visit, effects)``. Rooms: arriving, identifying, filling,
finishing, everywhere. What is neither handled nor listed as ignored is a bug, and a test says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, get_args

from kiosk.visit.effects import CancelTimer, Effect
from kiosk.visit.events import Event
from kiosk.visit.states import State
from kiosk.visit.visit import Now, Visit

Result = tuple[Visit, tuple[Effect, ...]]
Handler = Callable[[Visit, Any, Now], Result]

EVENTS: tuple[type, ...] = get_args(Event)
TABLE: dict[tuple[State, type], Handler] = {}
EVERYWHERE: dict[type, Handler] = {}
IGNORED: dict[type, frozenset[State]] = {}
TIMERS: dict[str, Handler] = {}


def on(event: type, *states: State) -> Callable[[Handler], Handler]:
    """Register a handler for an event in these states; without states, for every state that has none of its own."""

    def register(handler: Handler) -> Handler:
        keys: Iterable[tuple[State, type]] = ((state, event) for state in states)
        if not states:
            if event in EVERYWHERE:
                raise AssertionError(f"two handlers for {event.__name__} everywhere")
            EVERYWHERE[event] = handler
        for key in keys:
            if key in TABLE:
                raise AssertionError(f"two handlers for {event.__name__} in {key[0].value}")
            TABLE[key] = handler
        return handler

    return register


def timer(name: str) -> Callable[[Handler], Handler]:
    """Register a handler for a timer of the machine's, not of a page's: it means the same in every state."""

    def register(handler: Handler) -> Handler:
        if name in TIMERS:
            raise AssertionError(f"two handlers for the timer {name}")
        TIMERS[name] = handler
        return handler

    return register


def late(*events: type, but: Iterable[State]) -> None:
    """Events that mean something in ``but`` only: elsewhere they come too late (a touch on a page just left)."""
    for event in events:
        IGNORED[event] = frozenset(State) - frozenset(but)


def stay(visit: Visit, *effects: Effect, **changes: Any) -> Result:
    """The same page with changes."""
    return (replace(visit, **changes) if changes else visit), effects


def go(visit: Visit, state: State, *effects: Effect, **changes: Any) -> Result:
    """Another page. Problems and hints of the page left are not carried along."""
    changes.setdefault("problem", "")
    changes.setdefault("detail", "")
    changes.setdefault("hint", "")
    changes.setdefault("prompt", None)
    return replace(visit, state=state, **changes), effects


def cancel(*names: str) -> tuple[Effect, ...]:
    return tuple(CancelTimer(name) for name in names)
