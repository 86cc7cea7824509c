"""The travel document application: files, commands, status words as named errors. No I/O.

Source: ICAO Doc 9303 part 10 (files, data groups), part 11 (access), ISO/IEC 7816-4 (APDUs, status words). Data
objects stand in ``tlv``, the zone in ``mrz``, secure messaging in ``secure_messaging``, contents in ``lds``.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.device import Action, DeviceError

APPLICATION = bytes.fromhex("A0000002471001")
SHORT_LE, EXTENDED_LE = 256, 65_536  # the most that a short and an extended command can ask for
MAX_SHORT_OFFSET = 0x7FFF  # READ BINARY B0; beyond it B1
CHALLENGE_BYTES = 8


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """A command APDU. ``le`` is the number of bytes asked for at most, None where no answer data are expected."""

    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    cla: int = 0x00

    @property
    def extended(self) -> bool:
        return len(self.data) > 255 or (self.le or 0) > SHORT_LE

    def encode(self) -> bytes:
        """The bytes on the wire: short form where it fits, else extended (ISO/IEC 7816-4 section 5.2)."""
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        if not self.extended:
            lc = bytes([len(self.data)]) + self.data if self.data else b""
            return head + lc + (b"" if self.le is None else bytes([self.le & 0xFF]))
        lc = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        le = b"" if self.le is None else (self.le & 0xFFFF).to_bytes(2, "big")
        return head + lc + (le if self.data or self.le is None else b"\0" + le)

    def __repr__(self) -> str:
        return f"Command({self.ins:02X} {self.p1:02X} {self.p2:02X}, {len(self.data)} bytes)"


SELECT_APPLICATION = Command(0xA4, 0x04, 0x0C, APPLICATION)
SELECT_MASTER_FILE = Command(0xA4, 0x00, 0x0C, b"\x3f\x00")
GET_CHALLENGE = Command(0x84, 0x00, 0x00, le=CHALLENGE_BYTES)


def select_file(identifier: int) -> Command:
    """SELECT an elementary file under the current one, no answer data wanted (part 10 section 3.6.2)."""
    return Command(0xA4, 0x02, 0x0C, identifier.to_bytes(2, "big"))


def external_authenticate(cryptogram: bytes) -> Command:
    """Mutual authentication of BAC (part 11 section 4.3)."""
    return Command(0x82, 0x00, 0x00, cryptogram, le=len(cryptogram))


def read_binary(offset: int, count: int) -> Command:
    """READ BINARY: B0 up to offset 32767, B1 with the offset in DO'54' beyond; its answer stands in DO'53'."""
    if offset <= MAX_SHORT_OFFSET:
        return Command(0xB0, offset >> 8, offset & 0xFF, le=count)
    size = 2 if offset <= 0xFFFF else 3
    return Command(0xB1, 0x00, 0x00, bytes((0x54, size)) + offset.to_bytes(size, "big"), le=count)


@dataclass(frozen=True, slots=True)
class File:
    """An elementary file: identifier, outermost tag, and the most that is ever read of it (bytes)."""

    name: str
    identifier: int
    tag: int
    cap: int


ATR_INFO = 0x2F01  # EF.ATR/INFO: several data objects, see ``capacity``
KIB = 1024
CARD_ACCESS = File("EF.CardAccess", 0x011C, 0x31, 4 * KIB)
COM = File("EF.COM", 0x011E, 0x60, 1 * KIB)
SOD = File("EF.SOD", 0x011D, 0x77, 64 * KIB)
_TAGS = (0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70)
_CAPS = {1: 1 * KIB, 2: 256 * KIB, 5: 256 * KIB, 7: 256 * KIB}
_OTHER_CAP = 64 * KIB
GUARDED = frozenset({3, 4})  # fingerprints, iris: need terminal authentication, which this driver has not


def data_group(number: int) -> File:
    """DG1 … DG16 (part 10 section 4.6): 0101 … 0110."""
    if not 1 <= number <= 16:
        raise ValueError(f"there is no DG{number}")
    return File(f"DG{number}", 0x0100 + number, _TAGS[number - 1], _CAPS.get(number, _OTHER_CAP))


def group_of_tag(tag: int) -> int | None:
    """The number of the data group with this tag, as EF.COM lists it."""
    return _TAGS.index(tag) + 1 if tag in _TAGS else None


# ---- what goes wrong ----


@dataclass(frozen=True, slots=True)
class _Trouble:
    message: str
    advice: str
    retryable: bool
    action: Action = Action.NONE


_STILL = "Lay the document flat on the reader and leave it there until it has been read."
_KEY = "Check the number, date of birth and date of expiry against the document, and lay down that document."
_STAFF = "Lay the document down again; if it stays so, a member of staff has to look at it."
_OTHER = "This document cannot be read here by its chip: a member of staff can look at it."
_TROUBLES = {
    "key-malformed": _Trouble("the given key cannot be one", _KEY, False),
    "wrong-key": _Trouble("the given page does not open this chip", _KEY, True),
    "access-blocked": _Trouble("the chip does not allow another attempt now", _STAFF, False),
    "access-denied": _Trouble("the chip does not give this file", _OTHER, False),
    "access-unknown": _Trouble("the chip asks for a kind of access that is not known here", _OTHER, False),
    "no-application": _Trouble("this is not an electronic travel document", "Use a passport or travel permit.", False),
    "secure-messaging": _Trouble("the protected connection to the chip broke", _STILL, True),
    "file-missing": _Trouble("the chip has no such file", _OTHER, False),
    "file-too-long": _Trouble("the file is longer than one of its kind may be", _OTHER, False),
    "file-truncated": _Trouble("the file ends before the length that it announces", _STAFF, True),
    "file-content": _Trouble("the file does not hold what it must", _STAFF, False),
    "short-answer": _Trouble("the chip's answer has not the length it must have", _STILL, True),
    "card-refused": _Trouble("the chip refused a command", _STAFF, True),
    "card-pulled": _Trouble("the document was taken away", _STILL, True),
    "read-timeout": _Trouble("the document was not read in time", _STILL, True),
}


def trouble(code: str, where: str = "") -> DeviceError:
    """The named error; ``where`` is a file, a command or a status word, never content or key."""
    known = _TROUBLES[code]
    message = f"{known.message} ({where})" if where else known.message
    return DeviceError(code, message, advice=known.advice, retryable=known.retryable, action=known.action)


_WRONG_LENGTH = 0x6700
_DENIED = frozenset({0x6982, 0x6985, 0x6986, 0x6988, 0x6987})
_BLOCKED = frozenset({0x6983, 0x6984})


def is_wrong_length(sw: int) -> bool:
    """The chip does not take an Le of this size."""
    return sw == _WRONG_LENGTH or sw >> 8 == 0x6C


def refusal(sw: int, where: str) -> DeviceError:
    """The named error of a status word that is not success, where no special meaning is agreed."""
    if sw in (0x6A82, 0x6A83):
        code = "file-missing"
    elif sw in _BLOCKED:
        code = "access-blocked"
    else:
        code = "access-denied" if sw in _DENIED else "card-refused"
    return trouble(code, f"{where}: {sw:04X}")


def key_refusal(sw: int, where: str) -> DeviceError:
    """The same at the step at which the chip judges the key. Chips differ: 6300 and 63Cx are the standard's words
    for it, 6982, 6985, 6988 and 6A80 are what others say."""
    if sw >> 8 == 0x63 or sw in _DENIED or sw == 0x6A80:
        return trouble("wrong-key", f"{where}: {sw:04X}")
    return refusal(sw, where)
