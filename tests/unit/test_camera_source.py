"""Whether a camera's source is there, told without taking a picture."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from devices.contracts.camera import FaceDiffers, FaceHint, FaceMatched, FaceUnavailable, FaceUnclear, ReferenceUnusable
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.camera.protocol import FAULTS, fault_of, outcome_head, outcome_of
from devices.vision.source import reach, without_login


def code_of(source: str, seconds: float = 2) -> str:
    with pytest.raises(DeviceError) as error:
        reach(source, Deadline.after(seconds))
    assert error.value.advice
    return error.value.code


def test_a_file_and_a_listening_host_are_there(tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(b"")
    reach(str(picture), Deadline.after(1))
    reach(f"file://{picture}", Deadline.after(1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach(f"rtsp://user:word@127.0.0.1:{server.getsockname()[1]}/1", Deadline.after(2))


def test_what_is_not_there_is_gone(tmp_path: Path) -> None:
    assert code_of(str(tmp_path / "nothing")) == "gone"
    assert code_of(str(tmp_path)) == "gone"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert code_of(f"http://127.0.0.1:{port}/") == "gone"


def test_a_host_that_does_not_answer_is_not_called_gone() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        fillers = []
        try:
            for _ in range(4):  # the queue of the listener is full: no further connection completes
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            assert code_of(f"http://127.0.0.1:{address[1]}/", 0.2) == "no-answer"
        finally:
            for filler in fillers:
                filler.close()


def test_a_missing_right_is_told_from_an_absent_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "video0"
    device.write_bytes(b"")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert code_of(str(device)) == "no-permission"


@pytest.mark.parametrize("source", ["ftp://host/x", "http://", "http://host:port/"])
def test_a_source_that_is_none_is_named(source: str) -> None:
    assert code_of(source) == "bad-port"


def test_log_ins_are_masked() -> None:
    assert without_login("rtsp://admin:pass@10.0.0.9/1?key=secret") == "rtsp://***@10.0.0.9/1"
    assert without_login("/dev/video0") == "/dev/video0"


@pytest.mark.parametrize(
    "outcome",
    [
        FaceMatched(0.31, 0.5),
        FaceDiffers(0.81, 0.5),
        FaceUnclear(FaceHint.CENTRE),
        ReferenceUnusable("no-face"),
        *(FaceUnavailable(fault) for fault in FAULTS.values()),
    ],
)
def test_every_outcome_survives_the_way_to_the_parent(outcome: FaceMatched) -> None:
    assert outcome_of(outcome_head(outcome)) == outcome


@pytest.mark.parametrize("head", [{}, {"kind": "sure"}, {"kind": "matched"}, {"kind": "unclear", "hint": "smile"}])
def test_an_outcome_that_is_none_is_refused(head: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        outcome_of(head)


def test_an_unknown_fault_is_a_blocking_fault() -> None:
    assert fault_of("surprise").blocking
