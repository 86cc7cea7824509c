"""What a department sends back: done once through the case's life, or set aside with the reason why; never lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk import wire
from kiosk.backend.connectors.desk import Desk
from kiosk.backend.connectors.lines import Incoming
from kiosk.backend.connectors.results import ASIDE
from kiosk.backend.connectors.view import moment
from kiosk.backend.connectors.work import Connectors
from kiosk.backend.lives import Act
from kiosk.backend.store import connector_results
from kiosk.domain.life import Deed, Role, State
from kiosk.domain.text import Text
from tests.backend.connector_room import AREA, Room

Values = dict[str, str]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("room"))
    yield made
    made.close()


@pytest.fixture
def room(shared: Room) -> Room:
    return shared.fresh()


@pytest.fixture
def connectors(room: Room) -> Connectors:
    return room.connectors()


@pytest.fixture
def case(room: Room, connectors: Connectors) -> wire.CasePayload:
    """One that the department has."""
    made = room.take()
    room.act(made.case_id, Deed.ACCEPTED)
    connectors.run()
    return made


def said(room: Room, case_no: str, result: str = "0", guid: str = "r-1", **more: str) -> Values:
    values = {
        "row_guid": guid, "project_no": case_no, "result_type": result, "result_date": moment(room.clock.now),
        "result_explain": "符合条件", "result_cetr_no": "证第1号", "handle_user_name": "李某",
    }  # fmt: skip
    return {name: value for name, value in (values | more).items() if value}


def come(room: Room, connectors: Connectors, *values: Values) -> None:
    room.civil.results = [Incoming(each, each.get("row_guid")) for each in values]
    room.clock.move(seconds=2)
    connectors.run()
    room.civil.results = []


def aside(room: Room) -> dict[str, str]:
    found = room.backend._store.read(lambda c: connector_results.aside(c, "", 100))
    assert all(each.why in ASIDE for each in found)
    return {each.guid: each.why for each in found}


def history(room: Room, case: wire.CasePayload) -> list[str]:
    return [event.deed.value for event in room.backend.lives.known(case.case_id).events]


def test_a_result_is_a_deed_of_the_department_and_reaches_the_terminal(
    room: Room, connectors: Connectors, case: wire.CasePayload
) -> None:
    come(room, connectors, said(room, case.case_no))
    known = room.backend.lives.known(case.case_id)
    last = known.events[-1]
    assert (last.deed, last.by.value, last.who, last.reason.zh) == (Deed.APPROVED, "department", "李某", "符合条件")
    words = room.backend.results_since(room.terminal, "").progress
    assert [word.state for word in words][-1] == "approved"
    assert room.civil.told, "the department hears that it was taken"
    assert aside(room) == {}
    assert connectors.run().sent == 1, "and so does every table: the result goes up as one"


RESULTS: list[tuple[str, State]] = [
    ("0", State.APPROVED), ("1", State.REFUSED), ("2", State.VOIDED), ("4", State.ACCEPTED),
]  # fmt: skip


def test_each_result_has_its_deed(room: Room, connectors: Connectors) -> None:
    cases = [room.take() for _ in RESULTS]
    for case in cases:
        room.act(case.case_id, Deed.ACCEPTED)
    connectors.run()
    said_of = zip(cases, RESULTS, strict=True)
    come(room, connectors, *(said(room, case.case_no, code, f"r-{code}") for case, (code, _) in said_of))
    calendar = room.backend.lives.calendar()
    states = [room.backend.lives.known(case.case_id).stand(room.clock.now, calendar).state for case in cases]
    assert states == [state for _, state in RESULTS]
    assert aside(room) == {}


def test_a_department_that_does_not_accept_says_so(room: Room, connectors: Connectors) -> None:
    fresh = room.take()
    connectors.run()
    come(room, connectors, said(room, fresh.case_no, "6"))
    assert history(room, fresh) == ["received", "not_accepted"]


def test_a_complaint_is_answered(room: Room, connectors: Connectors) -> None:
    made = room.take("complaint", outcome="referred")
    room.act(made.case_id, Deed.ACCEPTED)
    connectors.run()
    come(room, connectors, said(room, made.case_no, "0", result_explain="已经修好"))
    assert history(room, made)[-1] == "answered"


def test_what_comes_twice_is_done_once(room: Room, connectors: Connectors, case: wire.CasePayload) -> None:
    first = said(room, case.case_no)
    come(room, connectors, first, first)
    come(room, connectors, first)
    come(room, connectors, said(room, case.case_no, guid="r-2"))
    assert history(room, case) == ["received", "accepted", "approved"]
    assert aside(room) == {}, "the same decision under another id agrees with it"


def test_what_others_decided_and_the_department_finds_alike_is_put_down_once_with_its_words(
    room: Room, connectors: Connectors, case: wire.CasePayload
) -> None:
    room.backend.lives.act(case.case_id, Act(Deed.APPROVED, Role.STREET, "李干事", Text("符合条件。", "Granted.")))
    room.clock.move(minutes=1)
    come(room, connectors, said(room, case.case_no, result_explain="从次月起发放"))
    come(room, connectors, said(room, case.case_no, guid="r-2"), said(room, case.case_no, guid="r-3"))
    assert history(room, case) == ["received", "accepted", "approved", "confirmed"]
    known = room.backend.lives.known(case.case_id)
    stands = known.stand(room.clock.now, room.backend.lives.calendar())
    assert (stands.state, stands.reason.zh, stands.confirmation.zh) == (State.APPROVED, "符合条件。", "从次月起发放")
    assert (known.events[-1].by, known.events[-1].who, stands.confirmed) == (
        Role.DEPARTMENT, "李某", known.events[-1].at,
    )  # fmt: skip
    assert aside(room) == {}
    assert connectors.run().dead == 0, "and it goes up as a step of the case"
    come(room, connectors, said(room, case.case_no, "1", guid="r-4"))
    assert aside(room) == {"r-4": "contradicts"}, "a person decides what becomes of that"


WRONG: dict[str, tuple[str, Callable[[Values], Values]]] = {
    "a number that no case has": ("unmatched", lambda v: v | {"project_no": "1" * 21}),
    "no number": ("number-missing", lambda v: v | {"project_no": " "}),
    "a code of no list": ("unknown-result", lambda v: v | {"result_type": "9"}),
    "nothing said": ("unknown-result", lambda v: v | {"result_type": ""}),
    "deleted": ("a-person-decides", lambda v: v | {"result_type": "3"}),
    "sent back": ("a-person-decides", lambda v: v | {"result_type": "5"}),
    "no day": ("no-moment", lambda v: v | {"result_date": "gestern"}),
    "a day to come": ("in-future", lambda v: v | {"result_date": "2099-01-01 00:00:00"}),
    "a day before the case": ("before-case", lambda v: v | {"result_date": "2026-05-31 00:00:00"}),
    "no reason": ("reason-missing", lambda v: v | {"result_type": "1", "result_explain": ""}),
    "no id": ("id-missing", lambda v: v | {"row_guid": ""}),
    "an id without end": ("id-missing", lambda v: v | {"row_guid": "x" * 65}),
}


def test_what_cannot_be_done_is_set_aside_with_its_reason(
    room: Room, connectors: Connectors, case: wire.CasePayload
) -> None:
    came = {
        name: change(said(room, case.case_no, guid=f"r-{n}")) for n, (name, (_, change)) in enumerate(WRONG.items())
    }
    come(room, connectors, *came.values())
    found = aside(room)
    for name, values in came.items():
        why, guid = WRONG[name][0], values["row_guid"]
        known = [found[guid]] if guid in found else [each for key, each in found.items() if key.startswith("-")]
        assert set(known) == {why}, name
    assert len(found) == len(WRONG)
    assert history(room, case) == ["received", "accepted"], "nothing was done to the case"
    assert connectors.gauges()['kiosk_connector_aside{connector="civil"}'] == len(WRONG)


def test_garbage_is_kept_and_keeps_nobody_waiting(
    room: Room, connectors: Connectors, case: wire.CasePayload, capsys: pytest.CaptureFixture[str]
) -> None:
    room.civil.results = [Incoming({"body": "<html>张三"}, trouble="garbled"), Incoming(said(room, case.case_no))]
    room.clock.move(seconds=2)
    connectors.run()
    assert list(aside(room).values()) == ["garbled"]
    assert history(room, case)[-1] == "approved"
    (guid,) = aside(room)
    capsys.readouterr()
    assert Desk(room.backend, connectors).show(guid) == 1
    assert json.loads(capsys.readouterr().out)["says"] == {"body": "<html>张三"}
    assert "张三".encode() not in Path(room.settings.db_url.removeprefix("sqlite:///")).read_bytes()


def test_one_id_with_two_contents_is_set_aside(room: Room, connectors: Connectors, case: wire.CasePayload) -> None:
    come(room, connectors, said(room, case.case_no))
    come(room, connectors, said(room, case.case_no, "1"))
    assert list(aside(room).values()) == ["differs"]
    assert history(room, case)[-1] == "approved"


def test_a_result_that_contradicts_or_comes_too_late_changes_nothing(
    room: Room, connectors: Connectors, case: wire.CasePayload
) -> None:
    other = room.take()
    connectors.run()
    room.act(case.case_id, Deed.REFUSED)
    room.backend.lives.act(other.case_id, Act(Deed.WITHDRAWN, Role.APPLICANT))
    come(room, connectors, said(room, case.case_no, guid="a"), said(room, other.case_no, guid="b"))
    assert aside(room) == {"a": "contradicts", "b": "late"}
    assert history(room, case)[-1] == "refused"
    assert history(room, other)[-1] == "withdrawn"


def test_a_department_may_only_settle_what_it_was_told_of(
    room: Room, connectors: Connectors, case: wire.CasePayload
) -> None:
    both = room.connectors("civil", "stranger")
    both.all["stranger"] = replace(both.all["stranger"], services=("complaint",))
    room.departments["stranger"].results = [Incoming(said(room, case.case_no))]
    both.run()
    assert list(aside(room).values()) == ["not-theirs"]
    assert history(room, case) == ["received", "accepted"]


def test_what_was_not_possible_then_is_done_when_it_is(
    room: Room, connectors: Connectors, case: wire.CasePayload, capsys: pytest.CaptureFixture[str]
) -> None:
    room.act(case.case_id, Deed.HOLD_STARTED)
    come(room, connectors, said(room, case.case_no), said(room, "14021326060100000318", guid="typo"))
    assert aside(room) == {"r-1": "not-now", "typo": "unmatched"}
    desk = Desk(room.backend, connectors)
    assert desk.aside() == 1
    assert desk.again("r-1", "", {}) == 1, "still on hold"
    room.act(case.case_id, Deed.HOLD_ENDED)
    assert desk.again("r-1", "", {}) == 0
    assert history(room, case)[-1] == "approved"
    assert desk.again("typo", "孙工", {"project_no": case.case_no}) == 0, "put right, it agrees with the first"
    assert aside(room) == {}


def test_a_result_that_died_half_way_is_done_once(
    room: Room, connectors: Connectors, case: wire.CasePayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(connector_results, "settle", dies)
        with pytest.raises(KeyboardInterrupt):
            come(room, connectors, said(room, case.case_no))
    assert history(room, case) == ["received", "accepted"], "neither the deed nor its mark"
    room.connectors().run()
    assert history(room, case) == ["received", "accepted", "approved"]


def test_two_cases_of_one_number_are_a_persons(room: Room, connectors: Connectors) -> None:
    one = room.take()
    other = room.take(case_no=one.case_no)
    connectors.run()
    come(room, connectors, said(room, one.case_no))
    assert list(aside(room).values()) == ["two-cases"]
    assert AREA in one.case_no
    assert history(room, other) == ["received"]
