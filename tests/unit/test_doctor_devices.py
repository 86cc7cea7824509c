"""kiosk doctor: devices are asked, their faults put in words, and none is said to work that was not seen to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from kiosk.health import devices
from kiosk.health.readiness import Check
from kiosk.profile import DeviceProfile


class Shown:
    """A device that answers what it is given to answer: a status, an error, or nothing for ever."""

    def __init__(self, answer: Status | DeviceError | threading.Event, during_open: bool = True) -> None:
        self._answer, self._during_open = answer, during_open
        self.info = DeviceInfo("id_reader", "shown", "port-1", model="M1")
        self.capabilities: Mapping[str, str] = {}
        self.closed = False

    def open(self, deadline: Deadline) -> None:
        if isinstance(self._answer, DeviceError) and self._during_open:
            raise self._answer
        if isinstance(self._answer, threading.Event):
            self._answer.wait(30)

    def close(self) -> None:
        self.closed = True

    def poll(self, deadline: Deadline) -> Status:
        if isinstance(self._answer, DeviceError):
            raise self._answer
        assert isinstance(self._answer, Status)
        return self._answer

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        raise NotImplementedError

    def reset(self, deadline: Deadline) -> None:
        raise NotImplementedError

    def statistics(self) -> Mapping[str, int]:
        return {}


READER = DeviceProfile("id_reader", "shown", "port-1")


def ask(answer: Status | DeviceError, **words: Any) -> Check:
    shown = Shown(answer, **words)
    (check,) = devices.ask([READER], lambda *_: shown)
    assert shown.closed, "the device was left open"
    return check


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("port-missing", "plug the reader in"),
        ("no-permission", "add this user to the group dialout"),
        ("port-busy", "another program has the port open: end it"),
        ("no-answer", "check power and cable"),
    ],
)
@pytest.mark.parametrize("during_open", [True, False])
def test_a_device_error_is_told_with_its_advice(code: str, advice: str, during_open: bool) -> None:
    check = ask(DeviceError(code, "the reason", advice=advice, retryable=True), during_open=during_open)
    assert check.state == "broken"
    assert code in check.finding
    assert "port-1" in check.finding
    assert check.advice == advice[0].upper() + advice[1:] + "."


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.NONE])
def test_a_blocking_fault_is_broken_and_its_action_is_put_in_words(action: Action) -> None:
    check = ask(Status(State.ONLINE, (Fault("media-empty", action),)))
    assert (check.state, check.advice) == ("broken", devices.ACTIONS[action])
    assert "media-empty" in check.finding


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status(State.ONLINE), "ok"),
        (Status(State.ONLINE, (Fault("media-low", Action.REPLENISH, blocking=False),)), "attention"),
        (Status(State.UNKNOWN), "attention"),
        (Status(State.HARDWARE_ERROR), "broken"),
        (Status(State.OFFLINE), "broken"),
    ],
)
def test_a_status_is_judged_and_no_answer_is_never_well(status: Status, state: str) -> None:
    check = ask(status)
    assert check.state == state
    assert bool(check.advice) is (state != "ok")


def test_a_device_that_cannot_be_asked_is_not_said_to_work_and_the_bench_tool_is_named() -> None:
    silent = Fault("cannot-be-asked", Action.NONE, "only a code shows that it works", blocking=False)
    scanner = DeviceProfile("code_scanner", "code_scanner", "/dev/tty one")
    (check,) = devices.ask([scanner], lambda *_: Shown(Status(State.UNKNOWN, (silent,))))
    assert check.state == "attention"
    assert "only a code shows that it works" in check.finding
    assert "is there, but does not say how it is" in check.finding
    assert check.advice.endswith("devices.drivers.code_scanner read --port '/dev/tty one'")


@pytest.mark.parametrize(
    ("passed", "running", "state"), [(True, False, "ok"), (False, False, "broken"), (True, True, "attention")]
)
def test_a_camera_is_well_only_when_a_picture_has_been_seen(passed: bool, running: bool, state: str) -> None:
    class Camera(Shown):
        def self_test(self, level: Level, deadline: Deadline) -> TestResult:
            assert level is Level.EXTERNAL
            return TestResult(
                level, passed, "640x480, light 99, 2 face(s); not calibrated" if passed else "sees nothing"
            )

    at_rest = Status(State.ONLINE, details={"evidence": "source"})
    camera = DeviceProfile("camera", "camera", "http://user:pw@127.0.0.1/video")
    checks = devices.examine([camera], lambda *_: Camera(at_rest), terminal_runs=running)
    check = next(check for check in checks if check.name == "camera")
    assert check.state == state
    assert "face" not in check.finding
    assert "pw" not in check.finding + check.advice
    assert ("640x480" if state == "ok" else "sees nothing" if state == "broken" else "nobody has seen") in check.finding


@pytest.mark.parametrize(("port", "advised"), [("", True), ("COM3", True), ("/dev/x", False), ("usb:1:2", False)])
def test_a_port_that_is_no_port_is_answered_with_what_one_looks_like(port: str, advised: bool) -> None:
    error = DeviceError("port-missing", "there is no port", advice="Check.", retryable=True)
    (check,) = devices.ask([DeviceProfile("id_reader", "sdt", port)], lambda *_: Shown(error))
    assert ("/dev/serial/by-id/" in check.advice) is advised


def test_a_driver_that_hangs_is_left_behind() -> None:
    never = threading.Event()
    try:
        checks = devices.examine([READER], lambda *_: Shown(never), terminal_runs=False, seconds=-1.9)
    finally:
        never.set()
    check = next(check for check in checks if check.name == "id_reader")
    assert check.state == "broken"
    assert "did not come back" in check.finding


def test_a_log_in_in_an_address_is_not_shown() -> None:
    camera = DeviceProfile("camera", "camera", "rtsp://admin:s3cret@10.0.0.9/live")
    error = DeviceError("gone", "rtsp://admin:s3cret@10.0.0.9/live is not there", advice="", retryable=True)
    (check,) = devices.ask([camera], lambda *_: Shown(error))
    assert "s3cret" not in check.finding
    assert "10.0.0.9" in check.finding


def test_a_wrong_driver_or_option_is_the_profiles_to_mend() -> None:
    def refuse(*_: object) -> Any:
        raise TypeError("no option 'bad'")

    (check,) = devices.ask([READER], refuse)
    assert check.state == "broken"
    assert "profile" in check.advice


def test_what_is_on_a_line_is_asked_while_the_line_is_open() -> None:
    board, locker = DeviceProfile("sensors", "shown", "port-2"), DeviceProfile("locker", "shown", "", {}, "sensors")
    made: list[tuple[str, Any]] = []
    shown = {kind: Shown(Status(State.ONLINE)) for kind in ("sensors", "locker")}

    def make(device: DeviceProfile, carrier: Any) -> Any:
        assert carrier is None or not carrier.closed
        made.append((device.kind, carrier))
        return shown[device.kind]

    checks = {check.name: check.state for check in devices.examine([locker, board], make, terminal_runs=False)}
    assert made == [("sensors", None), ("locker", shown["sensors"])]
    assert (checks["sensors"], checks["locker"]) == ("ok", "ok")
    assert shown["sensors"].closed
    assert shown["locker"].closed


def test_without_a_reader_it_is_broken_without_other_devices_it_is_less() -> None:
    checks = devices.examine([], lambda *_: Shown(Status(State.ONLINE)), terminal_runs=False)
    assert {check.name: check.state for check in checks} == {
        "id_reader": "broken", "camera": "attention", "page_printer": "attention", "receipt_printer": "attention",
    }  # fmt: skip


def test_a_device_that_takes_one_at_a_time_is_left_to_the_running_terminal() -> None:
    def must_not(*_: object) -> Any:
        raise AssertionError("the device was opened under the terminal's hands")

    check = devices.examine([READER], must_not, terminal_runs=True)[0]
    assert (check.name, check.state) == ("id_reader", "attention")


def test_the_deadline_of_a_driver_is_passed_on() -> None:
    seen: list[float] = []

    class Timed(Shown):
        def open(self, deadline: Deadline) -> None:
            seen.append(deadline.remaining())

    devices.ask([READER], lambda *_: Timed(Status(State.ONLINE)), 3.0)
    assert 2.0 < seen[0] <= 3.0
