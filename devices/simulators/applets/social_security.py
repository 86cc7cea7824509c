"""The 社保卡's twin: the SSSE application of a card of version 1.00, 2.00 or 3.00, with a generated holder.

No third party makes a simulator of this card. It answers what the sources describe and is checked against their
literal bytes. Of version 3 only the outer form of the authentication is known: keys and cryptograms here are our own
(HMAC-SHA256) and like no real card's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date
from random import Random

from devices.contracts.deadline import Deadline
from devices.contracts.social_card import SocialSecurityCard
from devices.drivers import tlv
from devices.drivers.sscard import protocol
from devices.drivers.sscard.protocol import CARD_FILE, HOLDER_FILE, File, Item
from devices.simulators.applets import commands
from devices.simulators.applets.commands import Command, Parts, parse
from devices.simulators.deck import DEFAULT_TODAY, make_deck, years_after, years_before

ATR = bytes.fromhex("3B6D0000") + b"TWIN OF SSSE "  # T=0, thirteen historical bytes
SAMPLE_KEY = bytes(range(16))
INTERNAL = 0x88
RECORD_ANY = 0x00  # P2: the record of this identifier in the selected file
FILES = {file.fid: file for file in (CARD_FILE, HOLDER_FILE)}
LONG_NAME = "阿依古丽·买买提江·样例卡迪尔·样例"  # 34 bytes in GBK: it needs the extension


def holder(role: str, version: str, seed: int = 724, today: date = DEFAULT_TODAY) -> SocialSecurityCard:
    """What the card of a role of the deck of ID cards says: the same generated person, who never lived."""
    document = make_deck(seed, today)[role].document
    random = Random(f"{seed}:{role}:social")  # reproducible, not secret
    issued = years_before(today, 3, random.randrange(30, 300))
    region = document.number[:6]
    return SocialSecurityCard(
        version=version,
        card_id=(region + "".join(random.choice("0123456789") for _ in range(26))).upper(),
        card_class="31",
        organisation="9156000002" + region + "00000000",
        issued=issued,
        valid_to=years_after(issued, 10),
        card_number=random.choice("ABCDEFGH") + f"{random.randrange(10**8):08d}",
        number=document.number,
        name=LONG_NAME if role == "minority" and version != "1.00" else document.name,
        sex=document.sex,
        ethnic=document.ethnic or "01",
        birthplace=region,
        birth=document.birth,
    )


class SocialSecurityApplet:
    """One card. ``guarded`` cards show the holder's file only after both authentications."""

    def __init__(self, card: SocialSecurityCard, *, guarded: bool = False, key: bytes = SAMPLE_KEY) -> None:
        self.atr = ATR
        self.card = card
        self._values = protocol.encode_card(card)
        self._guarded, self._key = guarded, key
        self._parts = Parts()
        self.reset()

    def reset(self) -> None:
        self._selected = False
        self._file: File | None = None
        self._challenges: list[bytes] = []
        self._open = False
        self._parts.forget()

    def answer(self, apdu: bytes) -> bytes:
        try:
            command = parse(apdu)
        except ValueError:
            return commands.WRONG_LENGTH
        if command.ins == 0xC0:
            return self._parts.more(command.le)
        handlers = {0xA4: self._select, 0xB2: self._read, 0x84: self._challenge, INTERNAL: self._internal}
        handlers[0x82] = self._external
        handler = handlers.get(command.ins)
        return handler(command) if handler else commands.UNKNOWN_INS

    def _select(self, command: Command) -> bytes:
        if command.p1 == 0x04:
            self._selected, self._file = command.data == protocol.SSSE, None
            if not self._selected:
                return commands.NOT_FOUND
            mark = tlv.encode(protocol.ALGORITHM, b"\x86\x01" + bytes([3 if self._guarded else 1]))
            fci = tlv.encode(0x6F, tlv.encode(0x84, protocol.SSSE) + tlv.encode(0xA5, mark))
            return self._parts.answer(fci, command.le)
        file = FILES.get(int.from_bytes(command.data, "big"))
        if not self._selected or command.p1 != 0x02 or file is None:
            return commands.NOT_FOUND
        self._file = file
        return commands.OK

    def _read(self, command: Command) -> bytes:
        if self._file is None:
            return commands.NO_CONDITION
        if command.p2 != RECORD_ANY:
            return commands.WRONG_P1_P2
        item = next((item for item in self._file.items if item.tag == command.p1), None)
        if item is None or not self._has(item):
            return commands.NO_RECORD
        if self._guarded and self._file is HOLDER_FILE and not self._open:
            return commands.NOT_ALLOWED
        record = protocol.encode_record(item, self._values[item.name])
        if command.le not in (None, 256, len(record)):
            return bytes([0x6C, len(record)])
        return self._parts.answer(record, len(record))

    def _has(self, item: Item) -> bool:
        return item.tag != 0x4E or self.card.version >= "2.00"

    def _challenge(self, command: Command) -> bytes:
        challenge = secrets.token_bytes(command.le or 0)
        self._challenges = [*self._challenges, challenge][-protocol.CHALLENGES :]
        return challenge + commands.OK

    def _internal(self, command: Command) -> bytes:
        if len(self._challenges) < protocol.CHALLENGES:
            return commands.NO_CONDITION
        return self._parts.answer(cryptogram(self._key, b"card", self._values["card_id"], command.data), 256)

    def _external(self, command: Command) -> bytes:
        wanted = cryptogram(self._key, b"terminal", self._values["card_id"], *self._challenges)
        given, self._challenges = len(self._challenges) == protocol.CHALLENGES, []
        if (command.p1, command.p2) != (0x00, 0x0A) or not given:
            return commands.NO_CONDITION
        if not hmac.compare_digest(command.data, wanted):
            return b"\x63\x00"
        self._open = True
        return commands.OK


def cryptogram(key: bytes, *parts: bytes) -> bytes:
    """16 bytes that only who holds the key can make. Our own, see above."""
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()[:16]


class SampleAuthority:
    """The PSAM to the twin's key."""

    def __init__(self, key: bytes = SAMPLE_KEY) -> None:
        self._key = key
        self._nonce = b""

    def internal(self, card: SocialSecurityCard, algorithm: int | None, challenges: tuple[bytes, ...]) -> bytes:
        self._nonce = secrets.token_bytes(16)
        return bytes([0x00, INTERNAL, 0x00, 0x00, 16]) + self._nonce + b"\x00"

    def genuine(self, card: SocialSecurityCard, answer: bytes, deadline: Deadline) -> bool:
        wanted = cryptogram(self._key, b"card", bytes.fromhex(card.card_id), self._nonce)
        return hmac.compare_digest(answer, wanted)

    def external(self, card: SocialSecurityCard, challenges: tuple[bytes, ...], deadline: Deadline) -> bytes:
        return cryptogram(self._key, b"terminal", bytes.fromhex(card.card_id), *challenges)


def v1(role: str = "resident", seed: int = 724) -> SocialSecurityApplet:
    return SocialSecurityApplet(holder(role, "1.00", seed))


def v2(role: str = "resident", seed: int = 724) -> SocialSecurityApplet:
    return SocialSecurityApplet(holder(role, "2.00", seed))


def v3(role: str = "resident", seed: int = 724) -> SocialSecurityApplet:
    return SocialSecurityApplet(holder(role, "3.00", seed), guarded=True)
