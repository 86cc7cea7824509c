"""Waiting for many bytes on a serial line costs few wake-ups; a line faster than its speed says is not slowed."""

from __future__ import annotations

import resource
import time

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.identity import CardRead
from devices.drivers.sdt.driver import SdtReader
from devices.simulators.pty import PtyWire
from devices.simulators.sdt import SdtTwin
from devices.transports.serial import SerialPort
from devices.transports.stream import ReadTimeout, Unplugged
from tests.patience import BUSY


def soon() -> Deadline:
    return Deadline.after(5)


def test_a_card_at_115200_baud_wakes_its_reader_a_few_times_only() -> None:
    twin = SdtTwin("id_reader", baud=115_200)
    twin.start()
    reader = SdtReader(twin.port)
    try:
        reader.open(soon())
        twin.act("put", {"card": "resident"})
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
        assert isinstance(reader.read(soon()), CardRead)
        assert resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before < 40  # 85 where every chunk wakes it
    finally:
        reader.close()
        twin.stop()


def test_a_line_that_is_faster_than_its_speed_says_is_not_waited_for() -> None:
    twin = SdtTwin("id_reader", baud=0)  # as a reader on USB that passes for a serial port
    twin.start()
    reader = SdtReader(twin.port, baud=9_600)
    try:
        reader.open(soon())
        twin.act("put", {"card": "resident"})
        start = time.monotonic()
        assert isinstance(reader.read(soon()), CardRead)
        assert time.monotonic() - start < 1.2  # 1.4 s at 9600 baud
    finally:
        reader.close()
        twin.stop()


def test_the_deadline_the_gap_and_a_pulled_plug_end_the_wait() -> None:
    wire = PtyWire("quiet", lambda data: None)
    wire.plug()
    port = SerialPort(wire.port, 300)  # so slow that 200 bytes take 7 s
    try:
        port.open(soon())
        start = time.monotonic()
        with pytest.raises(ReadTimeout):
            port.read_exact(200, Deadline.after(0.1))
        with pytest.raises(ReadTimeout):
            port.read_exact(200, soon(), gap=0.1)
        assert time.monotonic() - start < 0.2 + BUSY
        wire.unplug()
        with pytest.raises(Unplugged):
            port.read_exact(200, Deadline.after(0.2))
    finally:
        port.close()
        wire.stop()
