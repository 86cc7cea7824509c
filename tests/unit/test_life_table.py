"""The life of a case: every deed in every state, who may do it, what it has to say, and what law alone changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from kiosk.domain.beijing import CHINA
from kiosk.domain.clock_terms import Terms, terms
from kiosk.domain.life import Deed, Lack, LifeError, LifeEvent, May, Role, Stand, State, check, stand
from kiosk.domain.life_table import Track, remedy, rule
from kiosk.domain.progress import progress, remedy_of
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.workdays import national

MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=CHINA)
LICENCE = terms("licence")
COMPLAINT = replace(terms("complaint"), reply=10)
WHY = Text("材料不齐", "Papers are lacking")


def event(deed: Deed, hours: float = 0.0, by: Role | None = None) -> LifeEvent:
    """In order: with all that the table may ask of it, by one who may do it."""
    usual = Role.SYSTEM if deed is Deed.RECEIVED else Role.APPLICANT if deed is Deed.WITHDRAWN else Role.DEPARTMENT
    return LifeEvent(
        deed, MONDAY + timedelta(hours=hours), by or usual, "李工", WHY, (Lack(Text("租赁合同", "Lease"), "lease"),),
        Text("区商务局", "The bureau of commerce"), "王局长",
    )  # fmt: skip


def told(events: list[LifeEvent], how: Terms = LICENCE, days: float = 0.0) -> Stand:
    return stand(how, events, events[-1].at + timedelta(days=days), national())


WAYS: dict[State, tuple[Deed, ...]] = {
    State.RECEIVED: (Deed.RECEIVED,),
    State.SUPPLEMENTING: (Deed.RECEIVED, Deed.SUPPLEMENT_ASKED),
    State.ACCEPTED: (Deed.RECEIVED, Deed.ACCEPTED),
    State.HELD: (Deed.RECEIVED, Deed.ACCEPTED, Deed.HOLD_STARTED),
    State.APPROVED: (Deed.RECEIVED, Deed.ACCEPTED, Deed.APPROVED),
    State.REFUSED: (Deed.RECEIVED, Deed.ACCEPTED, Deed.REFUSED),
    State.NOT_ACCEPTED: (Deed.RECEIVED, Deed.NOT_ACCEPTED),
    State.ANSWERED: (Deed.RECEIVED, Deed.ANSWERED),
    State.WITHDRAWN: (Deed.RECEIVED, Deed.WITHDRAWN),
    State.VOIDED: (Deed.RECEIVED, Deed.APPROVED, Deed.VOIDED),
}

# What may follow, written down once more by hand: A an application, C a complaint, B both.
ALLOWED: dict[State, str] = {
    State.RECEIVED: "B:accepted B:not_accepted A:supplement_asked B:forwarded A:approved A:refused B:voided "
    "B:withdrawn C:answered",
    State.SUPPLEMENTING: "A:accepted A:not_accepted A:supplemented A:withdrawn",
    State.ACCEPTED: "A:hold_started A:extended B:forwarded A:approved A:refused B:voided B:withdrawn C:answered",
    State.HELD: "A:hold_ended A:withdrawn",
    State.APPROVED: "A:delivered A:voided A:corrected A:confirmed",
    State.REFUSED: "A:confirmed",
    State.NOT_ACCEPTED: "B:confirmed",
    State.ANSWERED: "C:confirmed",
    State.WITHDRAWN: "",
    State.VOIDED: "",
}
TRACKS = {Track.APPLICATION: LICENCE, Track.COMPLAINT: COMPLAINT}


PAIRS = [(state, track) for state in State for track in Track if all(track in rule(d).tracks for d in WAYS[state])]


def test_each_track_has_its_states() -> None:
    assert {state for state, track in PAIRS if track is Track.APPLICATION} == set(State) - {State.ANSWERED}
    assert {state for state, track in PAIRS if track is Track.COMPLAINT} == {
        State.RECEIVED, State.ACCEPTED, State.NOT_ACCEPTED, State.ANSWERED, State.WITHDRAWN,
    }  # fmt: skip


@pytest.mark.parametrize(("state", "track"), PAIRS)
def test_every_deed_in_every_state(state: State, track: Track) -> None:
    how, way = TRACKS[track], WAYS[state]
    history = [event(deed, hours) for hours, deed in enumerate(way)]
    before = told(history, how)
    assert before.state is state
    mark = "A" if track is Track.APPLICATION else "C"
    allowed = {word[2:] for word in ALLOWED[state].split() if word[0] in ("B", mark)}
    for deed in Deed:
        following = event(deed, len(way))
        if deed.value in allowed:
            check(before, following, how)
            after = told([*history, following], how)
            assert after.state is (rule(deed).gives or state), deed
        else:
            with pytest.raises(LifeError) as refused:
                check(before, following, how)
            assert refused.value.advice, deed


def test_a_case_begins_with_its_receipt_and_with_nothing_else() -> None:
    check(None, event(Deed.RECEIVED), LICENCE)
    for deed in set(Deed) - {Deed.RECEIVED}:
        with pytest.raises(LifeError):
            check(None, event(deed), LICENCE)


WHO = {
    Deed.RECEIVED: "system",
    Deed.ACCEPTED: "system community street department",
    Deed.NOT_ACCEPTED: "system community street department",
    Deed.SUPPLEMENT_ASKED: "community street department",
    Deed.SUPPLEMENTED: "community street department applicant",
    Deed.HOLD_STARTED: "street department",
    Deed.HOLD_ENDED: "system street department",
    Deed.EXTENDED: "department",
    Deed.FORWARDED: "system community street department",
    Deed.APPROVED: "system community street department",
    Deed.REFUSED: "system community street department",
    Deed.DELIVERED: "system community street department",
    Deed.VOIDED: "system department",
    Deed.WITHDRAWN: "applicant",
    Deed.CORRECTED: "street department",
    Deed.ANSWERED: "community street department",
    Deed.CONFIRMED: "department",
}


@pytest.mark.parametrize("deed", Deed)
def test_who_may_do_it(deed: Deed) -> None:
    state = next((state for state in State if state in rule(deed).after), None)
    how = COMPLAINT if deed is Deed.ANSWERED else LICENCE
    history = [event(each, hours) for hours, each in enumerate(WAYS[state])] if state is not None else []
    before = told(history, how) if history else None
    for role in Role:
        doing = replace(event(deed, len(history)), by=role)
        if role.value in WHO[deed].split():
            check(before, doing, how)
        else:
            with pytest.raises(LifeError, match="not-theirs"):
                check(before, doing, how)


@pytest.mark.parametrize(
    ("deed", "code", "without"),
    [
        (Deed.NOT_ACCEPTED, "reason-missing", {"reason": EMPTY}),
        (Deed.REFUSED, "reason-missing", {"reason": Text("  ", "  ")}),
        (Deed.HOLD_STARTED, "reason-missing", {"reason": EMPTY}),
        (Deed.EXTENDED, "reason-missing", {"reason": EMPTY}),
        (Deed.EXTENDED, "approval-missing", {"approval": ""}),
        (Deed.VOIDED, "reason-missing", {"reason": EMPTY}),
        (Deed.CORRECTED, "reason-missing", {"reason": EMPTY}),
        (Deed.ANSWERED, "reason-missing", {"reason": EMPTY}),
        (Deed.SUPPLEMENT_ASKED, "lacking-missing", {"lacking": ()}),
        (Deed.FORWARDED, "to-missing", {"to": EMPTY}),
    ],
)
def test_what_it_has_to_say(deed: Deed, code: str, without: dict[str, object]) -> None:
    how = COMPLAINT if deed is Deed.ANSWERED else LICENCE
    state = next(state for state in State if state in rule(deed).after)
    before = told([event(each, hours) for hours, each in enumerate(WAYS[state])], how)
    with pytest.raises(LifeError, match=code):
        check(before, replace(event(deed, 9), **without), how)  # type: ignore[arg-type]


def test_only_what_is_told_as_final_tells_how_to_object() -> None:
    assert {state for state in State if remedy_of(state) != EMPTY} == {
        State.NOT_ACCEPTED, State.REFUSED, State.VOIDED,
    }  # fmt: skip
    text, source = remedy()
    assert "行政复议" in text.zh
    assert "行政诉讼" in text.zh
    assert "review" in text.en
    assert "行政复议法" in source


def test_what_the_applicant_may_do() -> None:
    expected = {
        State.RECEIVED: {May.WITHDRAW}, State.SUPPLEMENTING: {May.WITHDRAW, May.SUPPLEMENT},
        State.ACCEPTED: {May.WITHDRAW}, State.HELD: {May.WITHDRAW}, State.APPROVED: {May.COLLECT},
        State.ANSWERED: set(),
    }  # fmt: skip
    for state, way in WAYS.items():
        how = COMPLAINT if state is State.ANSWERED else LICENCE
        assert told([event(deed, hours) for hours, deed in enumerate(way)], how).may == expected.get(state, set())


def test_supplements_are_asked_for_once() -> None:
    history = [event(Deed.RECEIVED), event(Deed.SUPPLEMENT_ASKED, 1)]
    assert [lack.material for lack in told(history).lacking] == ["lease"]
    history.append(event(Deed.SUPPLEMENTED, 2, Role.APPLICANT))
    again = told(history)
    assert again.state is State.RECEIVED
    assert again.lacking == ()
    with pytest.raises(LifeError, match="once-only"):
        check(again, event(Deed.SUPPLEMENT_ASKED, 3), LICENCE)


def test_who_is_not_answered_in_five_working_days_counts_as_accepted() -> None:
    history = [event(Deed.RECEIVED)]
    assert told(history, days=7).state is State.RECEIVED  # the fifth working day is the Monday after
    late = told(history, days=8)
    assert (late.state, late.deemed, late.since.date()) == (State.ACCEPTED, True, MONDAY.date())
    for deed in (Deed.SUPPLEMENT_ASKED, Deed.NOT_ACCEPTED, Deed.ACCEPTED):
        with pytest.raises(LifeError, match="deemed-accepted"):
            check(late, event(deed, 24 * 8), LICENCE)
    check(late, event(Deed.APPROVED, 24 * 8), LICENCE)


def test_a_case_on_hold_owes_no_day_and_can_be_withdrawn() -> None:
    history = [event(Deed.RECEIVED), event(Deed.ACCEPTED, 1), event(Deed.HOLD_STARTED, 2)]
    held = told(history, days=40)
    assert (held.due, held.overdue, held.reason) == (None, False, WHY)
    check(held, event(Deed.WITHDRAWN, 24 * 40), LICENCE)


def test_what_the_receipt_promised_runs_from_the_day_of_receipt() -> None:
    """Whenever it is accepted; stopped by a hold, begun anew by a supplement, over with the decision."""
    how = replace(LICENCE, whole=10)
    history = [event(Deed.RECEIVED), event(Deed.ACCEPTED, 24 * 4)]
    found = told(history, how)
    assert (found.clock, found.due) == ("whole", date(2026, 6, 15))  # ten working days from Monday the 1st
    held = [*history, event(Deed.HOLD_STARTED, 24 * 7), event(Deed.HOLD_ENDED, 24 * 9)]
    assert told(held, how).due == date(2026, 6, 17)
    asked = [event(Deed.RECEIVED), event(Deed.SUPPLEMENT_ASKED, 24), event(Deed.SUPPLEMENTED, 24 * 3)]
    again = told([*asked, event(Deed.ACCEPTED, 24 * 4)], how)
    assert again.due == date(2026, 6, 18)  # from Thursday the 4th
    assert told([*history, event(Deed.APPROVED, 24 * 5)], replace(how, deliver=0)).due is None


def test_it_is_extended_once_and_in_time() -> None:
    history = [event(Deed.RECEIVED), event(Deed.ACCEPTED, 1)]
    due = told(history).due
    with pytest.raises(LifeError, match="too-late"):
        check(told(history, days=40), event(Deed.EXTENDED, 24 * 40), LICENCE)
    history.append(event(Deed.EXTENDED, 2))
    extended = told(history)
    assert due is not None
    assert extended.due is not None
    assert extended.due > due
    with pytest.raises(LifeError, match="once-only"):
        check(extended, event(Deed.EXTENDED, 3), LICENCE)
    with pytest.raises(LifeError, match="no-period"):
        check(told(history[:2], replace(LICENCE, extend=0)), event(Deed.EXTENDED, 2), replace(LICENCE, extend=0))


def test_an_answered_complaint_stays_answered() -> None:
    """Also where nobody had accepted it before: the period for that is over with the answer."""
    how = replace(COMPLAINT, answer=1, deemed=True)
    for days in (0, 5, 100):
        found = told([event(Deed.RECEIVED), event(Deed.ANSWERED, 1)], how, days=days)
        assert (found.state, found.due, found.overdue, found.deemed) == (State.ANSWERED, None, False, False)


def test_a_correction_gives_the_paper_its_next_version_which_is_delivered_anew() -> None:
    history = [event(Deed.RECEIVED), event(Deed.APPROVED, 1), event(Deed.DELIVERED, 2)]
    assert (told(history).version, told(history).may) == (1, frozenset())
    with pytest.raises(LifeError, match="once-only"):
        check(told(history), event(Deed.DELIVERED, 3), LICENCE)
    history.append(event(Deed.CORRECTED, 3))
    corrected = told(history)
    assert (corrected.version, corrected.state, corrected.may) == (2, State.APPROVED, {May.COLLECT})
    history.append(event(Deed.DELIVERED, 4))
    assert told(history).may == frozenset()


def test_what_was_voided_before_its_decision_stops_the_clocks() -> None:
    """Joined to another case by the system, before anybody has decided."""
    joined = told([event(Deed.RECEIVED), event(Deed.VOIDED, 1, Role.SYSTEM)], days=60)
    assert (joined.state, joined.due, joined.overdue, joined.may) == (State.VOIDED, None, False, frozenset())


def test_to_whom_it_was_handed_on_is_told_and_its_state_stays() -> None:
    history = [event(Deed.RECEIVED), event(Deed.ACCEPTED, 1), event(Deed.FORWARDED, 2)]
    found = told(history)
    assert (found.state, found.handler.zh) == (State.ACCEPTED, "区商务局")
    shown = progress(found, "c", "n", "s", EMPTY, here=True)
    assert (shown.handler, shown.word.zh, shown.due) == (found.handler, "已受理，正在办", found.due)


def test_a_refusal_is_told_with_its_reason_and_how_to_object() -> None:
    found = told([event(Deed.RECEIVED), event(Deed.REFUSED, 1)])
    shown = progress(found, "c", "n", "s", EMPTY, here=False)
    assert (shown.reason, shown.may) == (WHY, frozenset())
    assert "六十日" in shown.remedy.zh
    assert "材料" not in repr(shown)
