"""The chip of an electronic travel document (eMRTD): APDU in, APDU out, with access control and faults on command.

Written from ICAO Doc 9303 parts 10 (files, commands) and 11 (BAC, PACE, secure messaging) and ISO/IEC 7816-4, apart
from the reader, so that each checks the other; held to the worked examples of part 11, appendices D and G.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Protocol

from devices.simulators import emrtd_faults
from devices.simulators.emrtd_crypto import ENC, MAC, Suite3Des, derive, objects, pad, tlv
from devices.simulators.emrtd_faults import CardMute, CardPulled
from devices.simulators.emrtd_pace import CAN, MRZ, Pace, Refused, mrz_password, pace_info
from devices.simulators.emrtd_session import BadCommand, Command, Session, SmError, parse
from devices.simulators.twin import Json

__all__ = ["AID", "ATR", "CardMute", "CardPulled", "EmrtdChip"]

AID = bytes.fromhex("A0000002471001")
ATR = bytes.fromhex("3B80800101")  # a contactless card without historical bytes, as PC/SC part 3 builds it
MASTER, CARD_ACCESS, ATR_INFO = 0x3F00, 0x011C, 0x2F01
_OK = 0x9000
Answer = tuple[bytes, int]


class Document(Protocol):
    """What a chip is personalised with; ``emrtd_issuer.Document`` is one."""

    @property
    def files(self) -> Mapping[int, bytes]: ...  # of the application, by file id

    @property
    def mrz_key(self) -> bytes: ...  # document number, birth, expiry, each with its check digit

    @property
    def can(self) -> str: ...  # card access number; empty where none is printed


class EmrtdChip:
    """One chip. Options:

    ``bac`` basic access control · ``pace`` ``AES-128`` ``AES-192`` ``AES-256`` or empty · ``parameters`` 12 13 15 16
    (NIST P-256, Brainpool P256r1, NIST P-384, Brainpool P384r1) · ``extended`` extended length · ``max_le`` most
    bytes of data in one answer · ``over_le`` ``short`` (fewer bytes) or ``refuse`` (6700) · ``eof`` ``6282`` ``9000``
    or ``6c`` where a read goes beyond the end · ``get_response`` answers wait for GET RESPONSE (61xx) · ``refuse_at``
    ``select`` or ``read``, where a protected file is refused · ``plain`` ``6987`` or ``process``, what a plain command
    in a session gets after the session's end · ``wrong_key_seconds`` times the failures so far: the wait after a
    wrong key · ``seed`` of challenges and keys · ``draw`` in place of it.
    """

    def __init__(
        self,
        document: Document,
        *,
        bac: bool = True,
        pace: str = "",
        parameters: int = 13,
        extended: bool = False,
        max_le: int = 65_536,
        over_le: str = "short",
        eof: str = "6282",
        get_response: bool = False,
        refuse_at: str = "select",
        plain: str = "6987",
        wrong_key_seconds: float = 0.0,
        seed: int = 724,
        draw: Callable[[int], bytes] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._draw = draw or Random(seed).randbytes
        passwords = {MRZ: mrz_password(document.mrz_key)} | ({CAN: document.can.encode()} if document.can else {})
        self._pace = Pace(pace, parameters, passwords, self._draw) if pace else None
        self._application = dict(document.files)
        self._master = self._master_files(extended, max_le)
        self._mrz_key, self._bac = document.mrz_key, bac
        self._extended, self._max_le, self._over_le, self._eof = extended, max_le, over_le, eof
        self._get_response, self._refuse_at, self._plain = get_response, refuse_at, plain
        self._wrong_key_seconds, self._sleep = wrong_key_seconds, sleep
        self.faults = emrtd_faults.Faults(sleep)
        self.counts = {"apdus": 0, "sessions": 0, "wrong_keys": 0, "broken_sessions": 0}
        self.reset()

    @property
    def atr(self) -> bytes:
        return ATR

    def reset(self) -> None:
        """Power on: nothing selected, no session. Files, failures and faults stay."""
        self._session: Session | None = None
        self._in_application = False
        self._file: int | None = None
        self._challenge = self._pending = b""
        self._pending_sw = _OK
        if self._pace:
            self._pace.forget()

    def act(self, action: str, arguments: Mapping[str, Json] | None = None) -> None:
        """``wrong-mac``, ``torn``, ``pulled``, ``mute``, ``slow`` (seconds), each at=n (APDUs from now, 0 = the next)
        and times=k (0 = until ``ok``); ``ok``. Raises UnknownAction."""
        self.faults.act(action, arguments or {})

    def state(self) -> dict[str, Json]:
        """Nothing personal."""
        return {"kind": "emrtd", "session": self._session is not None, "fault": self.faults.name, **self.counts}

    def answer(self, apdu: bytes) -> bytes:
        """The answer and its status word. Raises CardPulled and CardMute where those faults are due."""
        self.counts["apdus"] += 1
        self.faults.before()
        try:
            command = parse(apdu)
        except BadCommand:
            return b"\x67\x00"
        if command.ins == 0xC0 and self._get_response:
            return self._rest(command)
        self._pending = b""
        protected, reply = self._processed(command)
        reply = self.faults.after(reply, protected)
        if self._get_response and command.data and len(reply) > 2:
            self._pending, self._pending_sw = reply[:-2], int.from_bytes(reply[-2:], "big")
            return bytes([0x61, min(len(self._pending), 256) & 0xFF])
        return reply

    # Commands

    def _processed(self, command: Command) -> tuple[bool, bytes]:
        """(whether it is protected, answer with status word)."""
        if command.extended and not self._extended:
            return False, b"\x67\x00"
        if command.cla & 0x0C == 0x0C:
            return self._protected(command)
        if self._session is not None:
            self._drop()
            if self._plain == "6987":
                return False, b"\x69\x87"
        limit = 65_536 if command.extended else 256
        data, sw = self._run(command, limit)
        return False, data + sw.to_bytes(2, "big")

    def _protected(self, outer: Command) -> tuple[bool, bytes]:
        session = self._session
        if session is None:
            return False, b"\x69\x82"
        try:
            command = session.open(outer)
        except SmError as error:
            self._drop()
            return False, error.sw.to_bytes(2, "big")
        data, sw = self._run(command, session.room(65_536 if outer.extended else 256))
        return True, session.protect(data, sw, command.ins)

    def _run(self, command: Command, room: int) -> Answer:
        if command.cla not in (0x00, 0x10) or (command.cla == 0x10 and command.ins != 0x86):
            return b"", 0x6E00
        if command.ins == 0xA4:
            return self._select(command)
        if command.ins in (0xB0, 0xB1):
            return self._read(command, room)
        if command.ins == 0x84:
            return self._get_challenge(command)
        if command.ins == 0x82:
            return self._authenticate(command)
        if command.ins == 0x22 and self._pace:
            return b"", (self._pace.set_at(command.data) if (command.p1, command.p2) == (0xC1, 0xA4) else 0x6A86)
        if command.ins == 0x86 and self._pace:
            return self._general_authenticate(command)
        return b"", 0x6D00

    def _select(self, command: Command) -> Answer:
        """By name (P1 04), file of the current directory (P1 02, or 00), master file (P1 00)."""
        if command.p2 & 0xF3 or command.p1 not in (0x00, 0x02, 0x04):
            return b"", 0x6A86
        if command.p1 == 0x04:
            if command.data != AID:
                return b"", 0x6A82
            self._in_application, self._file = True, None
            return self._control(command.p2, tlv(0x84, AID))
        if command.p1 == 0x00 and command.data in (b"", MASTER.to_bytes(2, "big")):
            self._in_application, self._file = False, None
            return self._control(command.p2, tlv(0x83, MASTER.to_bytes(2, "big")))
        if len(command.data) != 2:
            return b"", 0x6700
        file = int.from_bytes(command.data, "big")
        refused = self._refused(file)
        if refused == 0x6982 and self._refuse_at == "read":
            refused = 0 if file in self._application else 0x6A82
        if refused:
            return b"", refused
        self._file = file
        size = len((self._application if self._in_application else self._master)[file])
        length = size.to_bytes(max(2, (size.bit_length() + 7) // 8), "big")  # any number of bytes (ISO 7816-4, 7.4.3)
        return self._control(command.p2, tlv(0x80, length) + tlv(0x83, command.data))

    @staticmethod
    def _control(p2: int, inside: bytes) -> Answer:
        """Nothing (P2 0C), or the file's control information (00 FCI, 04 FCP, 08 FMD)."""
        return (b"" if p2 == 0x0C else tlv({0x00: 0x6F, 0x04: 0x62}.get(p2, 0x64), inside)), _OK

    def _read(self, command: Command, room: int) -> Answer:
        if self._in_application and self._session is None:
            return b"", 0x6982
        odd = command.ins == 0xB1
        found = self._odd_target(command) if odd else self._even_target(command)
        if isinstance(found, int):
            return b"", found
        file, offset = found
        refused = self._refused(file)
        if refused:
            return b"", refused
        self._file = file
        content = (self._application if self._in_application else self._master)[file]
        if command.le is None or (command.le > self._max_le and self._over_le == "refuse"):
            return b"", 0x6700
        if offset >= len(content):
            return b"", 0x6B00
        wanted = min(command.le, self._max_le, room)
        if odd:
            wanted -= 2 if wanted < 130 else 3 if wanted < 259 else 4  # tag 53 and its length count too
        left = len(content) - offset
        data = content[offset : offset + max(0, wanted)]
        whole = tlv(0x53, data) if odd else data
        if len(data) < left or command.le == len(whole):
            return whole, _OK
        if self._eof == "6c":
            return b"", 0x6C00 | (len(whole) & 0xFF)
        everything = command.le in (256, 65_536)  # Le of zeros asks for what there is: no warning (ISO 7816-4, 11.2.3)
        return whole, 0x6282 if self._eof == "6282" and not everything else _OK

    def _even_target(self, command: Command) -> tuple[int, int] | int:
        if command.p1 & 0x80:
            if command.p1 & 0x60:
                return 0x6A86
            return self._by_short_id(command.p1 & 0x1F), command.p2
        return (self._file, command.p1 << 8 | command.p2) if self._file is not None else 0x6986

    def _odd_target(self, command: Command) -> tuple[int, int] | int:
        """P1 P2 0000: the current file; a short id in the last five bits; or a file id. Offset in object 54."""
        where = command.p1 << 8 | command.p2
        try:
            ((tag, offset),) = objects(command.data)
        except ValueError:
            return 0x6A80
        if tag != 0x54 or not 1 <= len(offset) <= 4:
            return 0x6A80
        file = self._file if where == 0 else self._by_short_id(where) if where < 0x1F else where
        return (file, int.from_bytes(offset, "big")) if file is not None else 0x6986

    def _by_short_id(self, short: int) -> int:
        return 0x0100 | short if self._in_application or short != 1 else ATR_INFO

    def _refused(self, file: int) -> int:
        """The status word that keeps a file away; 0 where it may be read."""
        if not self._in_application:
            return 0 if file in self._master else 0x6A82
        if self._session is None:
            return 0x6982
        return 0 if file in self._application else 0x6A82

    # Access

    def _get_challenge(self, command: Command) -> Answer:
        if not self._bac or not self._in_application:
            return b"", 0x6985
        if command.le != 8 or command.p1 or command.p2:
            return b"", 0x6700
        self._challenge = self._draw(8)
        return self._challenge, _OK

    def _authenticate(self, command: Command) -> Answer:
        """EXTERNAL AUTHENTICATE of basic access control (part 11, 4.3)."""
        challenge, self._challenge = self._challenge, b""
        if not challenge:
            return b"", 0x6985
        if len(command.data) != 40:
            return b"", 0x6700
        seed = mrz_password(self._mrz_key)[:16]
        suite = Suite3Des(derive(seed, ENC), derive(seed, MAC))
        hidden, mac = command.data[:32], command.data[32:]
        opened = suite.decrypt(hidden, b"")
        theirs, key = opened[:8], opened[16:]
        if not hmac.compare_digest(suite.mac(pad(hidden, 8)), mac) or opened[8:16] != challenge:
            return self._wrong_key()
        ours = self._draw(16)
        reply = suite.encrypt(challenge + theirs + ours, b"")
        secret = bytes(a ^ b for a, b in zip(key, ours, strict=True))
        suite_of_session = Suite3Des(derive(secret, ENC), derive(secret, MAC))
        self._begin(Session(suite_of_session, challenge[4:] + theirs[4:]))
        return reply + suite.mac(pad(reply, 8)), _OK

    def _general_authenticate(self, command: Command) -> Answer:
        if self._pace is None or command.p1 or command.p2:
            return b"", 0x6A86
        try:
            data, session = self._pace.authenticate(command)
        except Refused as refusal:
            return self._wrong_key() if refusal.sw == 0x6300 else (b"", refusal.sw)
        if session is not None:
            self._begin(session)
        return data, _OK

    def _wrong_key(self) -> Answer:
        self.counts["wrong_keys"] += 1
        wait = self._wrong_key_seconds * self.counts["wrong_keys"]
        if wait:
            self._sleep(wait)
        return b"", 0x6300

    def _begin(self, session: Session) -> None:
        self.counts["sessions"] += 1
        self._session = session

    def _drop(self) -> None:
        self.counts["broken_sessions"] += 1
        self._session, self._file = None, None

    # The rest

    def _rest(self, command: Command) -> bytes:
        """GET RESPONSE: what waits, in pieces of at most 256 bytes."""
        if not self._pending:
            return b"\x69\x85"
        due = min(len(self._pending), 256)
        if command.le is None or command.le > due:
            return bytes([0x6C, due & 0xFF])
        piece, self._pending = self._pending[: command.le], self._pending[command.le :]
        if self._pending:
            return piece + bytes([0x61, min(len(self._pending), 256) & 0xFF])
        return piece + self._pending_sw.to_bytes(2, "big")

    def _master_files(self, extended: bool, max_le: int) -> dict[int, bytes]:
        """EF.CardAccess where PACE is offered, EF.ATR/INFO with the extended length information (ISO 7816-4, 12.7)."""
        files = {}
        if self._pace:
            files[CARD_ACCESS] = tlv(0x31, pace_info(self._pace.suite, self._pace.parameters))
        if extended:
            most = tlv(0x02, min(max_le, 65_535).to_bytes(2, "big"))
            files[ATR_INFO] = tlv(0x7F66, tlv(0x02, (65_535).to_bytes(2, "big")), most)
        return files
