"""The simulated receipt printer on its wire: real-time answers inside a picture, PNGs, device file, replay."""

from __future__ import annotations

import io
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from devices.contracts.deadline import Deadline
from devices.contracts.printing import Printed
from devices.drivers.escpos import protocol, testpattern
from devices.drivers.escpos.driver import EscPosPrinter
from devices.simulators.escpos import EscPosTwin
from devices.simulators.png import png
from devices.simulators.twin import UnknownAction
from devices.transports.capture import CapturingStream, ReplayStream
from devices.transports.devfile import DeviceFile
from devices.transports.tcp import TcpStream

RECEIPT = testpattern.pattern(576, 320)


def soon() -> Deadline:
    return Deadline.after(8)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[EscPosTwin]:
    twin = EscPosTwin("receipt_printer", out=tmp_path / "receipts")
    twin.start()
    yield twin
    twin.stop()


@pytest.mark.parametrize(
    ("action", "answers"),
    [
        ("ok", "12 12 12 12"),
        ("near-end", "12 12 12 1E"),
        ("paper-out", "1A 32 12 7E"),
        ("cover-open", "1A 16 12 12"),
        ("offline", "1A 12 12 12"),
    ],
)
def test_dle_eot_answers_in_the_middle_of_a_picture_as_an_independent_emulator_does(
    twin: EscPosTwin, action: str, answers: str
) -> None:
    twin.act(action, {})
    with socket.create_connection(("127.0.0.1", int(twin.port.rpartition(":")[2])), timeout=5) as line:
        line.sendall(protocol.band(576, bytes(72 * 64))[:1000])  # a picture that has only begun
        got = b""
        for ask in protocol.Ask:
            line.sendall(protocol.ask(ask))
            got += line.recv(1)
    assert got == bytes.fromhex(answers)


def test_a_question_split_over_two_packets_is_answered_once(twin: EscPosTwin) -> None:
    with socket.create_connection(("127.0.0.1", int(twin.port.rpartition(":")[2])), timeout=5) as line:
        for part in (b"\x10", b"\x04", b"\x01\x10\x04", b"\x04"):
            line.sendall(part)
        got = line.recv(1) + line.recv(1)
        line.sendall(protocol.ASK_PAPER)
        assert (got, line.recv(10)) == (b"\x12\x12", b"\x00")


def test_automatic_status_tells_each_change_by_itself(twin: EscPosTwin) -> None:
    with socket.create_connection(("127.0.0.1", int(twin.port.rpartition(":")[2])), timeout=5) as line:
        line.sendall(protocol.ASB_ON)
        assert line.recv(4) == bytes.fromhex("10000000")
        twin.act("paper-out", {})
        assert line.recv(4) == bytes.fromhex("18000F00")


def test_each_receipt_is_a_png_for_its_owner_only(twin: EscPosTwin, tmp_path: Path) -> None:
    printer = EscPosPrinter(twin.port)
    for _ in range(2):
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)
    printer.close()
    files = sorted((tmp_path / "receipts").iterdir())
    assert [file.name for file in files] == ["receipt-0001.png", "receipt-0002.png"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    with Image.open(files[1]) as shown, Image.open(io.BytesIO(png(RECEIPT))) as sent:
        assert shown.tobytes() == sent.tobytes()


def test_a_device_file_carries_a_receipt(tmp_path: Path) -> None:
    twin = EscPosTwin("receipt_printer", transport="pty", link=str(tmp_path / "lp0"))
    twin.start()
    printer = EscPosPrinter(twin.port, stream=DeviceFile(os.path.realpath(twin.port)))
    try:
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)
        assert twin.last == RECEIPT
    finally:
        printer.close()
        twin.stop()


def test_a_captured_status_replays_without_the_printer(twin: EscPosTwin, tmp_path: Path) -> None:
    twin.act("near-end", {})
    file = tmp_path / "status.jsonl"
    printer = EscPosPrinter(twin.port, stream=CapturingStream(TcpStream(twin.port), file))
    live = printer.poll(soon())
    printer.close()
    replayed = EscPosPrinter("replay", stream=ReplayStream.load(file)).poll(soon())
    assert replayed.same_as(live)
    assert [fault.code for fault in replayed.faults] == ["media-low"]


def test_an_unknown_action_names_those_there_are(twin: EscPosTwin) -> None:
    with pytest.raises(UnknownAction, match="paper-out-mid"):
        twin.act("explode", {})
