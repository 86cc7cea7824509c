"""Looking for a matter: a category opened, words typed. Before anyone is known, and forgotten with the visit."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.collecting import home_again
from kiosk.visit.events import BackPressed, CategoryChosen, SearchPressed, SearchTyped
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Visit

MOST = 60  # characters of what is typed that are kept


@on(CategoryChosen, State.HOME, State.SEARCH)
def open_category(visit: Visit, event: CategoryChosen, now: Now) -> Result:
    today, packs = now.wall.date(), visit.machine.packs.values()
    if not any(pack.category == event.category and pack.effective.holds(today) for pack in packs):
        return stay(visit)
    return go(visit, State.HOME, category=event.category, query="")


@on(BackPressed, State.HOME)
def close_category(visit: Visit, event: BackPressed, now: Now) -> Result:
    return stay(visit, category="")


@on(SearchPressed, State.HOME)
def search(visit: Visit, event: SearchPressed, now: Now) -> Result:
    return go(visit, State.SEARCH, category="", query="")


@on(SearchTyped, State.SEARCH)
def typed(visit: Visit, event: SearchTyped, now: Now) -> Result:
    return stay(visit, query=event.text[:MOST])


@on(BackPressed, State.SEARCH)
def leave_search(visit: Visit, event: BackPressed, now: Now) -> Result:
    return go(visit, State.HOME, query="")


@on(BackPressed, State.GUIDE)
def back_from_guide(visit: Visit, event: BackPressed, now: Now) -> Result:
    """To the list in which the matter was found."""
    return go(looking_as(home_again(visit), visit), State.SEARCH if visit.query else State.HOME)


def looking_as(visit: Visit, before: Visit) -> Visit:
    """With the place in the lists that ``before`` has."""
    return replace(visit, category=before.category, query=before.query)


late(CategoryChosen, but=(State.HOME, State.SEARCH))
late(SearchPressed, but=(State.HOME,))
late(SearchTyped, but=(State.SEARCH,))
