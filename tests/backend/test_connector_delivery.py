"""Letters to a department: each case once, in order, whatever the line does; what is refused waits for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.backend.connectors import work
from kiosk.backend.connectors.desk import Desk
from kiosk.backend.connectors.lines import Later, Refused, Sheet
from kiosk.backend.settings import BackendError
from kiosk.backend.store import connector_letters as store
from kiosk.backend.store.connector_tables import RATING, mark
from kiosk.backend.store.tables import ratings
from kiosk.domain.life import Deed
from tests.backend.connector_room import SERVICE, Room, sent
from tests.unit.connectors.connector_world import Rated


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("room"))
    yield made
    made.close()


@pytest.fixture
def room(shared: Room) -> Room:
    return shared.fresh()


def letters(room: Room, state: str = "") -> list[store.Letter]:
    states = [state] if state else ["waiting", "sent", "none", "dead"]
    return [each for word in states for each in room.backend._store.read(lambda c: store.letters(c, "", word, 1000))]  # noqa: B023


def test_every_step_of_a_case_goes_out_once_and_in_order(room: Room) -> None:
    connectors = room.connectors()
    one, other = room.take(), room.take()
    room.act(one.case_id, Deed.ACCEPTED, Deed.HOLD_STARTED, Deed.HOLD_ENDED, Deed.APPROVED)
    room.act(other.case_id, Deed.ACCEPTED)
    done = connectors.run()
    assert (done.sent, done.dead) == (7, 0)
    steps = sent(room.civil)
    assert [step for number, step in steps if number == one.case_no] == [
        "收件",
        "受理",
        "特别程序开始",
        "特别程序结束",
        "准予",
    ]
    assert [step for number, step in steps if number == other.case_no] == ["收件", "受理"]
    tables = [row.table.name for sheet in room.civil.sheets for row in sheet.rows]
    assert tables.count("up_pro_accept") == 2
    assert tables.count("up_pro_result") == tables.count("up_pro_special_procedure") == 1
    assert connectors.run().sent == 0, "what was sent is not sent again"
    room.act(other.case_id, Deed.REFUSED)
    assert connectors.run().sent == 1
    assert room.civil.sheets[-1].rows[-1].values["result_type"] == "1"


def test_a_department_that_is_down_for_a_day_misses_nothing_and_gets_nothing_twice(room: Room) -> None:
    connectors = room.connectors()
    room.civil.down = "unreachable"
    cases = [room.take() for _ in range(3)]
    for hour in range(0, 24, 2):
        connectors.run()
        assert connectors.run().sent == 0
        if hour == 8:
            room.act(cases[0].case_id, Deed.ACCEPTED)
        if hour == 16:
            connectors = room.connectors()  # it was started anew meanwhile
        room.clock.move(hours=2)
    assert room.civil.tries <= 13, "once a look, and not again before its time"
    gauges = connectors.gauges()
    assert gauges['kiosk_connector_waiting{connector="civil"}'] == 4
    assert gauges['kiosk_connector_lag_seconds{connector="civil"}'] >= 24 * 3600
    assert gauges['kiosk_connector_failures{connector="civil"}'] > 5
    room.act(cases[0].case_id, Deed.APPROVED)
    room.civil.down = ""
    room.clock.move(minutes=11)
    assert connectors.run().sent == 5
    assert len(sent(room.civil)) == len(set(sent(room.civil))) == 5
    assert [step for number, step in sent(room.civil) if number == cases[0].case_no] == ["收件", "受理", "准予"]
    gauges = connectors.gauges()
    assert (
        gauges['kiosk_connector_waiting{connector="civil"}']
        == gauges['kiosk_connector_failures{connector="civil"}']
        == 0
    )


def test_what_died_with_a_letter_in_hand_is_sent_again_under_the_same_ids(room: Room) -> None:
    connectors = room.connectors()
    room.take()

    def dies(sheet: Sheet) -> None:
        for row in sheet.rows:
            room.civil.rows[row.guid] = row.values
        raise KeyboardInterrupt

    room.civil.trouble = dies
    with pytest.raises(KeyboardInterrupt):
        connectors.run()
    before = dict(room.civil.rows)
    room.civil.trouble = lambda sheet: None
    assert room.connectors().run().sent == 0, "it may still be under way with whoever held it"
    room.clock.move(minutes=31)
    assert room.connectors().run().sent == 1
    assert room.civil.rows == before, "the department has each row once"


def test_a_letter_that_is_refused_holds_back_its_own_case_alone(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    connectors = room.connectors()
    bad, good = room.take(), room.take()
    fields = [replace(each, value="1390000") if each.key == "phone" else each for each in bad.fields]
    third = room.take(fields=fields)
    for each in (bad, good, third):
        room.act(each.case_id, Deed.ACCEPTED, Deed.APPROVED)

    def no(sheet: Sheet) -> None:
        if any(row.values.get("project_no") == bad.case_no for row in sheet.rows):
            raise Refused("refused", f"不认识 {bad.case_no}")

    room.civil.trouble = no
    done = connectors.run()
    assert (done.sent, done.dead) == (4, 2), "received of the third, and all of the good one"
    dead = letters(room, "dead")
    assert {(each.case_id, each.code) for each in dead} == {(bad.case_id, "refused"), (third.case_id, "bad-mobile")}
    assert len(letters(room, "waiting")) == 3, "what comes after them waits"
    assert connectors.run().sent == 0
    stored = (Path(room.settings.db_url.removeprefix("sqlite:///"))).read_bytes()
    assert "不认识".encode() not in stored, "why a department refuses may name persons"

    desk = _desk(room, connectors)
    wrong = next(each for each in dead if each.code == "bad-mobile")
    assert desk.show(wrong.guid) == 1
    shown = json.loads(capsys.readouterr().out)
    assert "up_pro_accept.contact_mobile: is no mobile number." in shown["why"][0]
    with pytest.raises(BackendError, match="no-name"):
        desk.again(wrong.guid, "", {"up_pro_accept.contact_mobile": ""})
    with pytest.raises(BackendError, match="bad-column"):
        desk.again(wrong.guid, "孙工", {"up_pro_accept.colour": "red"})
    assert desk.again(wrong.guid, "孙工", {"up_pro_accept.contact_mobile": ""}) == 0
    room.civil.trouble = lambda sheet: None
    assert connectors.run().sent == 2, "the repaired one and what waited for it"
    accept = next(sheet for sheet in room.civil.sheets if sheet.guid == wrong.guid).rows[0]
    assert accept.values["contact_mobile"] is None
    other = next(each for each in dead if each.case_id == bad.case_id)
    assert desk.again(other.guid, "孙工", {}) == 0
    assert connectors.run().sent == 3
    assert [step for number, step in sent(room.civil) if number == bad.case_no] == ["收件", "受理", "准予"]
    assert not letters(room, "dead")


def _desk(room: Room, connectors: work.Connectors) -> Desk:

    return Desk(room.backend, connectors)


def test_a_letter_that_alone_is_not_taken_now_waits_longer_each_time_and_not_for_ever(room: Room) -> None:
    connectors = room.connectors()
    slow, quick = room.take(), room.take()
    tries = []

    def busy(sheet: Sheet) -> None:
        if any(row.values.get("project_no") == slow.case_no for row in sheet.rows):
            tries.append(room.clock.now)
            raise Later("http-429")

    room.civil.trouble = busy
    assert connectors.run().sent == 1
    assert sent(room.civil) == [(quick.case_no, "收件")]
    while waiting := letters(room, "waiting"):
        room.clock.now = datetime.fromisoformat(waiting[0].next_at) - timedelta(seconds=1)
        assert connectors.run().dead == 0, "not before its time"
        room.clock.move(seconds=1)
        connectors.run()
    pauses = [(after - before).total_seconds() for before, after in pairwise(tries)]
    assert pauses[:4] == [30, 60, 120, 240]
    assert max(pauses) == 3600
    assert len(tries) == work.LETTER_TRIES
    assert letters(room, "dead")[0].code == "tried-too-often"


def test_a_bug_in_one_letter_keeps_no_other_waiting(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    connectors = room.connectors()
    room.take()
    good = room.take()

    def bug(sheet: Sheet) -> None:
        if all(row.values.get("project_no") != good.case_no for row in sheet.rows):
            raise ZeroDivisionError

    room.civil.trouble = bug
    assert connectors.run().sent == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert letters(room, "waiting")[0].code == "fault"


def test_each_connector_gets_what_is_its_own(room: Room) -> None:
    connectors = room.connectors("civil", "other", "north", "later")
    connectors.all["other"] = replace(connectors.all["other"], services=("complaint",))
    connectors.all["north"] = replace(connectors.all["north"], areas=("1101",))
    connectors.all["later"] = replace(connectors.all["later"], since="2099-01-01")
    room.take()
    room.take(test=True)
    connectors.run()
    assert {name: len(each.sheets) for name, each in room.departments.items()} == {
        "civil": 1, "other": 0, "north": 0, "later": 0,
    }  # fmt: skip


def test_one_that_is_new_is_told_of_what_was_before_it(room: Room) -> None:
    room.connectors().run()
    room.take()
    room.connectors().run()
    assert len(room.civil.sheets) == 1
    room.connectors("civil", "second").run()
    assert len(room.civil.sheets) == 1
    assert len(room.departments["second"].sheets) == 1


def test_two_senders_side_by_side_send_each_letter_once(room: Room) -> None:
    cases = [room.take() for _ in range(4)]
    first, second = room.connectors(), room.connectors()
    first.queue()

    def both(sheet: Sheet) -> None:
        room.civil.trouble = lambda sheet: None
        second.run()  # while the first has all of them in hand

    room.civil.trouble = both
    assert first.run().sent == len(cases)
    assert len(room.civil.sheets) == len(cases)


def test_a_connector_that_stops_lets_go_of_what_it_holds(room: Room) -> None:
    connectors = room.connectors()
    [room.take() for _ in range(3)]
    stop = []

    def stopping(sheet: Sheet) -> None:
        stop.append(sheet)

    room.civil.trouble = stopping
    done = connectors.run(lambda: bool(stop))
    assert done.sent == 1
    assert room.connectors().run().sent == 2, "at once: nobody holds them"


def test_ratings_go_up_with_their_fields(room: Room) -> None:
    connectors = room.connectors(mapping="rating_upload", services=(SERVICE,))
    rated = room.take()
    room.act(rated.case_id, Deed.ACCEPTED, Deed.APPROVED)
    assert connectors.run().sent == 0, "it is ratings that this one is told of"
    room.clock.move(days=30)
    room.ratings[rated.case_id] = [Rated(), Rated(level=4, options=("413",), text="", number=2)]
    room.backend._store.write(lambda c: mark(c, rated.case_id, RATING))
    assert connectors.run().sent == 2
    unmarked = room.take()
    room.ratings[unmarked.case_id] = [Rated(at=room.clock.now)]
    row = {"case_id": unmarked.case_id, "item_id": unmarked.case_id, "level": 2, "rated_at": "x"}
    room.backend._store.write(lambda c: c.execute(ratings.insert().values(row)))
    room.clock.move(minutes=11)
    assert connectors.run().sent == 1, "one that came in by the batch, where nothing is marked"
    first, added = (sheet.rows[0].values for sheet in room.civil.sheets[:2])
    assert (first["satisfaction"], first["evalDetail"], first["assessNumber"], first["pf"]) == (
        "2",
        "207,214",
        "1",
        "5",
    )
    assert (first["proStatus"], first["userProp"], first["areaCode"]) == ("3", "1", "140213")
    assert (added["satisfaction"], added["assessNumber"], added["writingEvaluation"]) == ("4", "2", None)


def test_nothing_of_a_case_lies_in_the_outbox(room: Room) -> None:
    connectors = room.connectors()
    room.civil.down = "unreachable"
    room.take()
    connectors.run()
    for file in Path(room.settings.db_url.removeprefix("sqlite:///")).parent.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert "王某某".encode() not in data
        assert b"13900000000" not in data


def test_the_operator_sees_how_they_stand(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    connectors = room.connectors()
    room.civil.down = "unreachable"
    room.take()
    connectors.run()
    room.clock.move(hours=2)
    desk = _desk(room, connectors)
    capsys.readouterr()
    assert desk.standing(lagging=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["connector"], said["waiting"], said["line"], said["code"]) == ("civil", 1, "down", "unreachable")
    assert said["lag_seconds"] == 2 * 3600
    assert desk.letters("waiting") == 0
    assert json.loads(capsys.readouterr().out)["step"] == 1
