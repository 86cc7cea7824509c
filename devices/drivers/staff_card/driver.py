"""A staff card reader: a PIV card's identity, its proof, and the PIN that it checks.

The application is selected once for each card that is put in: SELECT makes a card forget that a PIN was accepted. It is
selected again where anybody else has selected something in between: a PIN must never reach another application.
"""

from __future__ import annotations

from datetime import date

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import Response, SmartCard, SmartCardReader
from devices.contracts.staff_card import (
    Copied,
    Genuine,
    PinAccepted,
    PinBlocked,
    PinMalformed,
    PinOutcome,
    PinWrong,
    Proof,
    StaffCard,
    Unproven,
)
from devices.drivers.card_device import CardDevice, Refused, WrongCard
from devices.drivers.staff_card import protocol
from devices.drivers.staff_card.protocol import CARD_KEY, HOLDER_KEY, Key
from devices.drivers.tlv import BadTlv

WANTED = "staff card (PIV)"
NO_CERTIFICATE = Fault("no-certificate", Action.CONFIGURE, "the card holds no certificate that could be proved")
PIN_REQUIRED = Fault("pin-required", Action.NONE, "the card signs only after its PIN")


class StaffCardSlot(CardDevice):
    """A StaffCardReader over ``slot``."""

    kind = "staff_card"
    driver = "staff_card"

    def __init__(self, slot: SmartCardReader) -> None:
        super().__init__(slot)
        self._selected: tuple[SmartCard, int] | None = None  # with its count of SELECTs when ours had been done
        self._accepted: SmartCard | None = None  # the card that has accepted a PIN since it was powered

    @property
    def capabilities(self) -> dict[str, str]:
        return {"application": "PIV", "keys": "9A 9E", "algorithms": "P-256 P-384 RSA-2048 RSA-3072"}

    def disconnect(self) -> None:
        self._selected = self._accepted = None
        super().disconnect()

    def identify(self, deadline: Deadline) -> StaffCard | NoCard:
        card = self._piv(deadline)
        if isinstance(card, NoCard):
            return card
        identity, _, _ = self._identity(card, deadline)
        self._counts["identified"] += 1
        return identity

    def prove(self, deadline: Deadline) -> Proof | NoCard:
        card = self._piv(deadline)
        if isinstance(card, NoCard):
            return card
        outcome = self._prove(card, deadline)
        self._counts[outcome.reason.code if isinstance(outcome, Unproven) else type(outcome).__name__.lower()] += 1
        return outcome

    def tries_left(self, deadline: Deadline) -> int | NoCard | None:
        card = self._piv(deadline)
        if isinstance(card, NoCard):
            return card
        return protocol.tries(card.transmit(protocol.ASK_TRIES, deadline).sw)

    def verify_pin(self, pin: str, deadline: Deadline) -> PinOutcome | NoCard:
        if not protocol.well_formed(pin):
            return PinMalformed()
        card = self._piv(deadline)
        if isinstance(card, NoCard):
            return card
        if protocol.tries(card.transmit(protocol.ASK_TRIES, deadline).sw) == 0:
            return PinBlocked()
        self._accepted = None
        self._counts["pins"] += 1
        sw = card.transmit(protocol.verify(pin), deadline).sw  # once, whatever becomes of it
        if sw == 0x9000:
            self._accepted = card
            return PinAccepted()
        left = protocol.tries(sw)
        if left is None:
            raise Refused("to check the PIN", sw)
        self._counts["pin-wrong"] += 1
        return PinWrong(left) if left else PinBlocked()

    def _prove(self, card: SmartCard, deadline: Deadline) -> Proof:
        identity, key, der = self._identity(card, deadline)
        if key is None:
            return Unproven(identity, NO_CERTIFICATE)
        if key.needs_pin and self._accepted is not card:
            return Unproven(identity, PIN_REQUIRED)
        from devices.drivers.staff_card import proof  # heavy: only a terminal that has staff cards needs it

        try:
            challenge = proof.challenge(proof.read_certificate(der))
        except proof.Unusable as error:
            return Unproven(identity, Fault(error.code, Action.CONFIGURE, str(error)))
        answer = Response(b"", 0x9000)
        for part in protocol.authenticate(challenge.algorithm, key, challenge.block):
            answer = card.transmit(part, deadline)
            if not answer.ok:
                break
        if answer.sw in protocol.NO_PIN_YET:
            return Unproven(identity, PIN_REQUIRED)
        if answer.sw in protocol.NO_SUCH_KEY:
            return Copied(identity)  # a certificate without its key
        if not answer.ok:
            raise Refused("to sign", answer.sw)
        try:
            signed = challenge.answered_by(protocol.signature(answer.data))
        except BadTlv:
            signed = False
        return Genuine(identity) if signed else Copied(identity)

    def _piv(self, deadline: Deadline) -> SmartCard | NoCard:
        """The card with its application selected. WrongCard where it has none."""
        card = self._connected(deadline)
        if isinstance(card, NoCard) or self._selected == (card, card.selections):
            return card
        self._selected = self._accepted = None
        try:
            self._select(card, protocol.SELECTS[0], WANTED, deadline)
        except WrongCard:  # some know the application by the beginning of its name alone
            self._select(card, protocol.SELECTS[1], WANTED, deadline)
        self._selected = (card, card.selections)
        return card

    def _identity(self, card: SmartCard, deadline: Deadline) -> tuple[StaffCard, Key | None, bytes]:
        """Who the card says it is, by which key that is to be proved, and its certificate."""
        chuid = self._chuid(card, deadline)
        keys = (HOLDER_KEY, CARD_KEY) if self._accepted is card else (CARD_KEY, HOLDER_KEY)
        found = next(((key, der) for key in keys if (der := self._certificate(card, key, deadline))), None)
        uuid = chuid.uuid.hex().upper()
        if found is None:
            return StaffCard(uuid, "", "", chuid.expires), None, b""
        key, der = found
        fingerprint, last_day = _read(der)
        return StaffCard(uuid, fingerprint, key.name, _earlier(chuid.expires, last_day)), key, der

    def _chuid(self, card: SmartCard, deadline: Deadline) -> protocol.Chuid:
        data = self._object(card, protocol.CHUID, deadline)
        try:
            return protocol.chuid(data) if data else protocol.Chuid(b"", None)
        except BadTlv as error:
            raise _content("CHUID", error) from None

    def _certificate(self, card: SmartCard, key: Key, deadline: Deadline) -> bytes:
        data = self._object(card, key.certificate, deadline)
        try:
            return protocol.certificate(data) if data else b""
        except BadTlv as error:
            raise _content(f"certificate of key {key.name}", error) from None

    def _object(self, card: SmartCard, tag: bytes, deadline: Deadline) -> bytes:
        """The object as the card delivers it; empty where it has none."""
        answer = card.transmit(protocol.get_data(tag), deadline)
        if answer.sw in protocol.NOT_FOUND:
            return b""
        if not answer.ok:
            raise Refused(f"object {tag.hex().upper()}", answer.sw)
        return answer.data

    def _examine(self, deadline: Deadline) -> str:
        card = self._piv(deadline)
        if isinstance(card, NoCard):
            return "the card was taken out"
        identity, key, _ = self._identity(card, deadline)
        number = "with" if identity.card_id else "without"
        return f"a PIV card {number} number, {f'key {key.name}' if key else 'no certificate'}"


def _read(der: bytes) -> tuple[str, date | None]:
    from devices.drivers.staff_card import proof

    try:
        holder = proof.read_certificate(der)
    except proof.Unusable:
        return "", None
    return holder.fingerprint, holder.last_day


def _earlier(first: date | None, second: date | None) -> date | None:
    days = [day for day in (first, second) if day is not None]
    return min(days) if days else None


def _content(what: str, error: BadTlv) -> DeviceError:
    return DeviceError(
        "card-content",
        f"the card's {what} cannot be read: {error}",
        advice="Put the card in again; if it stays so, the card has to be looked at by its issuer.",
        retryable=True,
        action=Action.NONE,
    )
