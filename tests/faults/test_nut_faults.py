"""Whatever comes from where upsd should be has a name, ends in time, and is never taken for power."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.nut.driver import NutUps
from devices.simulators.nut import NutTwin
from devices.transports.faults import FaultPlan, FaultyStream
from devices.transports.tcp import TcpStream


def soon() -> Deadline:
    return Deadline.after(3)


@pytest.fixture
def twin() -> Iterator[NutTwin]:
    twin = NutTwin("ups")
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def line(twin: NutTwin) -> FaultyStream:
    return FaultyStream(TcpStream(twin.port))


@pytest.fixture
def ups(twin: NutTwin, line: FaultyStream) -> Iterator[NutUps]:
    ups = NutUps(twin.port, "kiosk", stream=line, patience=0.8)
    ups.open(soon())
    yield ups
    ups.close()


def error_of(ups: NutUps) -> DeviceError:
    deadline = Deadline.after(2)
    with pytest.raises(DeviceError) as caught:
        ups.poll(deadline)
    assert not deadline.expired, "the error came after the deadline"
    return caught.value


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("garbage", "garbage"),
        ("half-line", "truncated"),
        ("half-list", "truncated"),
        ("mute", "no-answer"),
        ("slow", "no-answer"),
        ("pulled", "connection-lost"),
        ("unknown-ups", "ups-unknown"),
    ],
)
def test_each_fault_has_its_name_and_the_next_question_is_answered(
    twin: NutTwin, ups: NutUps, fault: str, code: str
) -> None:
    twin.act(fault, {"seconds": 1.0} if fault == "slow" else {})
    error = error_of(ups)
    assert error.code == code
    assert error.advice
    assert ups.statistics()[code] == 1
    twin.act("ok", {})
    ups.open(soon())
    assert ups.poll(soon()).usable


def test_an_answer_that_came_too_late_is_not_taken_for_the_next(twin: NutTwin, ups: NutUps) -> None:
    twin.act("slow", {"seconds": 1.0, "times": 1})
    assert error_of(ups).code == "no-answer"
    twin.act("low", {})
    ups.open(soon())
    assert ups.power(soon()).critical


def test_a_short_delay_is_waited_for(twin: NutTwin, ups: NutUps) -> None:
    twin.act("slow", {"seconds": 0.1})
    assert ups.poll(soon()).usable


@pytest.mark.parametrize("byte", [0, 1, 20, 21, 60, 150, 180])
def test_silence_or_a_break_at_any_byte_is_told_and_a_new_connection_works(
    ups: NutUps, line: FaultyStream, byte: int
) -> None:
    line.arm(FaultPlan(silent_from=byte))
    assert error_of(ups).code in {"no-answer", "truncated"}
    line.heal()
    ups.open(soon())
    line.arm(FaultPlan(unplug_at=byte))
    assert error_of(ups).code in {"unplugged", "connection-lost"}
    line.heal()
    ups.open(soon())
    assert ups.poll(soon()).usable


def test_a_line_without_end_is_garbage_and_costs_a_bounded_memory(
    twin: NutTwin, ups: NutUps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin, "_list", lambda name: b"BEGIN LIST VAR " + b"k" * 200_000)
    assert error_of(ups).code == "garbage"
    assert len(ups._rest) < 10_000


def test_nobody_listening_is_a_missing_port(twin: NutTwin) -> None:
    twin.act("gone", {})
    with pytest.raises(DeviceError) as caught:
        NutUps(twin.port, "kiosk").open(soon())
    assert (caught.value.code, caught.value.retryable) == ("port-missing", True)
