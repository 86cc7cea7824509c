"""A social-security card reader: select SSSE, read EF05, open and read EF06.

What a card does not show is told as such, never guessed: a card of version 3 without its key gives SocialCardPartly.
"""

from __future__ import annotations

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import Response, SmartCard, SmartCardReader
from devices.contracts.social_card import SocialCardPartly, SocialCardRead, SocialSecurityCard
from devices.drivers.card_device import CardDevice, Refused
from devices.drivers.sscard import protocol
from devices.drivers.sscard.authority import Authority
from devices.drivers.sscard.protocol import CARD_FILE, File, Item
from devices.transports.apdu import ShortAnswer

WANTED = "social-security card (社保卡)"
REQUIRED = Fault(
    "authentication-required",
    Action.CONFIGURE,
    "the card shows its holder's data only to a terminal with the key (PSAM or HSM)",
)
FAILED = Fault("authentication-failed", Action.CALL_TECHNICIAN, "card and key do not accept each other")


class SocialCardSlot(CardDevice):
    """A SocialCardReader over ``slot``. ``authority`` holds the key of cards of version 3, where there is one."""

    kind = "social_card"
    driver = "sscard"

    def __init__(self, slot: SmartCardReader, authority: Authority | None = None) -> None:
        super().__init__(slot)
        self._authority = authority

    @property
    def capabilities(self) -> dict[str, str]:
        key = "unverified plug-in" if self._authority else "none"
        return {"versions": "1.00 2.00 3.00", "authentication": key, "verified": "no: no real card was at hand"}

    def read(self, deadline: Deadline) -> SocialCardRead | SocialCardPartly | NoCard:
        """One attempt. DeviceError: ``wrong-card``, ``card-content``, ``card-refused``, or the slot's."""
        card = self._connected(deadline)
        if isinstance(card, NoCard):
            return card
        try:
            outcome = self._read(card, deadline)
        except DeviceError as error:
            self._counts[error.code] += 1
            raise
        self._counts["read" if isinstance(outcome, SocialCardRead) else outcome.reason.code] += 1
        return outcome

    def _read(self, card: SmartCard, deadline: Deadline) -> SocialCardRead | SocialCardPartly:
        fci = self._select(card, protocol.SELECT, WANTED, deadline).data
        records, shut = self._file(card, CARD_FILE, deadline)
        if shut:
            return SocialCardPartly(protocol.decode_card(records), REQUIRED)
        about = protocol.decode_card(records)
        holder_file = protocol.holder_file(about.version)
        holder, shut = self._file(card, holder_file, deadline)
        if shut and self._authority is not None:
            if not self._authenticate(card, about, protocol.algorithm(fci), self._authority, deadline):
                return SocialCardPartly(protocol.decode_card(records | holder), FAILED)
            holder, shut = self._file(card, holder_file, deadline)
        whole = protocol.decode_card(records | holder)
        return SocialCardPartly(whole, REQUIRED) if shut else SocialCardRead(whole)

    def _file(self, card: SmartCard, file: File, deadline: Deadline) -> tuple[dict[str, bytes], bool]:
        """The values of a file that can be read, and whether any of it is guarded."""
        selected = card.transmit(file.select, deadline)
        if selected.sw in protocol.PROTECTED:
            return {}, True
        if not selected.ok:
            raise Refused(f"file {file.fid:04X}", selected.sw)
        values: dict[str, bytes] = {}
        for item in file.items:
            value = self._record(card, item, deadline)
            if isinstance(value, bytes):
                values[item.name] = value
            elif value:  # one guarded record is enough: the others of this file are not tried
                return values, True
        return values, False

    def _record(self, card: SmartCard, item: Item, deadline: Deadline) -> bytes | bool:
        """The value; True where it is guarded, False where the card has no such record."""
        answer = card.transmit(protocol.read_record(item), deadline)
        if answer.ok:
            return protocol.record_value(item, answer.data)
        if answer.sw in protocol.NOT_FOUND:
            return False
        if answer.sw in protocol.PROTECTED:
            return True
        raise Refused(f"record {item.name}", answer.sw)

    def _authenticate(
        self,
        card: SmartCard,
        about: SocialSecurityCard,
        algorithm: int | None,
        authority: Authority,
        deadline: Deadline,
    ) -> bool:
        """Both ways, once. False where one of them does not accept the other. UNVERIFIED on any real card."""
        self._counts["authentications"] += 1
        challenges = tuple(self._challenge(card, deadline) for _ in range(protocol.CHALLENGES))
        answer = card.transmit(authority.internal(about, algorithm, challenges), deadline)
        if not answer.ok or not authority.genuine(about, answer.data, deadline):
            return False
        cryptogram = authority.external(about, challenges, deadline)
        return card.transmit(protocol.external_authenticate(cryptogram), deadline).ok

    def _challenge(self, card: SmartCard, deadline: Deadline) -> bytes:
        answer: Response = card.transmit(protocol.get_challenge(), deadline)
        if not answer.ok:
            raise Refused("a challenge", answer.sw)
        if len(answer.data) != protocol.CHALLENGE_BYTES:
            raise ShortAnswer(f"to GET CHALLENGE has {len(answer.data)} bytes")
        return answer.data

    def _examine(self, deadline: Deadline) -> str:
        card = self._connected(deadline)
        if isinstance(card, NoCard):
            return "the card was taken out"
        self._select(card, protocol.SELECT, WANTED, deadline)
        records, _ = self._file(card, CARD_FILE, deadline)
        return f"a social-security card of version {protocol.decode_card(records).version or 'unknown'}"
