"""The chip's side of secure messaging (ICAO Doc 9303 part 11, 9.8): opens protected commands, protects answers.

The send sequence counter is kept strictly: it grows before each command is checked and before each answer is made, so
that a command lost, repeated or out of turn has a wrong MAC.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from devices.simulators.emrtd_crypto import BadTlv, Suite, objects, pad, tlv, unpad

MISSING, INCORRECT = 0x6987, 0x6988  # expected data objects missing; data objects incorrect


class SmError(Exception):
    """The session ends; ``sw`` is sent in the clear."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True, slots=True)
class Command:
    """A command in the clear. ``le`` is None where no answer is expected, else the number of bytes (1 to 65536)."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    def __repr__(self) -> str:  # data may name a person
        return f"Command({self.cla:02X} {self.ins:02X} {self.p1:02X} {self.p2:02X}, {len(self.data)} bytes)"


class BadCommand(ValueError):
    """Bytes that are no command of ISO/IEC 7816-4, 5.1."""


def parse(apdu: bytes) -> Command:
    """The four cases, short and extended. Raises BadCommand."""
    if len(apdu) < 4:
        raise BadCommand("no header")
    cla, ins, p1, p2 = apdu[:4]
    body = apdu[4:]
    if not body:
        return Command(cla, ins, p1, p2)
    if len(body) == 1:
        return Command(cla, ins, p1, p2, le=body[0] or 256)
    if body[0]:
        size = body[0]
        if len(body) not in (1 + size, 2 + size):
            raise BadCommand("Lc")
        le = None if len(body) == 1 + size else body[-1] or 256
        return Command(cla, ins, p1, p2, body[1 : 1 + size], le)
    if len(body) == 3:
        return Command(cla, ins, p1, p2, le=int.from_bytes(body[1:], "big") or 65_536, extended=True)
    size = int.from_bytes(body[1:3], "big")
    if len(body) < 4 or size == 0 or len(body) not in (3 + size, 5 + size):
        raise BadCommand("extended Lc")
    le = None if len(body) == 3 + size else int.from_bytes(body[-2:], "big") or 65_536
    return Command(cla, ins, p1, p2, body[3 : 3 + size], le, extended=True)


class Session:
    """One session: a suite with its keys, and the counter as a number."""

    def __init__(self, suite: Suite, counter: bytes) -> None:
        self._suite = suite
        self.counter = int.from_bytes(counter, "big")

    def open(self, command: Command) -> Command:
        """The command in the clear. SmError 6987 or 6988, after which the session is of no use."""
        self._count()
        try:
            found = list(objects(command.data))
        except BadTlv:
            raise SmError(INCORRECT) from None
        parts = dict(found)
        if 0x8E not in parts:
            raise SmError(MISSING)
        if len(parts) != len(found) or found[-1][0] != 0x8E or not parts.keys() <= {0x85, 0x87, 0x97, 0x8E}:
            raise SmError(INCORRECT)
        header = pad(bytes([command.cla, command.ins, command.p1, command.p2]), self._suite.block)
        body = b"".join(tlv(tag, value) for tag, value in found[:-1])
        if not hmac.compare_digest(self._mac(header + body), parts[0x8E]):
            raise SmError(INCORRECT)
        le = parts.get(0x97)
        if le is not None and len(le) not in (1, 2):
            raise SmError(INCORRECT)
        wanted = None if le is None else int.from_bytes(le, "big") or (256 if len(le) == 1 else 65_536)
        data = self._decrypted(parts, command.ins)
        return Command(command.cla & ~0x0C, command.ins, command.p1, command.p2, data, wanted, command.extended)

    def protect(self, data: bytes, sw: int, ins: int) -> bytes:
        """The protected answer with its status word."""
        self._count()
        body = b""
        if data:
            hidden = self._suite.encrypt(pad(data, self._suite.block), self._counter())
            body = tlv(0x85, hidden) if ins & 1 else tlv(0x87, b"\x01", hidden)
        status = sw.to_bytes(2, "big")
        body += tlv(0x99, status)
        return body + tlv(0x8E, self._mac(body)) + status

    def room(self, limit: int) -> int:
        """How many bytes of data fit into a protected answer of ``limit`` bytes without its status word."""
        block = self._suite.block
        for hidden in range(limit // block * block, 0, -block):
            if len(tlv(0x87, b"\x01", bytes(hidden))) + 4 + 10 <= limit:
                return hidden - 1
        return 0

    def _decrypted(self, parts: dict[int, bytes], ins: int) -> bytes:
        tag = 0x85 if ins & 1 else 0x87
        if (0x85 if tag == 0x87 else 0x87) in parts:
            raise SmError(INCORRECT)
        hidden = parts.get(tag)
        if hidden is None:
            return b""
        if tag == 0x87:
            if hidden[:1] != b"\x01":  # padding indicator: ISO 9797-1 method 2
                raise SmError(INCORRECT)
            hidden = hidden[1:]
        if not hidden or len(hidden) % self._suite.block:
            raise SmError(INCORRECT)
        try:
            return unpad(self._suite.decrypt(hidden, self._counter()))
        except ValueError:
            raise SmError(INCORRECT) from None

    def _mac(self, data: bytes) -> bytes:
        return self._suite.mac(pad(self._counter() + data, self._suite.block))

    def _counter(self) -> bytes:
        return self.counter.to_bytes(self._suite.block, "big")

    def _count(self) -> None:
        self.counter = (self.counter + 1) % (1 << (8 * self._suite.block))
