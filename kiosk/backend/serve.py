"""Running the backend: one process, one event loop, quiet when nobody asks."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from kiosk.backend import log
from kiosk.backend.api import create_app
from kiosk.backend.commanding import with_backend
from kiosk.backend.core import Backend
from kiosk.backend.lines import BoundedProtocol
from kiosk.backend.replaying import QUIET, QuietReplays
from kiosk.backend.settings import BackendError, Settings

if TYPE_CHECKING:
    from kiosk.backend.connectors.runner import ConnectorsRunner
    from kiosk.backend.oversight.timer import RefreshTimer

KEEP_ALIVE = 100  # seconds; longer than a terminal's pause between two exchanges


@dataclass(frozen=True, slots=True)
class FirstTerminal:
    """Ask for an enrolment code at start, for the terminal that comes with this backend."""

    area_code: str
    name: str


def issue_code(settings: Settings, area_code: str, name: str) -> str:
    """A one-time enrolment code; the backend may be running meanwhile. Raises BackendError."""
    return with_backend(settings, lambda backend: backend.issue_code(area_code, name))


def serve(
    db_url: str,
    blobs: str,
    listen: str,
    *,
    ready: Callable[[str], None],
    keys: str = "",
    first: FirstTerminal | None = None,
    suites: tuple[str, ...] = (),
    registers: str = "",
    sample_seals: bool = False,
    connectors: str = "",
    console: bool = False,
    public_url: str = "",
    proxy: str = "",
    sign_in: str = "",
    quiet: float = QUIET,
) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` gets one line of JSON: ``listening`` (URL), ``enrolment_code`` if asked.

    ``listen`` is HOST:PORT; port 0 takes a free one. ``quiet``: seconds without a new case before those that came are
    decided again (replaying.py). Raises BackendError when it cannot start.
    """
    settings = Settings(
        db_url, blobs, keys, suites=suites, registers=registers, sample_seals=sample_seals,
        connectors=connectors, console=console, public_url=public_url, proxy=proxy, sign_in=sign_in,
    )  # fmt: skip
    app = create_app(settings)
    backend: Backend = app.state.backend
    line: dict[str, str] = {}
    listener = bind(listen)
    host, port = listener.getsockname()[:2]
    line["listening"] = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if first is not None:
        line["enrolment_code"] = backend.issue_code(first.area_code, first.name)

    def started() -> None:
        log.event("backend.ready", port=port)
        ready(json.dumps(line))

    gc.collect()
    gc.freeze()  # the modules' hundred thousand objects: whenever all were looked through, a batch stood still (0.1 s)
    server = QuietServer(configure(app), started)
    replays = QuietReplays(
        backend.replays, backend.arrived, quiet, backend.lives, partial(backend.certificates.run, again=False),
        backend.trials.run,
    )  # fmt: skip
    replays.start()
    departments = _departments(backend) if connectors else None
    supervision = _supervision(backend) if console else None
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        listener.close()
        if departments is not None:
            departments.stop()
        if supervision is not None:
            supervision.stop()
        replays.stop()
        backend.close()
        log.event("backend.stopped")


def _departments(backend: Backend) -> ConnectorsRunner:
    from kiosk.backend.connectors.runner import ConnectorsRunner

    runner = ConnectorsRunner(backend.connectors)
    runner.start()
    return runner


def _supervision(backend: Backend) -> RefreshTimer:
    from kiosk.backend.oversight.timer import RefreshTimer

    timer = RefreshTimer(backend)
    timer.start()
    return timer


def bind(listen: str) -> socket.socket:
    """A listening socket's address taken. Raises BackendError."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BackendError("bad-listen", "say HOST:PORT, for example 127.0.0.1:8724")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except OSError as error:
        listener.close()
        raise BackendError("listen", f"{listen} cannot be had: {error.strerror}", retryable=True) from error
    return listener


def configure(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        loop="asyncio",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # addresses with their queries do not belong into a log
        date_header=False,  # replies carry Kiosk-Time
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=5,
        limit_concurrency=512,
    )


class QuietServer(uvicorn.Server):
    """uvicorn without its ten wake-ups a second: it sleeps until a request or a signal comes."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started
        self._ending = asyncio.Event()
        self._running: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._running = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def main_loop(self) -> None:
        await self.on_tick(0)  # sets the default headers, once: none of them changes with time
        if not self.should_exit:
            await self._ending.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end: a backend told to stop would seem to have been killed
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._wake()

    def stop(self) -> None:
        """From any thread: end in good order."""
        self.should_exit = True
        self._wake()

    def _wake(self) -> None:
        if self._running is not None and not self._running.is_closed():
            self._running.call_soon_threadsafe(self._ending.set)
