"""Scanner, IO board, locker and UPS: every state of the device at every moment.

No call outlasts its deadline, nothing is well that has not said so, and after the fault the device works again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from devices.contracts.code_scanner import ScannedCode
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level, State, Status, TestResult
from devices.contracts.locker import NotOpened, Opened
from devices.contracts.sensors import Light, LightState, SensorReading
from devices.contracts.ups import Power, Supply
from devices.drivers.code_scanner.driver import Patience as ScannerPatience
from devices.drivers.code_scanner.driver import SerialScanner
from devices.drivers.code_scanner.protocol import Commands, Framing
from devices.drivers.locker.boxes import locker_map
from devices.drivers.locker.driver import ModbusLocker
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard
from devices.drivers.modbus_io.link import Patience
from devices.drivers.nut.driver import NutUps
from devices.simulators.modbus import ModbusTwin
from devices.simulators.nut import NutTwin
from devices.simulators.scanner import ScannerTwin
from tests.patience import BUSY

LIMIT = 0.35  # seconds that each call is given
QUICK = Patience(answer=0.12, frame=0.04, late=0.03)
BOARD: dict[str, Any] = {"doors": {"upper": {"input": 0, "open": 0}}, "lights": {"reader": {"coil": 0}}}
BOX: dict[str, Any] = {"lock": {"coil": 0}, "door": {"input": 0}}
LOCKER: dict[str, Any] = {"unit": 2, "pulse_seconds": 0.03, "door_seconds": 0.03, "boxes": {"A1": BOX}}
Step = Callable[[Any, Deadline], object]


@dataclass(frozen=True)
class Kind:
    """A device, the faults that its twin has, and what is asked of it, with how many exchanges that takes."""

    twin: Callable[[], Any]
    driver: Callable[[Any], Any]
    states: dict[str, dict[str, Any]]
    moments: dict[str, tuple[int, Step]]
    truth: Callable[[Any, object], None] = field(default=lambda twin, answer: None)


def claims_success(answer: object) -> bool:
    """Whether an answer, if it were a lie, would harm somebody."""
    match answer:
        case Status():
            return answer.usable
        case TestResult():
            return answer.passed is True
        case Power():
            return answer.supply is not Supply.UNKNOWN
        case LightState():
            return answer is LightState.ON
        case ScannedCode():
            return True
        case SensorReading() | Opened():
            return True
    return False


def locker_truth(twin: ModbusTwin, answer: object) -> None:
    """What was said of the box is so."""
    open_now = twin.state()["boxes"]["A1"]  # type: ignore[index,call-overload]
    if isinstance(answer, Opened):
        assert open_now
    if isinstance(answer, NotOpened):
        assert not open_now


MODBUS_STATES: dict[str, dict[str, Any]] = {
    "mute": {},
    "dead": {},
    "wrong-crc": {},
    "half-frame": {},
    "garbage": {},
    "wrong-unit": {},
    "exception": {"code": 4},
    "slow": {"seconds": 0.2},
    "pulled": {"at": 2},
    "unplug": {},
}
KINDS = {
    "scanner": Kind(
        lambda: ScannerTwin("scanner", aim=True, ask="3F", answer="21"),
        lambda port: SerialScanner(
            port,
            framing=Framing(aim=True),
            commands=Commands(ask=b"?", answer=b"!"),
            patience=ScannerPatience(gap=0.05, answer=0.08),
        ),
        {"mute": {}, "torn": {"text": "6901234567892"}, "garbage": {}, "endless": {}, "unplug": {}},
        {
            "poll": (1, lambda device, deadline: device.poll(deadline)),
            "scan": (1, lambda device, deadline: device.scan(deadline)),
            "end": (1, lambda device, deadline: device.end(deadline)),
            "self-test": (1, lambda device, deadline: device.self_test(Level.INTERACTIVE, deadline)),
        },
    ),
    "board": Kind(
        lambda: ModbusTwin("board", board=BOARD),
        lambda port: ModbusBoard(port, board_map(BOARD), baud=115_200, patience=QUICK),
        MODBUS_STATES,
        {
            "poll": (1, lambda device, deadline: device.poll(deadline)),
            "read": (1, lambda device, deadline: device.read(deadline)),
            "light": (2, lambda device, deadline: device.set_light(Light.READER, True, deadline)),
            "self-test": (4, lambda device, deadline: device.self_test(Level.EXTERNAL, deadline)),
        },
    ),
    "locker": Kind(
        lambda: ModbusTwin("locker", locker=LOCKER),
        lambda port: ModbusLocker(port, locker_map(LOCKER), baud=115_200, patience=QUICK),
        MODBUS_STATES,
        {
            "poll": (1, lambda device, deadline: device.poll(deadline)),
            "open-box": (4, lambda device, deadline: device.open_box("A1", deadline)),
            "reset": (1, lambda device, deadline: device.reset(deadline)),
        },
        truth=locker_truth,
    ),
    "ups": Kind(
        lambda: NutTwin("ups"),
        lambda port: NutUps(port, "kiosk", patience=0.1),
        {
            "garbage": {},
            "half-line": {},
            "half-list": {},
            "mute": {},
            "slow": {"seconds": 0.2},
            "pulled": {},
            "stale": {},
            "no-driver": {},
            "unknown-ups": {},
            "wait": {},
            "nonsense": {},
            "gone": {},
        },
        {
            "poll": (1, lambda device, deadline: device.poll(deadline)),
            "power": (1, lambda device, deadline: device.power(deadline)),
            "self-test": (1, lambda device, deadline: device.self_test(Level.INTERNAL, deadline)),
        },
    ),
}
OPEN: tuple[int, Step] = (1, lambda device, deadline: device.open(deadline))
CASES = [pytest.param(kind, state, id=f"{kind}-{state}") for kind, entry in KINDS.items() for state in entry.states]


@contextmanager
def device_and_twin(kind: Kind) -> Iterator[tuple[Any, Any]]:
    twin = kind.twin()
    twin.start()
    device = kind.driver(twin.port)
    try:
        yield device, twin
    finally:
        device.close()
        twin.stop()


def timed(step: Step, device: Any) -> object:
    """The answer, or the DeviceError; never later than the deadline."""
    start = time.monotonic()
    answer: object
    try:
        answer = step(device, Deadline(start + LIMIT))
    except DeviceError as error:
        answer = error
    took = time.monotonic() - start
    assert took <= LIMIT + BUSY, f"{took:.2f} s"
    return answer


def opened(device: Any) -> Status:
    """As the manager does: try until it works."""
    deadline = Deadline.after(5)
    while True:
        try:
            device.open(deadline)
            return device.poll(deadline)  # type: ignore[no-any-return]
        except DeviceError:
            if deadline.expired:
                raise


def try_moment(name: str, state: str, moment: str, skip: int) -> None:
    """One device of its own; the fault strikes at exchange ``skip`` of the call."""
    kind = KINDS[name]
    with device_and_twin(kind) as (device, twin):
        if moment != "open":
            opened(device)
            if name == "scanner":
                device.begin(Deadline.after(3))
        twin.act(state, {**kind.states[state], **({"skip": skip} if skip else {})})
        answer = timed({"open": OPEN, **kind.moments}[moment][1], device)
        if isinstance(answer, DeviceError):
            assert answer.code
            assert answer.advice
        kind.truth(twin, answer)
        alive = name == "scanner" and state != "mute" and moment == "poll"  # torn codes, and it answers its question
        if not (alive or isinstance(answer, Opened)):
            assert not claims_success(answer), answer
        device.close()
        twin.act("ok", {})
        status = opened(device)
        assert (status.state, status.usable) == (State.ONLINE, True), status


@pytest.mark.parametrize(("name", "state"), CASES)
def test_in_time_true_and_well_again(name: str, state: str) -> None:
    """All moments side by side: they mostly wait."""
    moments = {"open": OPEN, **KINDS[name].moments}
    cases = [(moment, skip) for moment, (exchanges, _) in moments.items() for skip in range(exchanges)]
    cases = [(moment, skip) for moment, skip in cases if not (skip and state == "unplug")]
    with ThreadPoolExecutor(len(cases)) as pool:
        tried = {case: pool.submit(try_moment, name, state, *case) for case in cases}
    failed = {case: repr(error) for case, future in tried.items() if (error := future.exception()) is not None}
    assert failed == {}
