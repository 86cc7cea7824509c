"""What a terminal needs around it to be measured: twins of its devices and a backend, each in its own process.

Neither counts as the terminal. Used by benches only.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kiosk.demo.cabinet import profile
from kiosk.demo.run import Demo, Wanted

SIZE = (1080, 1920)
PATIENCE = 30.0  # seconds until a window that shows nothing, or a core that does not stand, is given up
END = 5.0
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}


class WindowFailed(RuntimeError):
    """A window or its core did not stand in time, or the process ended; the message carries its last words."""


class Window:
    """A process that opens a window and says the monotonic time of its first frame on its first line."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self._log, self._said = log, b""
        with log.open("ab") as errors:
            self.spawned = time.monotonic()
            self._process = subprocess.Popen(
                [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=errors, env=os.environ | OFFSCREEN
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for_first_frame(self) -> float:
        """Seconds from spawn to first frame. Both ends read the same clock of the machine."""
        return self._next_time() - self.spawned

    def wait_until_ready(self) -> float:
        """Seconds from spawn to an attract page with every light well; after ``wait_for_first_frame``."""
        return self._next_time() - self.spawned

    def _next_time(self) -> float:
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe)
        limit, descriptor = time.monotonic() + PATIENCE, self._process.stdout.fileno()
        while b"\n" not in self._said:
            readable, _, _ = select.select([descriptor], [], [], max(0.0, limit - time.monotonic()))
            part = os.read(descriptor, 4096) if readable else b""
            if not part:
                self.end()
                words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise WindowFailed(words[-1] if words else "no words")
            self._said += part
        line, _, self._said = self._said.partition(b"\n")
        return float(line)

    def end(self) -> None:
        """End it and wait until it is gone."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class World:
    """Twins and backend for as long as the ``with`` lasts, and the terminals started in it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._profile = folder, folder / "profile.pickle"
        self._demo = Demo(Wanted(out=folder, headless=True, visits=(), offline=False, size=SIZE, language="zh_CN"))
        self._terminals: list[Window] = []

    def __enter__(self) -> World:
        self._demo.__enter__()
        made = profile(
            self._demo.ports,
            self._folder,
            enrolment_code=self._demo.enrolment_code,
            size=SIZE,
            language="zh_CN",
        )
        self._profile.write_bytes(pickle.dumps(made))
        return self

    def __exit__(self, *reason: object) -> None:
        for terminal in self._terminals:
            terminal.end()
        self._demo.__exit__(*reason)

    def start_terminal(self) -> Window:
        """A terminal on this world's wires. One at a time: they share the data folder and the devices."""
        for terminal in self._terminals:
            terminal.end()
        self._terminals = [Window(["-m", "kiosk.bench.terminal", str(self._profile)], self._folder / "terminal.log")]
        return self._terminals[0]
