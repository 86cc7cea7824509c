"""Twin of a network camera: MJPEG over HTTP (multipart/x-mixed-replace) on the loopback.

Frames are encoded once, when first needed, and sent only while somebody looks. Used by tests and the demonstration.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devices.simulators import motion, portrait
from devices.simulators.twin import Json, UnknownAction

_BOUNDARY = "frame"
_PEOPLE: dict[str, Callable[[], bytes]] = {
    "same": portrait.camera_picture,
    "other": portrait.other_picture,
    "several": portrait.several_picture,
    "none": portrait.nobody_picture,
}
_WAVED = ("tilted", "bobbing")
_ACTIONS = (
    "ok | covered | frozen [how=same|silent] | gone | slow | several | gesture what=blink|turn_left|turn_right | "
    "person who=same|other|several|none|tilted|bobbing"
)


class CameraTwin:
    """Serves ``http://127.0.0.1:PORT/video``.

    Options: ``picture`` (path of a JPEG or PNG to show instead of the demonstration's person), ``rate`` (frames a
    second, 15). Actions: ``ok`` (all well, the demonstration's person), ``covered``, ``frozen`` (``how=same`` repeats
    one frame, ``how=silent`` sends nothing more), ``gone`` (port closed), ``slow`` (one frame a second), ``several``,
    ``person`` (``who`` = same | other | several | none; a photograph of the same person being waved about: tilted |
    bobbing), ``gesture`` (the demonstration's person does it once: ``what`` = blink | turn_left | turn_right).
    """

    SHOWING: tuple[str, ...] = ("person", "several")  # actions that say what is seen, all else being well

    def __init__(self, name: str, **options: Json) -> None:
        unknown = set(options) - {"picture", "rate"}
        if unknown:
            raise ValueError(f"camera twin has no option {sorted(unknown)}")
        self.name = name
        self._rate = float(str(options.get("rate", 15)))
        self._own = Path(str(options["picture"])) if options.get("picture") else None
        self._mode, self._how, self._who = "ok", "", "same"
        self._changed = threading.Condition()
        self._encoded: dict[str, tuple[bytes, ...]] = {}
        self._playing: list[bytes] = []  # the rest of a gesture
        self._server: _Server | None = None
        self._number = 0
        self.clients = 0
        self.frames_sent = 0

    @property
    def port(self) -> str:
        return f"http://127.0.0.1:{self._number}/video"

    def start(self) -> None:
        if self._server is None and self._mode != "gone":
            self._server = _Server(self, self._number)
            self._number = self._server.server_address[1]

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with self._changed:
                self._changed.notify_all()
            server.end()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        if action == "gesture":
            self._gesture(arguments)
            return
        how, who = self._check(action, arguments)
        frames = self._frames("covered" if action == "covered" else who)  # a missing picture is told here
        with self._changed:
            self._mode, self._how, self._who = action if action not in self.SHOWING else "ok", how, who
            self._encoded[who if action != "covered" else "covered"] = frames
            self._playing.clear()
            self._changed.notify_all()
        if action == "gone":
            self.stop()
        else:
            self.start()

    def state(self) -> dict[str, Json]:
        return {
            "mode": self._mode,
            "how": self._how,
            "person": self._who,
            "clients": self.clients,
            "frames": self.frames_sent,
            "port": self.port,
        }

    def next_frame(self, sequence: int, alive: Callable[[], bool]) -> bytes | None:
        """The frame for a client that has had ``sequence`` frames; waits its turn. None: no frame now."""
        with self._changed:
            mode = self._mode
            seconds = 1.0 if mode == "slow" else 1 / self._rate
            if sequence:  # the first frame goes at once
                self._changed.wait_for(lambda: not alive() or self._mode != mode, seconds)
            if not alive() or (self._mode == "frozen" and self._how == "silent"):
                return None
            self.frames_sent += 1
            mode, who = self._mode, self._who
            if self._playing and mode in ("ok", "slow"):
                return self._playing.pop(0)
        frames = self._frames("covered" if mode == "covered" else who)
        return frames[0 if mode == "frozen" else sequence % len(frames)]

    def _gesture(self, arguments: Mapping[str, Json]) -> None:
        what = arguments.get("what")
        if set(arguments) != {"what"} or what not in motion.GESTURES:
            raise UnknownAction(f"camera {self.name}: {_ACTIONS}")
        try:
            frames = motion.gesture(str(what))
        except (portrait.PictureMissing, ImportError) as error:
            raise UnknownAction(f"camera {self.name}: {error}") from error
        with self._changed:
            self._playing[:] = frames

    def _check(self, action: str, arguments: Mapping[str, Json]) -> tuple[str, str]:
        """How to freeze and who to show after an action; raises UnknownAction."""
        allowed = {"frozen": {"how"}, "person": {"who"}}
        known = ("ok", "covered", "frozen", "gone", "slow", "several", "person")
        how, who = str(arguments.get("how", "same")), str(arguments.get("who", "same"))
        fits = set(arguments) <= allowed.get(action, set()) and how in ("same", "silent") and who in (*_PEOPLE, *_WAVED)
        if action not in known or not fits:
            raise UnknownAction(f"camera {self.name}: {_ACTIONS}")
        if action in ("covered", "frozen", "slow", "gone"):
            who = self._who  # the same person stays there
        return how if action == "frozen" else "", "several" if action == "several" else who

    def _frames(self, what: str) -> tuple[bytes, ...]:
        if what not in self._encoded:
            try:
                if what in _WAVED:
                    self._encoded[what] = motion.waved(what)
                    return self._encoded[what]
                if what == "covered":
                    picture = portrait.covered_picture()
                elif what == "same" and self._own is not None:
                    picture = self._own.read_bytes()
                else:
                    picture = _PEOPLE[what]()
            except (portrait.PictureMissing, ImportError, OSError) as error:
                raise UnknownAction(f"camera {self.name}: {error}") from error
            self._encoded[what] = portrait.swaying(picture)
        return self._encoded[what]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 32

    def __init__(self, twin: CameraTwin, port: int) -> None:
        self.twin = twin
        self.alive = True
        self._open: list[socket.socket] = []
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name=f"twin-{twin.name}", daemon=True)
        self._thread.start()

    def opened(self, connection: socket.socket) -> None:
        self._open.append(connection)

    def closed(self, connection: socket.socket) -> None:
        self._open.remove(connection)

    def end(self) -> None:
        self.alive = False
        self.shutdown()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A viewer that leaves in the middle of a frame is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.request)

    def finish(self) -> None:
        self.server.closed(self.request)
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        twin = self.server.twin
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        twin.clients += 1
        try:
            sent = 0
            while self.server.alive:
                frame = twin.next_frame(sent, lambda: self.server.alive)
                if frame is None:
                    time.sleep(0.02)  # frozen: the connection stays open and silent
                    continue
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
                self.wfile.write(head.encode("ascii") + frame + b"\r\n")
                sent += 1
        finally:
            twin.clients -= 1

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the twin's state says what there is to say."""


def pictures() -> Sequence[str]:
    """Names that ``person who=`` takes."""
    return (*_PEOPLE, *_WAVED)
