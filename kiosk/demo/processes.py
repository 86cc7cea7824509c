"""The demo's helper processes: started, waited for until they say that they are ready, ended with us."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


class HelperFailed(RuntimeError):
    """A helper process did not become ready; the message carries what it said."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Helper:
    """One process: ``python -m module arguments``; its first line on stdout is JSON and means "ready".

    Start it on a thread that lives as long as the process should (the parent-death signal follows the thread).
    """

    def __init__(self, module: str, arguments: Sequence[str], log: Path, seconds: float = 30.0) -> None:
        self.module = module
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # the demo has one thread when it starts its helpers
            )
        self.ready = self._wait(seconds)

    def _wait(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe)
        limit, line, descriptor = time.monotonic() + seconds, b"", self._process.stdout.fileno()
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([descriptor], [], [], max(0.0, limit - time.monotonic()))
            part = os.read(descriptor, 65536) if readable else b""
            if not part:
                self.stop()
                raise HelperFailed(f"{self.module} did not become ready; see {self._log}")
            line += part
        answer: dict[str, Any] = json.loads(line.splitlines()[0])
        if answer.get("ready") is False:
            self.stop()
            raise HelperFailed(f"{self.module}: {answer.get('error')}")
        return answer

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self, seconds: float = 8.0) -> None:
        """End it in order, or kill it when it will not go."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
