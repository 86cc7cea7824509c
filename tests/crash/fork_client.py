"""Whoever lets a fork server (fork_server.py) give birth, and listens to it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUSY = 60.0  # s that a busy machine may take to bring about what has to come


class ForkServer:
    """``module`` as a process of its own, what it is told, and what it and its children say."""

    def __init__(self, module: str) -> None:
        self._rest = b""
        self._heard: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._events = self._process.stdin, self._process.stdout
        self.pid = self.event(time.monotonic() + 2 * BUSY, "zygote")["zygote"]

    def close(self) -> None:
        self._orders.close()  # it ends its children before itself
        self._process.wait(30)
        self._events.close()

    def order(self, **words: Any) -> None:
        self._orders.write(json.dumps(words).encode() + b"\n")
        self._orders.flush()

    def hear(self, until: float) -> dict[str, Any] | None:
        """The next thing said, or None at that monotonic moment."""
        while not self._heard:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._events], [], [], left)[0]:
                return None
            data = os.read(self._events.fileno(), 65536)
            assert data, "the fork server has ended"
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._heard += [json.loads(line) for line in lines]
        return self._heard.pop(0)

    def event(self, until: float, key: str) -> dict[str, Any]:
        """The next thing said that has this key; what comes before is dropped."""
        while True:
            said = self.hear(until)
            assert said is not None, f"nobody said {key!r}"
            if key in said:
                return said
