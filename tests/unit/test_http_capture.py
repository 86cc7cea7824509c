"""HTTP exchanges written down and played back: the first wrong byte fails, a failure is played as it was."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action
from devices.simulators.listener import Listener
from devices.transports.capture import ReplayMismatch
from devices.transports.http_capture import CapturingHttp, ReplayHttp
from devices.transports.stream import PortMissing, StreamError


def record(path: Path, body: bytes, answer: bytes) -> CapturingHttp:
    """One exchange with a server that answers so."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    listener = Listener("http", serve)
    listener.open()
    carry = CapturingHttp(path)
    try:
        carry("127.0.0.1", listener.number, "/ipp", body, content_type="a/b", deadline=Deadline.after(5))
    except StreamError:
        pass
    finally:
        listener.close()
    return carry


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


def play(replay: ReplayHttp, body: bytes, path: str = "/ipp", kind: str = "a/b") -> bytes:
    return replay("elsewhere", 9, path, body, content_type=kind, deadline=Deadline.after(5)).body


def test_an_exchange_is_played_back_at_any_address(tmp_path: Path) -> None:
    record(tmp_path / "c", b"question", OK)
    replay = ReplayHttp.load(tmp_path / "c")
    assert (play(replay, b"question"), replay.finished) == (b"abc", True)
    assert (tmp_path / "c").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (b"quastion", "/ipp", "byte 2 of the body: sent 61, captured 65"),
        (b"quest", "/ipp", "byte 5 of the body: sent nothing, captured 69"),
        (b"questions", "/ipp", "byte 8 of the body: sent 73, captured nothing"),
        (b"question", "/other", "path '/other', captured '/ipp'"),
    ],
)
def test_the_first_wrong_byte_fails(tmp_path: Path, body: bytes, path: str, says: str) -> None:
    record(tmp_path / "c", b"question", OK)
    with pytest.raises(ReplayMismatch, match=says):
        play(ReplayHttp.load(tmp_path / "c"), body, path)


def test_one_question_too_many_fails(tmp_path: Path) -> None:
    record(tmp_path / "c", b"question", OK)
    replay = ReplayHttp.load(tmp_path / "c")
    play(replay, b"question")
    with pytest.raises(ReplayMismatch, match="no more"):
        play(replay, b"question")


def test_a_lost_answer_is_played_as_the_same_loss(tmp_path: Path) -> None:
    record(tmp_path / "c", b"question", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
    with pytest.raises(StreamError) as error:
        play(ReplayHttp.load(tmp_path / "c"), b"question")
    assert (error.value.code, error.value.retryable, error.value.action) == ("connection-lost", True, Action.RESET)


def test_nobody_there_stays_nothing_was_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    carry = CapturingHttp(tmp_path / "c")
    with pytest.raises(PortMissing):
        carry("127.0.0.1", number, "/", b"x", content_type="a/b", deadline=Deadline.after(2))
    with pytest.raises(PortMissing):
        play(ReplayHttp.load(tmp_path / "c"), b"x", "/")


def test_a_capture_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "c", b"question", OK)
    first, _ = (tmp_path / "c").read_text().splitlines()
    assert json.loads(first)["dir"] == "out"
    (tmp_path / "c").write_text(first + "\n")
    with pytest.raises(ValueError, match="no whole capture"):
        ReplayHttp.load(tmp_path / "c")
