"""Record a conversation of JSON messages to a file, and play it back as the service's side.

A capture is JSON lines: ``{"at": seconds, "dir": "out" | "in", "text": "…"}``, or ``{"dir": "timeout"}`` where nothing
came. The replay fails on the first message that the driver sends differently; only the numbers that tie an answer to
its request (``requestId``, ``requestIds``) and time-outs, which depend on the clock, may differ. Captures of real
cards or papers hold personal data: take them with generated ones only. ``mask`` takes out of each message of ours what
must never be written down, in the capture and before a replay compares.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.descriptor import ConnectionLost
from devices.transports.websocket import MessageLine

_IDS = ("requestId", "requestIds")
_CLOCK = ("timeout",)
Mask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of a capture. ``text`` is empty for a time-out."""

    direction: str
    text: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Said:
        return cls(str(entry["dir"]), str(entry.get("text", "")))


class CapturingLine:
    """A MessageLine that writes down all that passes through it."""

    def __init__(self, inner: MessageLine, path: Path, mask: Mask = str) -> None:
        self._inner, self._mask = inner, mask
        self._file = CaptureFile(path)

    @property
    def port(self) -> str:
        return self._inner.port

    @property
    def is_open(self) -> bool:
        return self._inner.is_open

    def open(self, deadline: Deadline) -> None:
        self._inner.open(deadline)

    def close(self) -> None:
        self._inner.close()

    def send(self, text: str, deadline: Deadline) -> None:
        self._note("out", self._mask(text))
        self._inner.send(text, deadline)

    def receive(self, deadline: Deadline) -> str | None:
        text = self._inner.receive(deadline)
        self._note("timeout" if text is None else "in", text or "")
        return text

    def _note(self, direction: str, text: str) -> None:
        self._file.note({"dir": direction, "text": text})


class ReplayLine:
    """Plays the service's side of a capture, as fast as it is asked."""

    def __init__(self, said: list[Said], port: str = "replay", mask: Mask = str) -> None:
        self._said, self._port, self._mask = said, port, mask
        self._index = 0
        self._open = False
        self._ids: dict[int, int] = {}  # captured -> used now

    @classmethod
    def load(cls, path: Path, mask: Mask = str) -> ReplayLine:
        return cls([Said.of(entry) for entry in entries_of(path)], f"replay:{path.name}", mask)

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def finished(self) -> bool:
        """Whether everything but time-outs has been played."""
        return all(entry.direction == "timeout" for entry in self._said[self._index :])

    def open(self, deadline: Deadline) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def send(self, text: str, deadline: Deadline) -> None:
        entry = self._next("out")
        if entry is None:
            raise ReplayMismatch(f"message {self._index}: sent {_name(text)}, captured nothing")
        captured, sent = json.loads(entry.text), json.loads(self._mask(text))
        self._learn(captured, sent)
        if (wanted := _normal(captured, self._ids)) != _normal(sent, {}):
            place = _difference(wanted, _normal(sent, {}))
            raise ReplayMismatch(f"message {self._index - 1}: {_name(text)} differs from the captured one at {place}")

    def receive(self, deadline: Deadline) -> str | None:
        if not self._open:
            raise ConnectionLost(self._port, "it is not open")
        entry = self._next("in")
        if entry is None:
            if self._index < len(self._said) and self._said[self._index].direction == "timeout":
                self._index += 1
            return None
        return _renumbered(entry.text, self._ids)

    def _next(self, direction: str) -> Said | None:
        index = self._index
        while direction == "out" and index < len(self._said) and self._said[index].direction == "timeout":
            index += 1  # how often nothing came depends on the clock
        if index < len(self._said) and self._said[index].direction == direction:
            self._index = index + 1
            return self._said[index]
        return None

    def _learn(self, captured: Any, sent: Any) -> None:
        """The request has another number now."""
        try:
            self._ids.setdefault(captured["header"]["requestId"], sent["header"]["requestId"])
        except (KeyError, TypeError):
            return


def _normal(value: Any, ids: dict[int, int]) -> Any:
    """A message without what depends on the clock, its captured numbers replaced by those used now."""
    if isinstance(value, dict):
        return {
            key: _number(item, ids) if key in _IDS else _normal(item, ids)
            for key, item in value.items()
            if key not in _CLOCK
        }
    return [_normal(item, ids) for item in value] if isinstance(value, list) else value


def _number(value: Any, ids: dict[int, int]) -> Any:
    if isinstance(value, list):
        return [_number(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, int) else value


def _renumbered(text: str, ids: dict[int, int]) -> str:
    """A captured answer with today's number; what is no JSON is played as it was."""
    try:
        message = json.loads(text)
    except ValueError:
        return text
    header = message.get("header") if isinstance(message, dict) else None
    if isinstance(header, dict) and isinstance(header.get("requestId"), int):
        header["requestId"] = ids.get(header["requestId"], header["requestId"])
    return json.dumps(message, ensure_ascii=False)


def _name(text: str) -> str:
    """What a message is, without what it says."""
    try:
        return str(json.loads(text)["header"]["name"])
    except (ValueError, KeyError, TypeError):
        return "a message without a name"


def _difference(wanted: Any, sent: Any, path: str = "") -> str:
    """The first place where two messages differ; values stay unsaid, they may name a person."""
    if isinstance(wanted, dict) and isinstance(sent, dict):
        for key in [*wanted, *(key for key in sent if key not in wanted)]:
            if wanted.get(key) != sent.get(key) or (key in wanted) != (key in sent):
                return _difference(wanted.get(key), sent.get(key), f"{path}.{key}" if path else key)
    return path or "its very form"
