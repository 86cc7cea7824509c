"""USB bulk pipes as a byte stream: pyusb's own code down to its backend interface, where a simulated device stands.

What libusb and the kernel do below that is not tried here: the transport is UNVERIFIED, and says so.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import CardRead
from devices.drivers.sdt.__main__ import main
from devices.drivers.sdt.driver import SdtReader
from devices.drivers.sdt.link import Patience
from devices.simulators.sdt import SdtTwin
from devices.simulators.usb import UsbWire
from devices.transports.stream import (
    PortBusy,
    PortDenied,
    PortMissing,
    PortUnusable,
    ReadTimeout,
    Unplugged,
    WriteTimeout,
)
from devices.transports.usb import LibusbMissing, UsbBulk, UsbTrouble, address
from tests.patience import BUSY

backend = pytest.importorskip("usb.backend")
libusb1 = pytest.importorskip("usb.backend.libusb1")

PORT = "usb:0400:c35a"
QUICK = Patience(command=0.3, frame=0.15, noise=0.15, settle=0.02)


def soon() -> Deadline:
    return Deadline.after(5)


class Echo:
    """A device that answers what ``answer`` makes of what it gets."""

    def __init__(self, *, packet: int = 64, pipes: tuple[int, ...] = (0x02, 0x06, 0x81, 0x85)) -> None:
        self.heard = b""
        self.wire = UsbWire("echo", self._received, packet=packet, pipes=pipes)
        self.wire.plug()

    def _received(self, data: bytes) -> None:
        self.heard += data
        self.wire.send(data)

    def stream(self, port: str = PORT) -> UsbBulk:
        return UsbBulk(port, preferred=(0x02, 0x81), backend=self.wire.backend)


@pytest.fixture
def device() -> Iterator[Echo]:
    device = Echo()
    yield device
    device.wire.stop()


@pytest.fixture
def stream(device: Echo) -> Iterator[UsbBulk]:
    stream = device.stream()
    stream.open(soon())
    yield stream
    stream.close()


def test_the_simulated_device_offers_what_pyusb_asks_of_a_backend() -> None:
    documented = {name for name in vars(backend.IBackend) if not name.startswith("_")}
    offered = {name for name in dir(UsbWire("x", lambda data: None).backend) if not name.startswith("_")}
    assert offered - documented == {"cleared"}
    assert {"enumerate_devices", "bulk_read", "bulk_write", "claim_interface", "open_device"} <= offered


@pytest.mark.parametrize("packet", [8, 64, 512])
@pytest.mark.parametrize("count", [1, 7, 63, 64, 65, 512, 1295, 2321])
def test_bytes_come_back_whatever_the_packets_are(packet: int, count: int) -> None:
    device = Echo(packet=packet)
    stream = device.stream()
    try:
        stream.open(soon())
        data = bytes(i % 251 for i in range(count))
        stream.write(data, soon())
        head = stream.read_exact(min(7, count), soon())
        assert head + stream.read_exact(count - len(head), soon(), gap=0.5) == data
    finally:
        stream.close()
        device.wire.stop()


def test_bytes_beyond_those_asked_for_are_kept_and_drained(stream: UsbBulk) -> None:
    stream.write(b"abcdefgh", soon())
    assert stream.read_exact(3, soon()) == b"abc"
    assert stream.drain() == 5
    with pytest.raises(ReadTimeout):
        stream.read_exact(1, Deadline.after(0.02))


def test_silence_ends_by_the_deadline_or_the_gap_and_tells_what_came(stream: UsbBulk) -> None:
    stream.write(b"abc", soon())
    start = time.monotonic()
    with pytest.raises(ReadTimeout) as caught:
        stream.read_exact(10, soon(), gap=0.05)
    assert caught.value.received == b"abc"
    with pytest.raises(ReadTimeout):
        stream.read_exact(10, Deadline.after(0.05))
    assert time.monotonic() - start < BUSY
    with pytest.raises(WriteTimeout):
        stream.write(b"x", Deadline.after(-1))


def test_a_device_pulled_while_it_is_read_is_unplugged(device: Echo, stream: UsbBulk) -> None:
    device.wire.unplug()
    with pytest.raises(Unplugged):
        stream.read_exact(1, soon())
    with pytest.raises(Unplugged):
        stream.write(b"x", soon())
    stream.close()
    with pytest.raises(Unplugged):
        stream.read_exact(1, soon())
    with pytest.raises(PortMissing):
        stream.open(soon())
    device.wire.plug()
    stream.open(soon())
    stream.write(b"back", soon())
    assert stream.read_exact(4, soon()) == b"back"


def test_a_missing_right_a_busy_device_and_two_of_them_have_their_names(device: Echo) -> None:
    device.wire.denied = True
    with pytest.raises(PortDenied, match="may not open") as caught:
        device.stream().open(soon())
    assert "udev" in caught.value.advice
    device.wire.denied, device.wire.busy = False, True
    with pytest.raises(PortBusy):
        device.stream().open(soon())
    device.wire.busy, device.wire.copies = False, 2
    with pytest.raises(PortUnusable, match="2 such devices"):
        device.stream().open(soon())


def test_an_interface_is_claimed_for_one_process_alone(device: Echo, stream: UsbBulk) -> None:
    with pytest.raises(PortBusy):
        device.stream().open(soon())
    stream.close()
    other = device.stream()
    other.open(soon())
    assert other.is_open
    other.close()


def test_a_stalled_pipe_is_cleared_and_the_next_transfer_works(device: Echo, stream: UsbBulk) -> None:
    device.wire.stalled = True
    with pytest.raises(UsbTrouble, match="EPIPE"):
        stream.read_exact(1, soon())
    assert set(device.wire.backend.cleared) == {0x02, 0x81}
    stream.write(b"on", soon())
    assert stream.read_exact(2, soon()) == b"on"


@pytest.mark.parametrize(
    ("pipes", "port", "expected"),
    [
        ((0x02, 0x06, 0x81, 0x85), PORT, (0x02, 0x81)),
        ((0x06, 0x85), PORT, (0x06, 0x85)),
        ((0x02, 0x06, 0x81, 0x85), PORT + "?out=06&in=85", (0x06, 0x85)),
        ((0x02, 0x81), PORT + "?out=06&in=85", None),
        ((0x81, 0x85), PORT, None),
    ],
)
def test_the_pipes_are_those_named_or_preferred_or_there(
    monkeypatch: pytest.MonkeyPatch, pipes: tuple[int, ...], port: str, expected: tuple[int, int] | None
) -> None:
    device = Echo(pipes=pipes)
    used: set[int] = set()
    give, take_in = device.wire.give, device.wire.take_in

    def gives(pipe: int, room: int, milliseconds: int) -> bytes:
        used.add(pipe)
        return give(pipe, room, milliseconds)

    def takes_in(pipe: int, data: bytes) -> int:
        used.add(pipe)
        return take_in(pipe, data)

    monkeypatch.setattr(device.wire, "give", gives)
    monkeypatch.setattr(device.wire, "take_in", takes_in)
    stream = device.stream(port)
    try:
        if expected is None:
            with pytest.raises(PortUnusable, match="pair of bulk pipes"):
                stream.open(soon())
            return
        stream.open(soon())
        stream.write(b"x", soon())
        assert stream.read_exact(1, soon()) == b"x"
        assert used == set(expected)
    finally:
        stream.close()
        device.wire.stop()


@pytest.mark.parametrize(
    "port", ["usb:", "usb:400:c35a", "usb:0400:c35a?in=zz", "usb:0400:c35a?up=1", "usb:0400:c35a?in=0"]
)
def test_a_port_that_is_none_is_told(port: str) -> None:
    with pytest.raises(PortUnusable):
        UsbBulk(port).open(soon())


def test_numbers_are_hexadecimal_in_either_case() -> None:
    assert address("usb:0400:C35A?in=85&out=6") == address("USB:0400:c35a?out=06&in=85")


def test_without_libusb_or_pyusb_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libusb1, "get_backend", lambda: None)
    with pytest.raises(LibusbMissing, match=r"libusb-1\.0") as caught:
        UsbBulk(PORT).open(soon())
    assert "libusb-1.0-0" in caught.value.advice
    monkeypatch.setitem(sys.modules, "usb.core", None)
    with pytest.raises(LibusbMissing, match="pyusb"):
        UsbBulk(PORT).open(soon())


def test_with_the_real_libusb_a_device_that_is_not_there_is_missing() -> None:
    if libusb1.get_backend() is None:
        pytest.skip("needs Debian's libusb-1.0-0")
    with pytest.raises(DeviceError) as caught:
        UsbBulk("usb:ffff:fff0").open(soon())
    assert caught.value.code in {"port-missing", "port-unusable"}  # unusable: a machine without any USB bus


@pytest.mark.parametrize("port", ["usb:ffff:fff0", "usb:none"])
def test_the_bench_tool_of_a_reader_tells_a_usb_port_that_cannot_be_had(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--port", port, "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] in {"port-missing", "port-unusable", "libusb-missing"}
    assert error["advice"]


def test_a_reader_on_usb_says_that_it_was_never_tried_and_reads_all_the_same() -> None:
    twin = SdtTwin("id_reader", transport="usb")
    twin.start()
    assert isinstance(twin.wire, UsbWire)
    reader = SdtReader(twin.port, stream=UsbBulk(twin.port, backend=twin.wire.backend), patience=QUICK)
    try:
        assert reader.capabilities["verified"] == "no"
        reader.open(soon())
        for fault, code in (("checksum", "checksum"), ("silent", "no-answer"), ("pulled", "unplugged")):
            twin.act("put", {"card": "resident"})
            twin.act(fault, {"at": 700})
            with pytest.raises(DeviceError) as caught:
                reader.read(Deadline.after(1.5))
            assert caught.value.code == code
            twin.act("ok", {})
            if code == "unplugged":
                reader.open(soon())
            assert isinstance(reader.read(soon()), CardRead)
    finally:
        reader.close()
        twin.stop()
