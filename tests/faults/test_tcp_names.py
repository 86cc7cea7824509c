"""A device under a name: the name server may say nothing for minutes, the deadline holds all the same."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.stream import PortMissing
from devices.transports.tcp import TcpStream, why
from devices.vision.source import reach
from tests.patience import BUSY


class NameServer:
    """Answers ``printer.test`` with 127.0.0.1, once it is let."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.answers = threading.Event()
        self.asked = 0
        self._real = real

    def __call__(self, host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if host != "printer.test":
            return self._real(host, port, *arguments, **named)
        if named.get("flags", 0) & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        self.asked += 1
        self.answers.wait(20)
        return self._real("127.0.0.1", port, *arguments, **named)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    names = NameServer(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", names)
    yield names
    names.answers.set()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def port_of(peer: socket.socket) -> str:
    return f"tcp://printer.test:{peer.getsockname()[1]}"


def test_a_silent_name_server_holds_nobody_beyond_the_deadline(names: NameServer, peer: socket.socket) -> None:
    stream = TcpStream(port_of(peer))
    for _ in range(3):
        begun = time.monotonic()
        with pytest.raises(PortMissing):
            stream.open(Deadline.after(0.2))
        assert time.monotonic() - begun < 0.2 + BUSY
    assert names.asked == 1, "one question is on its way, not one for each try"
    names.answers.set()
    stream.open(Deadline.after(5))
    assert stream.is_open
    stream.close()


def test_the_camera_too_is_given_up_at_the_deadline(names: NameServer, peer: socket.socket) -> None:
    begun = time.monotonic()
    with pytest.raises(DeviceError) as error:
        reach(port_of(peer).replace("tcp", "http"), Deadline.after(0.2))
    assert error.value.code == "no-answer"
    assert time.monotonic() - begun < 0.2 + BUSY


def test_an_address_that_was_good_is_kept_and_asked_for_again_when_nobody_is_there(
    names: NameServer, peer: socket.socket
) -> None:
    names.answers.set()
    stream = TcpStream(port_of(peer))
    for _ in range(3):
        stream.open(Deadline.after(5))
    assert names.asked == 1
    stream.close()
    peer.close()
    for asked in (1, 2):
        with pytest.raises(PortMissing):
            stream.open(Deadline.after(5))
        assert names.asked == asked


def test_why_nobody_was_reached_is_said_and_what_to_look_at(peer: socket.socket) -> None:
    number = peer.getsockname()[1]
    peer.close()
    for port, words in (
        (f"tcp://127.0.0.1:{number}", "nothing listens at that number"),
        ("tcp://no-such-name.invalid:9100", "its name is not known here"),
    ):
        with pytest.raises(PortMissing, match=words) as caught:
            TcpStream(port).open(Deadline.after(5))
        assert "network cable" in caught.value.advice
    assert why(TimeoutError()) == "no answer in time"
    assert why(OSError(errno.EHOSTUNREACH, "")) == "no way leads to it from here"
