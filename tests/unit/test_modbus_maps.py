"""Which coil is which: maps of boards and lockers, and what a reading means for the terminal."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.device import State
from devices.contracts.locker import BoxDoor, Occupancy
from devices.contracts.sensors import (
    Button,
    Door,
    DoorRole,
    Headphone,
    Light,
    Presence,
    SensorReading,
    Tamper,
    judge,
)
from devices.drivers.locker.boxes import locker_map
from devices.drivers.modbus_io.board import BadMap, Wire, board_map, span
from devices.drivers.modbus_io.protocol import Function, Request

BOARD: dict[str, Any] = {
    "unit": 3,
    "tamper": {"input": 7, "tripped": 0},
    "help_button": {"input": 9, "pressed": 1},
    "doors": {"upper": {"input": 5, "open": 0}, "bin": {"input": 6, "open": 1, "role": "flap"}},
    "lights": {"reader": {"coil": 0}, "status": {"coil": 4, "on": 0}},
}
LOCKER: dict[str, Any] = {
    "unit": 2,
    "boxes": {
        "A1": {"lock": {"coil": 0}, "door": {"input": 0}, "occupied": {"input": 16, "occupied": 0}},
        "A2": {"lock": {"coil": 1}},
    },
}


def test_a_board_is_read_with_one_request_and_its_polarities() -> None:
    board = board_map(BOARD)
    assert span(board.input_table, board.inputs) == Request(Function.READ_DISCRETE_INPUTS, 5, 5)
    reading = board.reading({5: 1, 6: 0, 7: 1, 8: 0, 9: 0})
    assert reading == SensorReading(
        {"upper": Door.CLOSED, "bin": Door.CLOSED}, Tamper.QUIET, help_button=Button.RELEASED
    )
    assert reading.presence is Presence.NOT_SUPPORTED
    assert reading.headphone is Headphone.NOT_SUPPORTED
    cut = board.reading(dict.fromkeys(range(5, 10), 0))  # every wire cut: the contacts that guard say so
    assert (cut.doors["upper"], cut.tamper) == (Door.OPEN, Tamper.TRIPPED)
    assert board.lights[Light.STATUS] == Wire(4, 0)
    assert board.lights[Light.STATUS].value(True) == 0


def test_a_locker_knows_doors_and_occupancy_where_there_are_contacts() -> None:
    locker = locker_map(LOCKER)
    assert locker.inputs == Request(Function.READ_DISCRETE_INPUTS, 0, 17)
    seen = locker.seen(dict.fromkeys(range(17), 0))
    assert (seen["A1"].door, seen["A1"].occupancy) == (BoxDoor.CLOSED, Occupancy.OCCUPIED)
    assert (seen["A2"].door, seen["A2"].occupancy) == (BoxDoor.NOT_SUPPORTED, Occupancy.NOT_SUPPORTED)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": 0}, "unit must be 1 to 247"),
        ({"unit": "one"}, "unit"),
        ({"inputs": "pins"}, "discrete, coils"),
        ({"colour": 1}, "colour"),
        ({"doors": 3}, "tables"),
        ({"doors": {"upper": 3}}, "door upper"),
        ({"doors": {"upper": {"input": 70_000}}}, "0 to 65535"),
        ({"doors": {"upper": {"input": 5, "open": 2}}}, "open must be 0 or 1"),
        ({"doors": {"upper": {"input": 5, "role": "garden"}}}, "cabinet, flap"),
        ({"doors": {"upper": {"coil": 5}}}, "table of input and open"),
        ({"doors": {"upper": {"input": 7}}}, "one input is named twice"),
        ({"doors": {"upper": {"input": 2_500}}}, "within 2000"),
        ({"lights": {"moon": {"coil": 1}}}, "reader, printer, help, status"),
        ({"tamper": True}, "tamper"),
    ],
)
def test_a_wrong_board_map_is_refused_and_says_where(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMap, match=says) as caught:
        board_map({**BOARD, **change})
    assert (caught.value.code, caught.value.retryable) == ("profile", False)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"boxes": {}}, "no box"),
        ({"boxes": []}, "boxes must be a table"),
        ({"boxes": {"A1": {"door": {"input": 0}}}}, "box A1"),
        ({"boxes": {"A1": {"lock": {"coil": 0}}, "A2": {"lock": {"coil": 0}}}}, "belongs to two boxes"),
        ({"pulse": "long"}, "host, board"),
        ({"pulse_seconds": 0}, "pulse_seconds"),
        ({"pulse_seconds": 30}, "at most 5"),
        ({"door_seconds": "soon"}, "door_seconds"),
        ({"size": 4}, "size"),
    ],
)
def test_a_wrong_locker_map_is_refused_and_says_where(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMap, match=says):
        locker_map({**LOCKER, **change})


SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["input", "open", "coil", "lock", "door", "role", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
WORDS = ["unit", "inputs", "tamper", "doors", "lights", "boxes", "pulse", "pulse_seconds", "x"]


@given(st.dictionaries(st.sampled_from(WORDS), SCRAPS, max_size=4))
def test_no_table_whatsoever_does_more_than_be_refused(table: dict[str, Any]) -> None:
    for make in (board_map, locker_map):
        with contextlib.suppress(BadMap):
            make(table)


ROLES = {"upper": DoorRole.CABINET, "bin": DoorRole.FLAP}


def reading(upper: Door = Door.CLOSED, flap: Door = Door.CLOSED, tamper: Tamper = Tamper.QUIET) -> SensorReading:
    return SensorReading({"bin": flap, "upper": upper}, tamper, read_at=100.0)


@pytest.mark.parametrize(
    ("now", "state", "codes"),
    [
        (reading(), State.ONLINE, []),
        (reading(upper=Door.OPEN), State.POTENTIAL_FRAUD, ["door-open"]),
        (reading(flap=Door.OPEN), State.USER_ERROR, ["door-open"]),
        (reading(upper=Door.OPEN, flap=Door.OPEN), State.POTENTIAL_FRAUD, ["door-open", "door-open"]),
        (reading(upper=Door.OPEN, tamper=Tamper.TRIPPED), State.FRAUD_ATTEMPT, ["tamper", "door-open"]),
        (reading(upper=Door.UNKNOWN), State.UNKNOWN, ["not-read"]),
        (reading(tamper=Tamper.UNKNOWN), State.UNKNOWN, ["not-read"]),
        (reading(upper=Door.OPEN, tamper=Tamper.UNKNOWN), State.POTENTIAL_FRAUD, ["door-open", "not-read"]),
    ],
)
def test_the_worst_that_was_read_is_the_state(now: SensorReading, state: State, codes: list[str]) -> None:
    found, faults = judge(now, ROLES)
    assert (found, [fault.code for fault in faults]) == (state, codes)


def test_a_door_whose_role_is_not_told_guards_the_cabinet() -> None:
    assert judge(reading(flap=Door.OPEN), {})[0] is State.POTENTIAL_FRAUD


def test_what_was_not_read_lately_is_unknown_and_never_closed() -> None:
    old = reading()
    assert old.as_of(104.0) == old
    stale = old.as_of(105.5)
    assert set(stale.doors.values()) == {Door.UNKNOWN}
    assert stale.tamper is Tamper.UNKNOWN
    assert stale.presence is Presence.NOT_SUPPORTED
    assert judge(stale, ROLES)[0] is State.UNKNOWN
    assert old.as_of(99.0).tamper is Tamper.UNKNOWN  # a clock that ran backwards makes nothing young


def test_every_sensor_can_say_unknown_and_not_supported() -> None:
    from devices.contracts import code_scanner, locker, sensors, ups

    enums = [Door, Tamper, Presence, Headphone, Button, sensors.LightState, locker.BoxDoor, locker.Occupancy]
    enums += [ups.Supply, ups.Battery, ups.Replacement, code_scanner.Symbology]
    for enum in enums:
        assert {"UNKNOWN", "NOT_SUPPORTED"} <= set(enum.__members__), enum
