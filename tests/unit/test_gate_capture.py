"""The gate before a foreign HTTP client: messages from any pieces, exchanges written down, and the server played."""

from __future__ import annotations

import contextlib
import json
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulators.listener import Listener
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.gate_capture import Gate, HttpMessage, Messages, Player, Relay
from devices.transports.http_capture import ExchangeNotes, ReplayHttp

ASKED = b"POST /a HTTP/1.1\r\nContent-Type: x/y\r\nAuthorization: Basic secret\r\nContent-Length: 4\r\n\r\nword"
CHUNKED = b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"
TOLD = b"HTTP/1.1 200 OK\r\nContent-Type: x/z\r\nDate: today\r\nContent-Length: 3\r\n\r\nyes"


def messages(data: bytes, pieces: list[int]) -> list[HttpMessage]:
    """What comes of the bytes when they come in pieces of these sizes."""
    taken, found = Messages(), []
    for size in [*pieces, len(data)]:
        taken.feed(data[:size])
        data = data[size:]
        while message := taken.next():
            found.append(message)
    return found


@given(st.lists(st.integers(1, 40), max_size=40))
def test_messages_are_the_same_in_whatever_pieces_they_come(pieces: list[int]) -> None:
    found = messages(ASKED + CHUNKED + ASKED, pieces)
    assert [message.body for message in found] == [b"word", b"abcde", b"word"]
    assert found[0].headers["content-type"] == "x/y"


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=10))
def test_bytes_that_are_no_http_are_a_value_error_or_wait_for_more(data: bytes, pieces: list[int]) -> None:
    with contextlib.suppress(ValueError):
        messages(data, pieces)


def test_a_head_without_end_is_not_waited_for_for_ever() -> None:
    with pytest.raises(ValueError, match="without end"):
        messages(b"POST / HTTP/1.1\r\n" + b"x" * 40_000, [])


@pytest.mark.parametrize(
    "framing",
    ["Content-Length: -5\r\n\r\nabc", "Content-Length: x\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n-ff\r\nabc"],
)
def test_a_length_that_is_none_is_refused(framing: str) -> None:
    with pytest.raises(ValueError, match=r"below zero|invalid literal"):
        messages(b"POST / HTTP/1.1\r\n" + framing.encode(), [])


class Server:
    """Says TOLD to each whole request; ``silent`` hears and says nothing, ``rude`` hears and hangs up."""

    def __init__(self) -> None:
        self.manner = "well"
        self.heard = threading.Event()
        self._listener = Listener("http", self._serve)
        self._listener.open()
        self.address = ("127.0.0.1", self._listener.number)

    def close(self) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        asked = Messages()
        while data := connection.recv(65536):
            asked.feed(data)
            while asked.next():
                self.heard.set()
                if self.manner == "rude":
                    return
                if self.manner == "well":
                    connection.sendall(TOLD)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def client(gate: Gate) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(5)
    line.connect(gate.path)
    return line


def heard(line: socket.socket) -> HttpMessage | None:
    """The next message; None: it hung up."""
    taken = Messages()
    while not (message := taken.next()):
        data = line.recv(65536)
        if not data:
            return None
        taken.feed(data)
    return message


@contextlib.contextmanager
def relay(server: Server, path: Path) -> Iterator[Gate]:
    gate = Gate(Relay(server.address, ExchangeNotes(CaptureFile(path), "cupsd")).serve)
    gate.open()
    yield gate
    gate.close()
    assert not Path(gate.path).parent.exists()


def test_what_passes_is_untouched_and_written_down_without_a_login(server: Server, tmp_path: Path) -> None:
    with relay(server, tmp_path / "c") as gate, client(gate) as line:
        assert stat.S_IMODE(Path(gate.path).parent.stat().st_mode) == 0o700
        for request in (ASKED, CHUNKED):  # the same connection
            line.sendall(request)
            assert heard(line) == HttpMessage(
                "HTTP/1.1 200 OK", {"content-type": "x/z", "date": "today", "content-length": "3"}, b"yes"
            )
        assert len(entries_of(tmp_path / "c")) == 4, "what was answered is in the file when the answer is"
    asked, told, chunked, _ = entries_of(tmp_path / "c")
    assert (asked["wire"], asked["path"], asked["type"]) == ("cupsd", "/a", "x/y")
    assert (bytes.fromhex(asked["hex"]), bytes.fromhex(chunked["hex"])) == (b"word", b"abcde")
    assert (told["status"], told["headers"], bytes.fromhex(told["hex"])) == (200, {"content-type": "x/z"}, b"yes")
    assert "secret" not in (tmp_path / "c").read_text()
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


def test_a_server_that_hangs_up_is_silent_or_is_not_there_is_written_down_as_such(
    server: Server, tmp_path: Path
) -> None:
    with relay(server, tmp_path / "c") as gate:
        server.manner = "rude"
        with client(gate) as line:
            line.sendall(ASKED)
            assert heard(line) is None
        server.manner = "silent"
        server.heard.clear()
        with client(gate) as line:
            line.sendall(ASKED)
            assert server.heard.wait(5)
    server.close()
    with relay(server, tmp_path / "c") as gate, client(gate) as line:
        line.sendall(ASKED)
        assert heard(line) is None
    assert [entry["code"] for entry in entries_of(tmp_path / "c")[1::2]] == [
        "connection-lost", "no-answer", "port-missing",
    ]  # fmt: skip


def written(path: Path, *answers: dict[str, object]) -> ReplayHttp:
    lines: list[dict[str, object]] = []
    for answer in answers:
        lines += [{"dir": "out", "method": "POST", "path": "/a", "type": "x/y", "hex": b"word".hex()}, answer]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return ReplayHttp.load(path)


YES: dict[str, object] = {"dir": "in", "status": 200, "headers": {"content-type": "x/z"}, "hex": b"yes".hex()}


def failed(code: str) -> dict[str, object]:
    return {"dir": "failed", "code": code, "message": "m", "advice": "a", "retryable": True, "action": "reset"}


@contextlib.contextmanager
def played(replay: ReplayHttp) -> Iterator[tuple[Gate, Player]]:
    player = Player(replay)
    gate = Gate(player.serve)
    gate.open()
    yield gate, player
    gate.close()


def test_the_player_answers_and_tells_a_client_that_waits_to_go_on(tmp_path: Path) -> None:
    with played(written(tmp_path / "c", YES, YES)) as (gate, player), client(gate) as line:
        line.sendall(ASKED)
        answer = heard(line)
        assert answer
        assert (answer.status, answer.headers["content-type"], answer.body) == (200, "x/z", b"yes")
        head, body = ASKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n").split(b"\r\n\r\n")
        line.sendall(head + b"\r\n\r\n")
        assert heard(line) == HttpMessage("HTTP/1.1 100 Continue")
        line.sendall(body)
        assert heard(line)
        player.check()


def test_the_player_hangs_up_where_the_server_did_and_is_silent_where_it_was(tmp_path: Path) -> None:
    replay = written(tmp_path / "c", failed("connection-lost"), failed("no-answer"), YES)
    with played(replay) as (gate, _):
        with client(gate) as line:
            line.sendall(ASKED)
            assert heard(line) is None
        with client(gate) as line:
            line.sendall(ASKED)
            line.settimeout(0.05)
            with pytest.raises(TimeoutError):
                line.recv(1)
        with client(gate) as line:
            line.sendall(ASKED)
            assert heard(line)
    assert replay.finished


def test_another_word_is_told_once_and_from_then_on_nobody_answers(tmp_path: Path) -> None:
    with played(written(tmp_path / "c", YES)) as (gate, player):
        with client(gate) as line:
            line.sendall(ASKED.replace(b"word", b"wird"))
            assert heard(line) is None
        with pytest.raises(ReplayMismatch, match="byte 1 of the body: sent 69, captured 6F"):
            player.check()
        with client(gate) as line, contextlib.suppress(OSError):
            line.sendall(ASKED)
            assert heard(line) is None
        player.check()


def test_a_gate_may_be_closed_twice_and_opened_again_at_the_same_place() -> None:
    gate = Gate(lambda line: line.sendall(b"there"))
    place = gate.path
    for _ in range(2):
        gate.open()
        gate.open()
        with client(gate) as line:
            assert line.recv(9) == b"there"
        gate.close()
        gate.close()
    assert gate.path == place
    assert not Path(place).parent.exists()
