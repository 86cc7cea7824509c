"""The document camera's preview: a picture does not wait for an outline that takes long to find."""

from __future__ import annotations

import socket
import threading
from queue import SimpleQueue

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.contracts.document_camera import DocumentHint
from devices.drivers.document_camera import worker
from devices.transports.child_channel import Channel
from devices.vision.capture import Shot, inspect
from devices.vision.document_look import View


def shot(number: int) -> Shot:
    return inspect(np.full((48, 64, 3), 100 + number, np.uint8), number, float(number))


def test_a_picture_goes_with_the_outline_known_while_another_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []
    slow, go_on = threading.Event(), threading.Event()

    def judge(image: NDArray[np.uint8], wanted: object) -> View:
        judged.append(int(image[0, 0, 0]) - 100)
        if judged[-1] == 2:
            slow.set()
            assert go_on.wait(20)
        return View(DocumentHint.TOO_FAR if judged[-1] == 1 else DocumentHint.GLARE)

    monkeypatch.setattr(worker, "view", judge)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        desk = worker.Worker(Channel(ours), SimpleQueue())
        assert desk.dress(shot(1))["hint"] == "too_far"
        captures = threading.Thread(target=desk.dress, args=(shot(2),))  # as a capture judges it
        captures.start()
        assert slow.wait(20)
        assert desk.dress(shot(3))["hint"] == "too_far"
        assert judged == [1, 2]
        go_on.set()
        captures.join(20)
        assert desk.dress(shot(2))["hint"] == "glare"
        assert judged == [1, 2]  # shared, not judged again
