"""Record HTTP exchanges to a file, and play them back as the device's side.

A capture is JSON lines, two for each exchange: ``{"at": seconds, "dir": "out", "method", "path", "type", "hex"}``, then
``{"at", "dir": "in", "status", "headers", "hex"}`` or, where none came, ``{"at", "dir": "failed", "code", "message",
"advice", "retryable", "action"}``. Both are written when the exchange is over. The replay fails on the first byte that
the driver sends differently. Host and port are left out: a capture plays at any address. A driver that speaks to two
servers names each in ``wire``; the order of exchanges is that of each wire. Captures of real papers hold personal data:
take them with made-up ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.http import MAX_ANSWER, HttpAnswer, exchange
from devices.transports.stream import PortMissing, StreamError

Compare = Callable[[bytes, bytes], str]
"""Where what is sent differs from what was captured, in words; empty where it does not."""


class ExchangeNotes:
    """Writes down exchanges of one ``wire``."""

    def __init__(self, file: CaptureFile, wire: str = "") -> None:
        self._file = file
        self._wire = {"wire": wire} if wire else {}

    def now(self) -> float:
        return self._file.now()

    def note(
        self, asked_at: float, method: str, path: str, content_type: str, body: bytes, answer: HttpAnswer | DeviceError
    ) -> None:
        """One exchange that is over. ``asked_at`` is what ``now`` was when it began."""
        asked = {"dir": "out", "method": method, "path": path, "type": content_type, "hex": body.hex()}
        told: dict[str, Any]
        if isinstance(answer, HttpAnswer):
            headers = dict(answer.headers)
            told = {"dir": "in", "status": answer.status, "headers": headers, "hex": answer.body.hex()}
        else:
            why = {"message": str(answer), "advice": answer.advice}
            how = {"retryable": answer.retryable, "action": answer.action.value}
            told = {"dir": "failed", "code": answer.code, **why, **how}
        self._file.note({"at": asked_at, **self._wire, **asked}, {**self._wire, **told})


class CapturingHttp:
    """Makes exchanges and writes them down. The file is its owner's only."""

    def __init__(self, file: Path | CaptureFile, wire: str = "") -> None:
        self._notes = ExchangeNotes(CaptureFile(file) if isinstance(file, Path) else file, wire)

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
        began = self._notes.now()
        try:
            answer = exchange(
                host, port, path, body,
                content_type=content_type, deadline=deadline, method=method, max_answer=max_answer,
            )  # fmt: skip
        except DeviceError as error:
            self._notes.note(began, method, path, content_type, body, error)
            raise
        self._notes.note(began, method, path, content_type, body, answer)
        return answer


def first_byte(sent: bytes, captured: bytes) -> str:
    """The comparison that lets nothing differ."""
    if sent == captured:
        return ""
    pairs = zip(sent, captured, strict=False)
    place = next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(sent), len(captured)))
    ours, theirs = (f"{data[place]:02X}" if place < len(data) else "nothing" for data in (sent, captured))
    return f"byte {place} of the body: sent {ours}, captured {theirs}"


class ReplayHttp:
    """Plays the device's side of one wire of a capture, as fast as it is asked."""

    def __init__(self, entries: list[Mapping[str, Any]], compare: Compare = first_byte) -> None:
        self._entries = entries
        self._compare = compare
        self._index = 0

    @classmethod
    def load(cls, path: Path, wire: str = "", compare: Compare = first_byte) -> ReplayHttp:
        """Raises ValueError where a line is no entry, or a question has neither answer nor failure."""
        entries: list[Mapping[str, Any]] = [entry for entry in entries_of(path) if entry.get("wire", "") == wire]
        turns = [entry["dir"] for entry in entries]
        if len(turns) % 2 or any(way != "out" for way in turns[::2]) or not {*turns[1::2]} <= {"in", "failed"}:
            raise ValueError(f"{path.name} is no whole capture of HTTP exchanges")
        return cls(entries, compare)

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
        if differs := self._compare(body, bytes.fromhex(asked["hex"])):
            raise ReplayMismatch(f"exchange {number}, {differs}")
        self._index += 2
        if answer["dir"] == "failed":
            raise _error(answer, host, port)
        return HttpAnswer(int(answer["status"]), dict(answer["headers"]), bytes.fromhex(answer["hex"]))


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
