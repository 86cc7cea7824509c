"""Record HTTP exchanges to a file, and play them back as the device's side.

A capture is JSON lines, two for each exchange: ``{"at": seconds, "dir": "out", "method", "path", "type", "hex"}``, then
``{"at", "dir": "in", "status", "headers", "hex"}`` or, where none came, ``{"at", "dir": "failed", "code", "message",
"advice", "retryable", "action"}``. The replay fails on the first byte that the driver sends differently. Host and port
are left out: a capture plays at any address. Captures of real papers hold personal data: take them with made-up ones.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports.capture import ReplayMismatch
from devices.transports.http import MAX_ANSWER, HttpAnswer, exchange
from devices.transports.stream import PortMissing, StreamError


class CapturingHttp:
    """Makes exchanges and writes them down, each line as it happens. The file is its owner's only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = time.monotonic()

    def __call__(
        self,
        host: str,
        port: int,
        path: str,
        body: bytes,
        *,
        content_type: str,
        deadline: Deadline,
        method: str = "POST",
        max_answer: int = MAX_ANSWER,
    ) -> HttpAnswer:
        self._note({"dir": "out", "method": method, "path": path, "type": content_type, "hex": body.hex()})
        try:
            answer = exchange(
                host, port, path, body,
                content_type=content_type, deadline=deadline, method=method, max_answer=max_answer,
            )  # fmt: skip
        except DeviceError as error:
            told = {"message": str(error), "advice": error.advice}
            how = {"retryable": error.retryable, "action": error.action.value}
            self._note({"dir": "failed", "code": error.code, **told, **how})
            raise
        headers = dict(answer.headers)
        self._note({"dir": "in", "status": answer.status, "headers": headers, "hex": answer.body.hex()})
        return answer

    def _note(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps({"at": round(time.monotonic() - self._start, 6), **entry}) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write(line)


class ReplayHttp:
    """Plays the device's side of a capture, as fast as it is asked."""

    def __init__(self, entries: list[Mapping[str, Any]]) -> None:
        self._entries = entries
        self._index = 0

    @classmethod
    def load(cls, path: Path) -> ReplayHttp:
        """Raises ValueError where a line is no entry, or a question has neither answer nor failure."""
        entries = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
        turns = [entry["dir"] for entry in entries]
        if len(turns) % 2 or any(way != "out" for way in turns[::2]) or not {*turns[1::2]} <= {"in", "failed"}:
            raise ValueError(f"{path.name} is no whole capture of HTTP exchanges")
        return cls(entries)

    @property
    def finished(self) -> bool:
        """Whether the whole conversation has been played."""
        return self._index >= len(self._entries)

    def __call__(
        self,
        host: str,
        port: int,
        path: str,
        body: bytes,
        *,
        content_type: str,
        deadline: Deadline,
        method: str = "POST",
        max_answer: int = MAX_ANSWER,
    ) -> HttpAnswer:
        number = self._index // 2 + 1
        if self.finished:
            raise ReplayMismatch(f"exchange {number}: the capture has no more")
        asked, answer = self._entries[self._index], self._entries[self._index + 1]
        for what, sent in (("method", method), ("path", path), ("type", content_type)):
            if asked[what] != sent:
                raise ReplayMismatch(f"exchange {number}: {what} {sent!r}, captured {asked[what]!r}")
        _compare(number, body, bytes.fromhex(asked["hex"]))
        self._index += 2
        if answer["dir"] == "failed":
            raise _error(answer, host, port)
        return HttpAnswer(int(answer["status"]), dict(answer["headers"]), bytes.fromhex(answer["hex"]))


def _compare(number: int, sent: bytes, captured: bytes) -> None:
    if sent == captured:
        return
    pairs = zip(sent, captured, strict=False)
    place = next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(sent), len(captured)))
    ours, theirs = (f"{data[place]:02X}" if place < len(data) else "nothing" for data in (sent, captured))
    raise ReplayMismatch(f"exchange {number}, byte {place} of the body: sent {ours}, captured {theirs}")


def _error(entry: Mapping[str, Any], host: str, port: int) -> DeviceError:
    """The error as the transport raised it; ``port-missing`` keeps its type, for it says that nothing was sent."""
    if entry["code"] == "port-missing":
        return PortMissing(f"tcp://{host}:{port}")
    return StreamError(
        str(entry["code"]),
        str(entry["message"]),
        advice=str(entry["advice"]),
        retryable=bool(entry["retryable"]),
        action=Action(entry["action"]),
    )
