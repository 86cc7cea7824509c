"""Peers that never cease: whoever listens to them ends by the deadline, with an error of its own, in bounded memory."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import socket
import struct
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from devices.contracts.code_scanner import NoCode
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import CardPhoto, PhotoUndecodable
from devices.drivers.code_scanner.driver import SerialScanner
from devices.drivers.emrtd.picture import MAX_PIXELS, to_png
from devices.drivers.escpos.driver import EscPosPrinter
from devices.drivers.ipp.protocol import MAX_GROUPS, IppFormatError, decode
from devices.drivers.nut.driver import NutUps
from devices.drivers.xfs4iot.protocol import MOST_PARTS, BadMessage
from devices.drivers.xfs4iot.protocol import decode as decode_message
from devices.transports.descriptor import CHUNK, DROPPED, DescriptorStream
from devices.transports.websocket import WebSocketLine
from tests.patience import BUSY

SECONDS = 0.3
Begin = Callable[[socket.socket], None]


def at_once(_: socket.socket) -> None:
    """Nothing is said before the flood."""


@contextmanager
def flooding(data: bytes, begin: Begin = at_once) -> Iterator[int]:
    """A TCP peer that sends ``data`` again and again to whoever connects, and reads nothing; its port."""
    connections: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                threading.Thread(target=pour, args=(connection,), daemon=True).start()

    def pour(connection: socket.socket) -> None:
        with suppress(OSError):
            begin(connection)
            while True:
                connection.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept
            thread.join()
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()


@contextmanager
def babbling(data: bytes) -> Iterator[tuple[str, threading.Event]]:
    """A serial line on which ``data`` comes again and again, once the event is set; its port."""
    master, slave = os.openpty()
    tty.setraw(slave)
    begin, over = threading.Event(), threading.Event()

    def pour() -> None:
        begin.wait()
        with suppress(OSError):
            while not over.is_set():
                os.write(master, data)

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    try:
        yield os.ttyname(slave), begin
    finally:
        over.set()
        begin.set()
        with ExitStack() as stack:
            stack.callback(os.close, master)
            while thread.is_alive():
                with suppress(BlockingIOError):  # what has not been read keeps the writer from its end
                    os.set_blocking(slave, False)
                    os.read(slave, 65_536)
                thread.join(0.01)
            os.close(slave)


def within(seconds: float, call: Callable[[Deadline], object]) -> object:
    """What the call returns, or its error's code; it must have ended by its deadline, or as late as a busy machine."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call(Deadline.after(seconds)))
        except DeviceError as error:
            outcome.append(error.code)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds + 5 * BUSY)  # the flood is made in this very process, and takes its share of the interpreter
    assert outcome, "it did not come back"
    return outcome[0]


@pytest.mark.parametrize("byte", [0x00, 0x10, 0xFF])
def test_a_receipt_printer_that_babbles(byte: int) -> None:
    with flooding(bytes((byte,)) * 65_536) as port:
        printer = EscPosPrinter(f"tcp://127.0.0.1:{port}")

        def ask(deadline: Deadline) -> object:
            printer.open(deadline)
            return printer.poll(deadline)

        assert within(SECONDS, ask) in ("no-answer", "garbage")
        assert within(SECONDS, lambda deadline: printer.reset(deadline)) in ("no-answer", "garbage", None)
        printer.close()


def test_an_ups_daemon_that_tells_the_same_variable_for_ever() -> None:
    variable = b'VAR kiosk ups.status "OL"\n'
    with flooding(variable * 1_000, lambda to: to.sendall(b"BEGIN LIST VAR kiosk\n")) as port:
        ups = NutUps(f"tcp://127.0.0.1:{port}", "kiosk")
        assert within(5.0, ups.open) == "garbage"


@pytest.mark.parametrize("data", [b"\r" * 4_096, b"\n\r" * 2_048, b"A" * 4_096])
def test_a_scanner_that_sends_ends_without_codes_or_a_code_without_end(data: bytes) -> None:
    with babbling(data) as (port, begin):
        scanner = SerialScanner(port)
        scanner.open(Deadline.after(5))
        scanner.begin(Deadline.after(5))
        begin.set()
        assert within(SECONDS, scanner.scan) == NoCode()
        scanner.close()


def test_old_input_without_end_is_dropped_up_to_a_bound() -> None:
    class Endless(DescriptorStream):
        def read_some(self, limit: int, deadline: Deadline) -> bytes:
            return bytes(CHUNK)

    assert Endless("endless").drain() == DROPPED


def shake_hands(connection: socket.socket) -> None:
    """The server's side of RFC 6455, 4.2.2."""
    asked = b""
    while not asked.endswith(b"\r\n\r\n"):
        asked += connection.recv(4_096)
    lines = dict(line.split(b": ", 1) for line in asked.split(b"\r\n")[1:] if line)
    key = {name.lower(): value for name, value in lines.items()}[b"sec-websocket-key"]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def frame(opcode: int, data: bytes, *, whole: bool = True) -> bytes:
    return struct.pack(">BB", whole << 7 | opcode, len(data)) + data


def half_a_message(connection: socket.socket) -> None:
    shake_hands(connection)
    connection.sendall(frame(1, b"{", whole=False))


@pytest.mark.parametrize(
    ("data", "begin"),
    [
        (frame(10, b"pong" * 20) * 500, shake_hands),
        (frame(9, b"ping" * 20) * 20, shake_hands),
        (frame(0, b"", whole=False) * 500, half_a_message),
        (frame(0, b"  ", whole=False) * 50, half_a_message),
    ],
    ids=["pongs", "pings", "nothing", "crumbs"],
)
def test_a_service_that_sends_no_message_and_is_never_silent(data: bytes, begin: Begin) -> None:
    with flooding(data, begin) as port:
        line = WebSocketLine(f"ws://127.0.0.1:{port}/")
        line.open(Deadline.after(5))
        try:
            # a peer that reads no pong, or a message that grows too long, may be given up earlier
            assert within(SECONDS, line.receive) in (None, "write-timeout", "connection-lost", "message-too-long")
        finally:
            line.close()


def test_a_message_of_many_parts_is_refused_before_it_is_taken_apart() -> None:
    header = {"type": "unsolicited", "name": "Common.StatusChangedEvent"}
    text = json.dumps({"header": header, "payload": {f"p{number}": [] for number in range(MOST_PARTS)}})
    with pytest.raises(BadMessage, match="too many parts"):
        decode_message(text)
    picture = json.dumps({"header": header, "payload": {"image": "A" * 3_000_000}})
    assert decode_message(picture).name == "Common.StatusChangedEvent"


def test_an_answer_of_groups_alone_is_refused() -> None:
    head = struct.pack(">BBHI", 2, 0, 0, 1)
    assert len(decode(head + b"\x02" * MAX_GROUPS + b"\x03").groups) == MAX_GROUPS
    with pytest.raises(IppFormatError, match="groups"):
        decode(head + b"\x02" * 1_000_000 + b"\x03")


def test_a_picture_that_unfolds_into_far_more_than_a_face_is_not_decoded() -> None:
    from PIL import Image

    width = 2_000
    for height, fits in ((100, True), (MAX_PIXELS // width + 1, False)):
        out = io.BytesIO()
        Image.new("L", (width, height)).save(out, "JPEG2000")
        photo = CardPhoto("jp2", out.getvalue())
        assert len(photo.data) < 10_000
        if fits:
            assert to_png(photo)
        else:
            with pytest.raises(PhotoUndecodable, match="too many"):
                to_png(photo)
