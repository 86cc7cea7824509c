"""Camera servers that nobody here wrote, killed and muted again and again: the loss is seen, the return is used.

``KIOSK_PEER_ROUNDS=100 .venv/bin/python -m pytest -s tests/faults/test_camera_peers.py`` is the long run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from devices.contracts.camera import Frame
from devices.contracts.deadline import Deadline
from devices.contracts.document_camera import DocumentFrame
from devices.drivers.camera.driver import CameraDriver
from devices.drivers.document_camera.driver import DocumentCameraDriver
from devices.simulators.portrait import camera_picture, swaying
from tests.patience import kept

ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "2"))
ROOM = Path(__file__).resolve().parents[1] / "wire" / "rtsp_room.py"
SEEN, USED = 2.0, 5.0  # seconds: the loss told, a picture again


class FfmpegCamera:
    """ffmpeg serves one viewer and ends with it, so it is started again until it is pulled."""

    def __init__(self, film: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/video"
        self._command = ["ffmpeg", "-loglevel", "quiet", "-re", "-stream_loop", "-1", "-i", str(film)]
        self._command += ["-f", "mpjpeg", "-listen", "1", self.url]
        self.port = port
        self._lock = threading.Lock()
        self._in = False
        self._server: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    def plug(self) -> None:
        self._in = True
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()  # it listens for a moment only where a viewer is waiting

    def mute(self) -> None:
        """As a cable pulled: nothing comes, and nothing says so."""
        with self._lock:
            if self._server is not None:
                self._server.send_signal(signal.SIGSTOP)

    def pull(self) -> None:
        with self._lock:
            self._in = False
            if self._server is not None:
                self._server.kill()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if not self._in:
                    return
                self._server = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._server.wait()


class RtspCamera:
    """GStreamer's RTSP server in the system's Python."""

    def __init__(self, port: int) -> None:
        self.url = f"rtsp://127.0.0.1:{port}/video"
        self.port = port
        self._server: subprocess.Popen[bytes] | None = None

    def plug(self) -> None:
        command = ["/usr/bin/python3", str(ROOM), str(self.port)]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._server.stdout is not None
        ready = json.loads(self._server.stdout.readline() or '{"missing": "it did not start"}')
        if "missing" in ready:
            self.pull()
            pytest.skip(ready["missing"])

    def mute(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGSTOP)

    def pull(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            for pipe in (self._server.stdin, self._server.stdout):
                if pipe is not None:
                    pipe.close()
            self._server = None


Peer = FfmpegCamera | RtspCamera


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    deadline, tick = Deadline.after(seconds), threading.Event()
    while not condition():
        if deadline.expired:
            return False
        tick.wait(0.02)
    return True


def listening(port: int) -> bool:
    return f"0100007F:{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text(encoding="ascii")


def there(port: int) -> bool:
    """Whether somebody holds the port, waiting for a viewer or serving one (not merely a connection's last words)."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    held = [words[3] for words in map(str.split, lines) if words[1] == f"0100007F:{port:04X}"]
    return any(state in ("01", "0A") for state in held)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["mjpeg", "rtsp"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    made: Peer
    if request.param == "mjpeg":
        if shutil.which("ffmpeg") is None:
            pytest.skip("needs the Debian package ffmpeg")
        film = tmp_path / "film.mkv"
        make = ["ffmpeg", "-loglevel", "error", "-f", "mjpeg", "-framerate", "15", "-i", "-", "-c", "copy", str(film)]
        subprocess.run(make, input=b"".join(swaying(camera_picture())), check=True, timeout=30)
        made = FfmpegCamera(film, free_port())
    else:
        if not Path("/usr/bin/python3").exists():
            pytest.skip("needs the system's Python and its GStreamer")
        made = RtspCamera(free_port())
    made.plug()
    assert eventually(lambda: listening(made.port), 15)
    yield made
    made.pull()


@pytest.fixture(params=["camera", "document_camera"])
def watched(request: pytest.FixtureRequest, peer: Peer) -> Iterator[CameraDriver | DocumentCameraDriver]:
    driver = CameraDriver(peer.url) if request.param == "camera" else DocumentCameraDriver(peer.url)
    yield driver
    driver.close()


def held() -> tuple[int, int, int]:
    """Descriptors, threads and child processes of this process."""
    children = sum(len(task.read_text().split()) for task in Path("/proc/self/task").glob("*/children"))
    return len(os.listdir("/proc/self/fd")), threading.active_count(), children


@pytest.mark.slow
@pytest.mark.timeout(60 + 25 * ROUNDS)
def test_a_camera_pulled_again_and_again_is_seen_to_go_and_used_when_back(
    peer: Peer, watched: CameraDriver | DocumentCameraDriver
) -> None:
    came: list[Frame | DocumentFrame] = []
    losses: list[float] = []
    returns: list[float] = []
    watched.start_preview(came.append)
    assert eventually(lambda: len(came) > 2, 15)
    before = held()
    for number in range(ROUNDS):
        peer.mute() if number % 2 else peer.pull()
        gone = time.monotonic()
        assert eventually(lambda: not watched.poll(Deadline.after(2)).usable, 10)
        losses.append(time.monotonic() - gone)
        peer.pull()
        assert watched.poll(Deadline.after(2)).faults
        count = len(came)
        peer.plug()
        assert eventually(lambda: there(peer.port), 15)
        back = time.monotonic()

        def a_new_picture(count: int = count) -> bool:
            usable = watched.poll(Deadline.after(4)).usable
            return usable and len(came) > count

        assert eventually(a_new_picture, 30)
        returns.append(time.monotonic() - back)
    assert eventually(lambda: all(now <= then + 2 for now, then in zip(held(), before, strict=True)), 5), (
        before,
        held(),
    )
    print(f"\n{watched.info.driver} over {peer.url.split(':')[0]}, {ROUNDS} rounds, held {before} then {held()}")
    for what, times in (("loss seen", losses), ("used again", returns)):
        print(f"  {what}: median {median(times):.2f} s, longest {max(times):.2f} s")
    assert kept(losses, SEEN)
    assert kept(returns, USED)
