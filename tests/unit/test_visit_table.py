"""Every (state, event) pair of the visit is handled or stands in the list of what comes too late: never both."""

from __future__ import annotations

import pytest

from kiosk.visit.states import BEFORE_COMMIT, NEEDS_CARD, State
from kiosk.visit.step import ROOMS, step
from kiosk.visit.table import EVENTS, EVERYWHERE, IGNORED, TABLE
from tests.unit.visit_world import World


def test_every_pair_of_state_and_event_is_handled_or_ignored() -> None:
    assert ROOMS
    unknown = [
        f"{event.__name__} in {state.value}"
        for state in State
        for event in EVENTS
        if (state, event) not in TABLE and event not in EVERYWHERE and state not in IGNORED.get(event, ())
    ]
    assert not unknown


def test_nothing_is_both_handled_and_ignored() -> None:
    both = [f"{event.__name__} in {state.value}" for state, event in TABLE if state in IGNORED.get(event, frozenset())]
    assert not both


def test_what_is_ignored_has_no_handler_everywhere_that_it_would_hide() -> None:
    hidden = [event.__name__ for event in IGNORED if event in EVERYWHERE]
    assert not hidden


@pytest.mark.parametrize("state", sorted(BEFORE_COMMIT, key=lambda state: state.value), ids=lambda state: state.value)
def test_every_page_before_the_commit_can_be_quit(state: State) -> None:
    from kiosk.visit.events import QuitPressed

    assert (state, QuitPressed) in TABLE


def test_a_card_is_needed_only_before_the_commit() -> None:
    assert NEEDS_CARD < BEFORE_COMMIT


def test_an_event_that_comes_too_late_changes_nothing() -> None:
    from kiosk.visit.events import ServiceChosen

    world = World().at_identify()
    after, effects = step(world.visit, ServiceChosen("pension_verification"), world.now)
    assert after == world.visit
    assert effects == ()
