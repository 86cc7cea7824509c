"""Whatever happens on a Modbus line has a name, ends in time, and spoils nothing for the next exchange."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import serial

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.locker import NotOpened, Opened, Unknown
from devices.contracts.sensors import Door, Light, LightState
from devices.drivers.locker.boxes import locker_map
from devices.drivers.locker.driver import ModbusLocker
from devices.drivers.modbus_io import protocol
from devices.drivers.modbus_io.board import board_map
from devices.drivers.modbus_io.driver import ModbusBoard
from devices.drivers.modbus_io.line import ModbusPort
from devices.drivers.modbus_io.link import ModbusLink, Patience
from devices.drivers.modbus_io.protocol import Function, Request
from devices.simulators.modbus import ModbusTwin
from devices.simulators.pty import PtyWire
from devices.transports.faults import FaultPlan, FaultyStream
from devices.transports.stream import PortBusy

QUICK = Patience(answer=0.2, frame=0.05, late=0.15)
SLOW = Patience(answer=0.2, frame=0.05, late=1.0)
BOARD: dict[str, Any] = {
    "doors": {f"door{place}": {"input": place} for place in range(12)},
    "lights": {"reader": {"coil": 0}, "help": {"coil": 1}},
}
LOCKER: dict[str, Any] = {
    "unit": 2,
    "pulse_seconds": 0.05,
    "door_seconds": 0.05,
    "boxes": {"A1": {"lock": {"coil": 0}, "door": {"input": 0}}},
}
ANSWER_BYTES = 1 + 1 + 1 + 2 + 2


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def twin() -> Iterator[ModbusTwin]:
    twin = ModbusTwin("line", board=BOARD, locker=LOCKER)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def line(twin: ModbusTwin) -> FaultyStream:
    return FaultyStream(ModbusPort(twin.port))


@pytest.fixture
def board(twin: ModbusTwin, line: FaultyStream) -> Iterator[ModbusBoard]:
    board = ModbusBoard(twin.port, board_map(BOARD), baud=115_200, stream=line, patience=QUICK)
    board.open(soon())
    yield board
    board.close()


@pytest.fixture
def locker(twin: ModbusTwin) -> Iterator[ModbusLocker]:
    locker = ModbusLocker(twin.port, locker_map(LOCKER), baud=115_200, patience=QUICK)
    locker.open(soon())
    yield locker
    locker.close()


def error_of(board: ModbusBoard, seconds: float = 1.0) -> DeviceError:
    deadline = Deadline.after(seconds)
    with pytest.raises(DeviceError) as caught:
        board.read(deadline)
    assert not deadline.expired, "the error came after the deadline"
    return caught.value


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("mute", {"no-answer"}),
        ("dead", {"no-answer"}),
        ("wrong-crc", {"checksum"}),
        ("half-frame", {"truncated"}),
        ("garbage", {"checksum"}),
        ("wrong-unit", {"wrong-answer"}),
        ("exception", {"server-device-failure"}),
    ],
)
def test_each_fault_has_its_name_and_the_next_exchange_is_good(
    twin: ModbusTwin, board: ModbusBoard, fault: str, codes: set[str]
) -> None:
    twin.act(fault, {})
    error = error_of(board)
    assert error.code in codes
    assert error.advice
    assert set(board.last.doors.values()) == {Door.UNKNOWN}
    twin.act("ok", {})
    twin.act("door-open", {"name": "door3"})
    assert board.read(soon()).doors["door3"] is Door.OPEN
    assert board.statistics()[error.code] >= 1


@pytest.mark.parametrize(
    ("number", "code"), [(1, "illegal-function"), (6, "server-device-busy"), (11, "gateway-target-silent")]
)
def test_each_exception_of_the_standard_has_its_name(
    twin: ModbusTwin, board: ModbusBoard, number: int, code: str
) -> None:
    twin.act("exception", {"code": number})
    assert error_of(board).code == code


@pytest.mark.parametrize("fault", ["wrong-crc", "half-frame", "garbage"])
def test_an_answer_that_came_damaged_once_is_asked_for_again(twin: ModbusTwin, board: ModbusBoard, fault: str) -> None:
    twin.act(fault, {"times": 1})
    assert board.read(soon()).doors["door0"] is Door.CLOSED
    assert sum(board.statistics().get(code, 0) for code in ("checksum", "truncated")) == 1


def test_a_slow_answer_is_waited_for(twin: ModbusTwin, board: ModbusBoard) -> None:
    twin.act("slow", {"seconds": 0.05})
    assert board.read(soon()).doors["door0"] is Door.CLOSED


def test_an_answer_that_comes_too_late_is_never_taken_for_the_next(twin: ModbusTwin, board: ModbusBoard) -> None:
    twin.act("slow", {"seconds": 0.28, "times": 1})
    assert error_of(board).code == "no-answer"  # the answer, all doors shut, is still on its way
    twin.act("door-open", {"name": "door7"})
    assert board.read(soon()).doors["door7"] is Door.OPEN


@pytest.mark.parametrize("byte", range(ANSWER_BYTES))
def test_unplugged_at_any_byte_is_told_and_reopening_reads(board: ModbusBoard, line: FaultyStream, byte: int) -> None:
    line.arm(FaultPlan(unplug_at=byte))
    assert error_of(board).code == "unplugged"
    line.heal()
    board.open(soon())
    assert board.read(soon()).doors["door0"] is Door.CLOSED


@pytest.mark.parametrize("byte", range(ANSWER_BYTES))
def test_silence_at_any_byte_is_no_answer_or_a_truncated_one(board: ModbusBoard, line: FaultyStream, byte: int) -> None:
    line.arm(FaultPlan(silent_from=byte))
    assert error_of(board).code in {"no-answer", "truncated"}
    line.heal()
    assert board.read(soon()).doors["door0"] is Door.CLOSED


@pytest.mark.parametrize("byte", range(ANSWER_BYTES))
def test_a_changed_bit_at_any_byte_never_yields_a_reading(board: ModbusBoard, line: FaultyStream, byte: int) -> None:
    for bit in (0, 4, 7):
        line.arm(FaultPlan(flip_at=byte, flip_mask=1 << bit))
        deadline = Deadline.after(1)
        reading = board.read(deadline)  # damaged once: the second attempt brings the truth
        assert set(reading.doors.values()) == {Door.CLOSED}
        line.heal()
    assert sum(board.statistics().get(code, 0) for code in ("checksum", "truncated")) == 3


def test_a_pulled_plug_in_the_middle_of_an_answer_comes_back(twin: ModbusTwin, board: ModbusBoard) -> None:
    twin.act("pulled", {"at": 3})
    assert error_of(board).code == "unplugged"
    twin.act("ok", {})
    board.open(soon())
    assert board.read(soon()).doors["door0"] is Door.CLOSED


def test_a_light_whose_confirmation_was_lost_is_an_error_and_never_on(twin: ModbusTwin, board: ModbusBoard) -> None:
    twin.act("dead", {"times": 1})
    with pytest.raises(DeviceError):
        board.set_light(Light.READER, True, soon())
    assert board.lights(soon())[Light.READER] is LightState.OFF
    assert board.set_light(Light.READER, True, soon()) is LightState.ON


class Babbler:
    """Something on the line that talks without end and is no Modbus board."""

    def __init__(self) -> None:
        self.wire = PtyWire("babbler", self._received)
        self.wire.plug()
        self._stop = threading.Event()

    def _received(self, data: bytes) -> None:
        while not self._stop.wait(0.005) and self.wire.plugged:
            self.wire.send(b"\x55" * 16)

    def stop(self) -> None:
        self._stop.set()
        self.wire.stop()


def test_a_line_that_babbles_without_end_ends_by_the_deadline() -> None:
    babbler = Babbler()
    board = ModbusBoard(babbler.wire.port, board_map(BOARD), patience=QUICK)
    try:
        deadline = Deadline.after(0.5)
        with pytest.raises(DeviceError) as caught:
            board.open(deadline)
        assert Deadline.after(0).at - deadline.at < 0.5
        assert caught.value.code in {"checksum", "no-answer", "truncated"}
    finally:
        board.close()
        babbler.stop()


@pytest.mark.parametrize(
    ("address", "count"), [(0, 20), (0x0300, 20), (0, 1)]
)  # at 0300 the echo of a request has the form of an answer; the answer about one door is shorter than its question
def test_an_adapter_that_echoes_is_never_taken_for_a_board(address: int, count: int) -> None:
    echo = PtyWire("echo", lambda data: echo.send(data))
    echo.plug()
    doors = {f"door{place}": {"input": address + place} for place in range(count)}
    board = ModbusBoard(echo.port, board_map({"doors": doors}), baud=115_200, patience=QUICK)
    try:
        with pytest.raises(DeviceError) as caught:
            board.open(soon())
        assert caught.value.code == "wrong-answer"
        assert not board._link.is_open
    finally:
        board.close()
        echo.stop()


def test_two_processes_cannot_share_the_line(twin: ModbusTwin, board: ModbusBoard) -> None:
    with pytest.raises(PortBusy) as caught:
        ModbusLocker(twin.port, locker_map(LOCKER)).open(soon())
    assert caught.value.advice


def test_a_frame_keeps_its_distance_from_the_one_before(twin: ModbusTwin) -> None:
    """Serial line V1.02, 2.5.1.1: at least 3.5 characters of silence between two frames."""
    port = ModbusPort(twin.port)
    port.open(soon())
    link = ModbusLink(port, 1_200, QUICK)
    request = Request(Function.READ_COILS, 0)
    start = Deadline.after(0)
    for _ in range(4):
        link.ask(1, request, soon())
    port.close()
    assert Deadline.after(0).at - start.at >= 3 * 3.5 * 11 / 1_200


# ---- a lock in the middle of its pulse ----


@pytest.mark.parametrize(
    ("fault", "skip", "times", "jammed"),
    [
        ("mute", 1, 1, False),  # the pulse is obeyed, its confirmation lost
        ("mute", 1, 1, True),
        ("dead", 1, 1, False),  # the pulse is lost
        ("mute", 2, 1, False),  # the first look at the door
        ("mute", 2, 1, True),
        ("wrong-crc", 1, 2, False),
        ("half-frame", 2, 0, True),
        ("mute", 1, 0, False),
        ("dead", 2, 0, True),
        ("garbage", 1, 2, True),
        ("pulled", 1, 1, False),
        ("pulled", 3, 1, True),
        ("exception", 1, 1, False),
    ],
)
def test_what_is_said_of_a_box_is_true_whatever_is_lost(
    twin: ModbusTwin, locker: ModbusLocker, fault: str, skip: int, times: int, jammed: bool
) -> None:
    if jammed:
        twin.act("jam", {"box": "A1"})
    twin.act(fault, {"skip": skip, "times": times})
    deadline = Deadline.after(1.5)
    outcome = locker.open_box("A1", deadline)
    assert not deadline.expired
    open_now = twin.state()["boxes"]["A1"]  # type: ignore[index,call-overload]
    if isinstance(outcome, Opened):
        assert open_now
    elif isinstance(outcome, NotOpened):
        assert not open_now
    else:
        assert outcome.reason.code
    twin.act("ok", {})
    locker.open(soon())
    assert twin.state()["energised"] == []
    twin.act("free", {"box": "A1"})
    assert locker.open_box("A1", soon()) == Opened("A1")


@pytest.mark.parametrize(("number", "outcome"), [(2, NotOpened), (6, NotOpened), (4, Unknown), (5, Unknown)])
def test_a_refused_pulse_is_not_opened_only_where_the_standard_says_so(
    twin: ModbusTwin, number: int, outcome: type[object]
) -> None:
    table = {**LOCKER, "pulse": "board"}
    locker = ModbusLocker(twin.port, locker_map(table), baud=115_200, patience=QUICK)
    locker.open(soon())
    try:
        twin.act("jam", {"box": "A1"})
        twin.act("exception", {"code": number, "skip": 1, "times": 1})
        assert isinstance(locker.open_box("A1", soon()), outcome)
    finally:
        locker.close()


def test_a_lock_that_cannot_be_switched_off_is_a_fault_until_it_can(twin: ModbusTwin, locker: ModbusLocker) -> None:
    twin.act("jam", {"box": "A1"})
    twin.act("dead", {"skip": 2})
    assert isinstance(locker.open_box("A1", Deadline.after(1.2)), Unknown)
    twin.act("exception", {"times": 1})  # the line is well again, the lock still refuses
    status = locker.poll(soon())
    assert [(fault.code, fault.blocking) for fault in status.faults] == [("lock-energised", True)]
    assert not status.usable
    twin.act("ok", {})
    assert locker.poll(soon()).usable
    assert twin.state()["energised"] == []


def test_one_lock_that_refuses_does_not_keep_the_others_on(twin: ModbusTwin) -> None:
    boxes = {f"A{place}": {"lock": {"coil": place}, "door": {"input": place}} for place in range(3)}
    other = ModbusTwin("three", locker={**LOCKER, "boxes": boxes})
    other.start()
    locker = ModbusLocker(other.port, locker_map({**LOCKER, "boxes": boxes}), baud=115_200, patience=QUICK)
    try:
        locker.open(soon())
        other.act("exception", {"times": 1})
        with pytest.raises(DeviceError) as caught:
            locker.reset(soon())
        assert caught.value.code == "server-device-failure"
        before = locker.statistics()["requests"]
        assert locker.poll(soon()).usable
        assert locker.statistics()["requests"] == before + 2  # the one that refused, and the look
    finally:
        locker.close()
        other.stop()


class Lock:
    """A board with one lock that is obeyed whatever is said of it; the door behind it is jammed."""

    def __init__(self, says: Callable[[int, bytes], bytes]) -> None:
        """``says``: the answer, from the number of writes since the pulse began (0: before it) and the sound one."""
        self.wire = PtyWire("lock", self._received)
        self.wire.plug()
        self.locker = ModbusLocker(self.wire.port, locker_map({**LOCKER, "pulse_seconds": 0.25}), patience=SLOW)
        self.on = False
        self.held: float | None = None
        self._says, self._writes, self._since = says, 0, 0.0

    def _received(self, data: bytes) -> None:
        request = protocol.decode_request(data[1:-2])
        coil, asked = int(self.on), request.values[:1]
        if asked == (1,) or (asked and self._writes):
            self._writes += 1
        if asked == (1,) and self._writes == 1:
            self.on, self._since = True, time.monotonic()
        if asked == (0,) and self.on:
            self.on, self.held = False, time.monotonic() - self._since
        values = () if asked else (coil if request.function is Function.READ_COILS else 0,)
        self.wire.send(self._says(self._writes, protocol.frame(2, protocol.encode_answer(request, values))))

    def __enter__(self) -> Lock:
        self.locker.open(soon())
        return self

    def __exit__(self, *_: object) -> None:
        self.locker.close()
        self.wire.stop()


def test_a_lock_whose_repeated_pulse_is_refused_is_switched_off() -> None:
    """The first attempt was obeyed and its confirmation damaged: that the second is refused undoes nothing."""
    busy = protocol.frame(2, protocol.encode_exception(Function.WRITE_SINGLE_COIL, protocol.Exc.SERVER_DEVICE_BUSY))

    def says(write: int, sound: bytes) -> bytes:
        return sound[:-1] + bytes([sound[-1] ^ 1]) if write == 1 else busy if write == 2 else sound

    with Lock(says) as lock:
        outcome = lock.locker.open_box("A1", soon())
        assert isinstance(outcome, NotOpened)
        assert outcome.reason.code == "server-device-busy"
        assert not lock.on
        assert lock.locker.poll(soon()).usable


@pytest.mark.parametrize("seconds", [1.2, 4.0])
def test_a_lock_whose_board_has_gone_mute_is_held_no_longer_than_its_pulse(seconds: float) -> None:
    """It is switched off without waiting for the overdue answer, also where the deadline ends before that can come."""
    with Lock(lambda write, sound: b"" if write else sound) as lock:
        assert isinstance(lock.locker.open_box("A1", Deadline.after(seconds)), Unknown)
        assert lock.held is not None, "it is still on"
        assert lock.held < 0.25 + 0.3
        assert lock.locker._energised == {"A1"}, "nothing has confirmed it"


def test_an_overdue_confirmation_is_not_taken_for_that_of_switching_off() -> None:
    answers: list[bytes] = []

    def says(write: int, sound: bytes) -> bytes:
        answers.append(sound)
        return b"" if write == 1 else answers[-2] if write == 2 else sound

    with Lock(says) as lock:
        outcome = lock.locker.open_box("A1", soon())
        assert isinstance(outcome, NotOpened)
        assert outcome.reason.code == "no-answer"
        assert (lock.on, lock.locker._energised) == (False, set())
        assert lock.locker.statistics()["wrong-answer"] == 1


def test_a_port_is_configured_once_parity_and_all(twin: ModbusTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second configuration may fail like the first, and then outside what names errors and frees the port."""
    configured: list[str] = []

    reconfigure: Any = vars(serial.Serial)["_reconfigure_port"]

    def watched(opened: Any, *arguments: Any, **options: Any) -> None:
        configured.append(opened.parity)
        reconfigure(opened, *arguments, **options)

    monkeypatch.setattr(serial.Serial, "_reconfigure_port", watched)
    port = ModbusPort(twin.port, parity="even")
    port.open(soon())
    port.close()
    assert configured == [serial.PARITY_EVEN]


def test_the_golden_frames_are_what_goes_over_the_wire() -> None:
    """The literal bytes of a pulse, seen from the board's end."""
    seen: list[bytes] = []
    answers = {
        "02 02 00 00 00 01": protocol.frame(2, bytes.fromhex("02 01 00")),
        "02 01 00 00 00 01": protocol.frame(2, bytes.fromhex("01 01 00")),
    }

    def received(data: bytes) -> None:
        seen.append(data)
        key = data[:-2].hex(" ")
        wire.send(answers.get(key, data))  # a written coil is echoed
        if key == "02 05 00 00 ff 00":
            answers["02 02 00 00 00 01"] = protocol.frame(2, bytes.fromhex("02 01 01"))

    wire = PtyWire("golden", received)
    wire.plug()
    locker = ModbusLocker(wire.port, locker_map(LOCKER), baud=115_200, patience=QUICK)
    try:
        locker.open(soon())
        assert locker.open_box("A1", soon()) == Opened("A1")
    finally:
        locker.close()
        wire.stop()
    assert b"".join(seen).hex(" ").upper().split(" 02 05 ", 1)[1].startswith("00 00 FF 00 8C 09")
    assert b"\x02\x05\x00\x00\x00\x00\xcd\xf9" in b"".join(seen)
