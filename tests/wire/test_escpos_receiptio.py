"""receiptio (npm), a host nobody here wrote, drives the simulated receipt printer: its questions and its receipts.

Not part of the ordinary run: ``npm install receiptio`` somewhere, then
``KIOSK_PEER_RECEIPTIO=…/node_modules/.bin/receiptio pytest tests/wire/test_escpos_receiptio.py``.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from devices.simulators.escpos import EscPosTwin

PORT = 9100  # receiptio knows no other
RECEIPT = "^^^办件回执\n\n|left|right|\n{code:2012345678903;option:code128,2,72,hri}\n-\n"


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Door:
    """Port 9100 of a loopback address of its own (127.0.0.0/8 has many), leading to the twin."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.address = "127.{}.{}.{}".format(*(random.randint(1, 254) for _ in range(3)))
        self._server = socket.create_server((self.address, PORT))
        self._threads = [threading.Thread(target=self._accept)]
        self._ends: list[socket.socket] = []
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._number))
            self._ends += [near, far]
            for source, target in ((near, far), (far, near)):
                self._threads.append(threading.Thread(target=pump, args=(source, target)))
                self._threads[-1].start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for end in self._ends:
            end.close()


@pytest.fixture
def twin() -> Iterator[EscPosTwin]:
    if not os.environ.get("KIOSK_PEER_RECEIPTIO"):
        pytest.skip("needs KIOSK_PEER_RECEIPTIO=/path/to/receiptio (npm install receiptio)")
    twin = EscPosTwin("receipt_printer")
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def door(twin: EscPosTwin) -> Iterator[Door]:
    door = Door(int(twin.port.rpartition(":")[2]))
    yield door
    door.close()


def receiptio(door: Door, *arguments: str, source: str = "") -> str:
    """What it says of the outcome."""
    command = [os.environ["KIOSK_PEER_RECEIPTIO"], "-d", door.address, *arguments]
    done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=50)
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("language", [["-p", "escpos"], []], ids=["escpos", "auto-detected"])
@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("ok", "online"),
        ("near-end", "online"),
        ("paper-out", "paperempty"),
        ("cover-open", "coveropen"),
    ],
)
def test_it_reads_the_twins_state(twin: EscPosTwin, door: Door, language: list[str], action: str, says: str) -> None:
    twin.act(action, {})
    assert receiptio(door, "-q", *language) == says


def test_its_receipt_is_cut_and_called_a_success(twin: EscPosTwin, door: Door) -> None:
    assert receiptio(door, "-p", "escpos", "-l", "zh-hans", "-t", "20", source=RECEIPT) == "success"
    assert twin.state()["receipts"] == 1


def test_a_roll_that_ends_in_its_receipt_is_no_success(twin: EscPosTwin, door: Door) -> None:
    twin.act("paper-out-mid", {"after": 60})
    assert receiptio(door, "-p", "escpos", "-t", "5", source=RECEIPT) in ("paperempty", "timeout")
    assert twin.state()["receipts"] == 0
