"""Lives of cases drawn at random: whatever staff, applicants and time do in whatever order, the table holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_terms import Terms, terms
from kiosk.domain.life import Deed, Lack, LifeError, LifeEvent, May, Role, Stand, State, check, stand
from kiosk.domain.life_table import rule
from kiosk.domain.text import Text
from kiosk.domain.workdays import national

EXAMPLES = int(os.environ.get("KIOSK_FUZZ_LIVES", "25"))
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=CHINA)
WHY = Text("理由", "Reason")
TERMS = st.sampled_from(
    [terms("licence"), terms("registration"), replace(terms("licence"), deliver=0, promise=5), terms("complaint"),
     replace(terms("complaint"), answer=1, deemed=True)]
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(Deed), st.sampled_from(Role), st.integers(0, 24 * 9), st.booleans()), max_size=14
)


def drawn(deed: Deed, role: Role, at: datetime, *, whole: bool) -> LifeEvent:
    if not whole:
        return LifeEvent(deed, at, role)
    return LifeEvent(deed, at, role, "李工", WHY, (Lack(WHY),), WHY, "批准")


def lived(
    how: Terms, steps: list[tuple[Deed, Role, int, bool]], seen: Callable[[Stand, LifeEvent, bool], None]
) -> list[LifeEvent]:  # fmt: skip
    """Each step tried in its turn, but those that the table refuses. ``seen`` gets the case before, and whether."""
    calendar, at = national(), BEGIN
    events = [LifeEvent(Deed.RECEIVED, at, Role.SYSTEM)]
    for deed, role, hours, whole in steps:
        at += timedelta(hours=hours)
        before, event = stand(how, events, at, calendar), drawn(deed, role, at, whole=whole)
        try:
            check(before, event, how)
        except LifeError:
            seen(before, event, False)
        else:
            seen(before, event, True)
            events.append(event)
            after = stand(how, events, at, calendar)
            assert after.state is (rule(deed).gives or before.state)
    return events


@settings(deadline=None, max_examples=EXAMPLES)
@given(TERMS, STEPS)
def test_no_history_that_the_table_allows_is_beyond_the_clocks(
    how: Terms, steps: list[tuple[Deed, Role, int, bool]]
) -> None:  # fmt: skip
    def seen(before: Stand, event: LifeEvent, done: bool) -> None:
        if not done:
            return
        row = rule(event.deed)
        assert event.by in row.by
        assert not row.reason or event.reason.zh
        assert not row.lacking or event.lacking
        assert before.state in row.after
        assert not (row.once and event.deed in before.done)
        if event.deed is Deed.SUPPLEMENT_ASKED:
            assert not before.deemed  # after five days nobody may ask

    events = lived(how, steps, seen)
    calendar, last = national(), events[-1].at
    for later in (0, 1, 20, 90, 200):
        found = stand(how, events, last + timedelta(days=later), calendar)
        assert found.due is None or not found.overdue or found.due < (last + timedelta(days=later)).date()
        assert (May.WITHDRAW in found.may) == _withdrawable(how, found, last + timedelta(days=later))
        if found.state in (State.REFUSED, State.NOT_ACCEPTED, State.WITHDRAWN, State.VOIDED, State.ANSWERED):
            assert found.due is None
            assert not found.overdue


@settings(deadline=None, max_examples=EXAMPLES)
@given(TERMS, STEPS)
def test_what_was_told_for_a_moment_is_told_for_it_ever_after(
    how: Terms, steps: list[tuple[Deed, Role, int, bool]]
) -> None:  # fmt: skip
    """Events that came later change nothing of how it stood then; and what ended stays ended."""
    events = lived(how, steps, lambda *_: None)
    calendar, before = national(), None
    for count, event in enumerate(events, 1):
        if count < len(events) and events[count].at == event.at:
            continue
        found = stand(how, events, event.at, calendar)
        assert found == stand(how, events[:count], event.at, calendar)
        if before is not None and before.state in (State.WITHDRAWN, State.VOIDED, State.REFUSED, State.NOT_ACCEPTED):
            assert found.state is before.state
        before = found


def _withdrawable(how: Terms, found: Stand, at: datetime) -> bool:
    try:
        check(found, LifeEvent(Deed.WITHDRAWN, at, Role.APPLICANT), how)
    except LifeError:
        return False
    return True
