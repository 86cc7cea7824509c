"""Record the conversation with a card to a file, and play the card's side back.

JSON lines as in ``capture``: ``{"at": seconds, "dir": "out" | "in", "hex": …}`` for a command and its answer, and
``"atr"`` (a card was powered; ``"t0": true`` where it speaks T=0), ``"none"`` (no card lay there), ``"error"``
(``"code"``: what the exchange ended with). A command that carries a PIN is written as its four header bytes with
``"masked": true``: neither the PIN nor its length is ever in a capture.
Captures of real cards hold personal data all the same: take them with generated cards only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports import pcsc_errors
from devices.transports.apdu import HEADER, has_secret
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.slot import CardChannel, CardMute, CardPulled, CardSlot, Look, NoAnswer
from devices.transports.stream import Unplugged


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a capture."""

    direction: str
    data: bytes = b""
    masked: bool = False
    t0: bool = False
    code: str = ""

    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"dir": self.direction, "hex": self.data.hex()}
        fields |= {"masked": True} if self.masked else {}
        fields |= {"t0": True} if self.t0 else {}
        fields |= {"code": self.code} if self.code else {}
        return fields

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Entry:
        data = bytes.fromhex(entry.get("hex", ""))
        marks = (bool(entry.get("masked")), bool(entry.get("t0")), str(entry.get("code", "")))
        return cls(str(entry["dir"]), data, *marks)


class CapturingSlot:
    """A CardSlot that writes down all that passes through it."""

    def __init__(self, inner: CardSlot, path: Path) -> None:
        self._inner = inner
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

    def look(self, deadline: Deadline, known: Look | None = None) -> Look:
        return self._inner.look(deadline, known)

    def power(self, deadline: Deadline) -> CardChannel | None:
        try:
            channel = self._inner.power(deadline)
        except DeviceError as error:
            self._note(Entry("error", code=error.code))
            raise
        if channel is None:
            self._note(Entry("none"))
            return None
        self._note(Entry("atr", channel.atr, t0=channel.character_wise))
        return _CapturingChannel(channel, self._note)

    def release(self) -> None:
        self._inner.release()

    def _note(self, entry: Entry) -> None:
        self._file.note(entry.fields())


class _CapturingChannel:
    def __init__(self, inner: CardChannel, note: Callable[[Entry], None]) -> None:
        self._inner = inner
        self._note = note

    @property
    def atr(self) -> bytes:
        return self._inner.atr

    @property
    def character_wise(self) -> bool:
        return self._inner.character_wise

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        secret = has_secret(command)
        self._note(Entry("out", command[:HEADER] if secret else command, masked=secret))
        try:
            answer = self._inner.exchange(command, deadline)
        except DeviceError as error:
            self._note(Entry("error", code=error.code))
            raise
        self._note(Entry("in", answer))
        return answer


class ReplaySlot:
    """Plays the card's side of a capture, as fast as it is asked; a card lies there while there is more to play."""

    def __init__(self, entries: list[Entry], port: str = "replay") -> None:
        self._entries = entries
        self._port = port
        self._index = 0
        self._open = False

    @classmethod
    def load(cls, path: Path) -> ReplaySlot:
        return cls([Entry.of(entry) for entry in entries_of(path)], f"replay:{path.name}")

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def finished(self) -> bool:
        """Whether the whole conversation has been played."""
        return self._index >= len(self._entries)

    def open(self, deadline: Deadline) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def look(self, deadline: Deadline, known: Look | None = None) -> Look:
        following = next((entry for entry in self._entries[self._index :] if entry.direction == "atr"), None)
        here = not self.finished and self._entries[self._index].direction != "none"
        return Look(here, following.data if here and following else b"")

    def power(self, deadline: Deadline) -> CardChannel | None:
        entry = self._take("atr", "none", "error")
        if entry.direction == "error":
            raise _error(entry.code, self._port)
        return None if entry.direction == "none" else _ReplayChannel(self, entry)

    def release(self) -> None:
        pass

    def answer(self, sent: bytes) -> bytes:
        """The recorded answer to a command that must be the recorded one."""
        entry = self._take("out")
        expected = entry.data
        said = sent[:HEADER] if entry.masked else sent
        for position in range(max(len(said), len(expected))):
            if said[position : position + 1] != expected[position : position + 1]:
                was = f"{said[position]:02X}" if position < len(said) else "nothing"
                wanted = f"{expected[position]:02X}" if position < len(expected) else "nothing"
                raise ReplayMismatch(f"byte {position} of the command: sent {was}, captured {wanted}")
        answer = self._take("in", "error")
        if answer.direction == "error":
            raise _error(answer.code, self._port)
        return answer.data

    def _take(self, *directions: str) -> Entry:
        if self.finished or self._entries[self._index].direction not in directions:
            found = "nothing more" if self.finished else self._entries[self._index].direction
            raise ReplayMismatch(f"{directions[0]} was asked for, the capture has {found} here")
        self._index += 1
        return self._entries[self._index - 1]


class _ReplayChannel:
    def __init__(self, slot: ReplaySlot, entry: Entry) -> None:
        self._slot = slot
        self._entry = entry

    @property
    def atr(self) -> bytes:
        return self._entry.data

    @property
    def character_wise(self) -> bool:
        return self._entry.t0

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        return self._slot.answer(command)


_ERRORS: dict[str, Callable[[str], DeviceError]] = {
    "card-pulled": CardPulled,
    "card-mute": CardMute,
    "no-answer": NoAnswer,
    "unplugged": Unplugged,
    "pcscd-gone": lambda _: pcsc_errors.PcscdGone(),
    "port-busy": pcsc_errors.ReaderBusy,
}


def _error(code: str, port: str) -> DeviceError:
    """The error that the capture ended an exchange with."""
    known = _ERRORS.get(code)
    if known:
        return known(port)
    return DeviceError(code, f"captured failure {code}", advice="Try again.", retryable=True, action=Action.RESET)
