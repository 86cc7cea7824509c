"""A camera that serves one at a time, let go and wanted again at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from devices.simulators.listener import Listener
from devices.vision.capture import Capture
from devices.vision.parameters import CaptureParameters

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=f\r\n\r\n"
BUSY = b"HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n"


def pictures(count: int) -> list[bytes]:
    random = np.random.default_rng(1)
    made = []
    for _ in range(count):
        data = cv2.imencode(".jpg", random.integers(0, 255, (120, 160, 3), dtype=np.uint8))[1].tobytes()
        made.append(b"--f\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data) + data + b"\r\n")
    return made


@pytest.fixture
def source() -> Iterator[str]:
    taken, over, parts = threading.Lock(), threading.Event(), pictures(8)

    def serve(connection: socket.socket) -> None:
        if not taken.acquire(blocking=False):
            connection.sendall(BUSY)
            return
        try:
            connection.recv(4096)
            connection.sendall(HEAD)
            while not over.wait(0.03):
                parts.append(parts.pop(0))
                connection.sendall(parts[0])
        finally:
            taken.release()

    listener = Listener("one at a time", serve)
    listener.open()
    yield f"http://127.0.0.1:{listener.number}/"
    over.set()
    listener.close()


def test_let_go_and_wanted_again_it_is_not_called_gone(source: str) -> None:
    capture = Capture(source, CaptureParameters())
    try:
        capture.start()
        assert capture.newest(0, 10) is not None
        for _ in range(5):
            last = capture.sequence
            capture.stop()
            capture.start()
            shot, told = None, set()
            for _ in range(1000):
                if (shot := capture.newest(last, 0.01)) is not None:
                    break
                told.add(capture.fault())
            assert shot is not None
            assert told <= {None}
    finally:
        capture.stop()
