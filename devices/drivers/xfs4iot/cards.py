"""The card reader of an ATM-class machine (XFS4IoT CardReader) as a SmartCardReader, with what motors can do besides.

A motorised reader lets no card in unless it was told to: ``admit`` arms the entry (ReadRawData, chip) when a visit
wants a card, ``present`` looks whether one has come and never waits for it, ``dismiss`` calls the entry off and gives
the card back. What the entry reads of the chip is its ATR, no card data.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, Level, Status, TestResult
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import Response
from devices.drivers.xfs4iot.codes import CommandFailed
from devices.drivers.xfs4iot.driver import XfsDevice
from devices.drivers.xfs4iot.protocol import Message
from devices.drivers.xfs4iot.session import Pending
from devices.drivers.xfs4iot.shapes import TRACKS, dig, pack, unpack, word
from devices.transports.apdu import follow, is_select

LET_GO = 1.0  # seconds for taking the chip's power
GIVE_BACK = 3.0  # seconds at most that closing takes to call an entry off and move the card out
LOOK = 0.3  # seconds between two looks while waiting
NO_CARD_CODES = frozenset({"no-card", "cancelled", "timed-out"})
_PRESENT = frozenset({"present", "latched"})
_ABSENT = frozenset({"notPresent", "entering"})
_HOLDING = frozenset({"motor", "latchedDip"})  # types of reader out of which nobody can pull a card


@dataclass(frozen=True, slots=True, repr=False)
class Tracks:
    """Magnetic tracks that could be read, as the service gave them: track name -> bytes."""

    data: Mapping[str, bytes]

    def __repr__(self) -> str:  # account numbers
        return f"Tracks({', '.join(sorted(self.data)) or 'none'})"


class XfsCard:
    """A chip under power; see ``devices.contracts.smart_card.SmartCard``."""

    def __init__(self, reader: XfsCardReader, atr: bytes) -> None:
        self._reader, self._atr = reader, atr
        self._protocol = chip_protocol(atr)
        self.selections = 0

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def character_wise(self) -> bool:
        return self._protocol == "chipT0"

    def transmit(self, apdu: bytes, deadline: Deadline) -> Response:
        self.selections += is_select(apdu)
        try:
            return follow(self, apdu, deadline)
        except DeviceError:
            self._reader.forget(self)  # what the card made of the command is not known: it must be powered anew
            raise

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        """One ChipIO; the raw answer, status word included."""
        return self._reader.chip_io(self, self._protocol, command, deadline)

    def __repr__(self) -> str:
        return f"XfsCard({self._protocol})"


class XfsCardReader(XfsDevice):
    """One slot; it opens itself where it has to. Besides what the contract has: ``eject retain taken read_tracks``."""

    kind = "card_reader"
    interface = "CardReader"
    key = "cardReader"

    _admitting = False  # a visit wants a card: an entry that ends by itself is armed again
    _entry: Pending | None = None  # an entry that is armed
    _card: XfsCard | None = None
    _atr = b""  # of the card that the entry took in

    # -- SmartCardReader -------------------------------------------------------------------------------

    def present(self, deadline: Deadline) -> bool:
        self._ensure_open(deadline)
        self._session.pump()
        self._settle_entry()
        media = self._media(deadline)
        if media in _PRESENT:
            return True
        self._lose_card()
        if media not in _ABSENT:
            raise _unsure(media)
        if self._admitting and self._entry is None and dig(self._abilities, "type") != "permanent":
            self._entry = self._session.start("CardReader.ReadRawData", {"chip": True}, deadline=deadline, endless=True)
        return False

    def admit(self, deadline: Deadline) -> None:
        """Arm the entry, unless a card is there. Raises DeviceError where the reader cannot tell."""
        self._admitting = True
        self.present(deadline)

    def dismiss(self, deadline: Deadline) -> None:
        self._admitting = False  # whatever becomes of the rest
        self._ensure_open(deadline)
        self._end_entry(deadline)
        self.disconnect()
        if word(self._abilities, "type") in _HOLDING and self._media(deadline) in _PRESENT:
            self.eject(deadline)

    def connect(self, deadline: Deadline) -> XfsCard | NoCard:
        self._ensure_open(deadline)
        self._session.pump()
        self._settle_entry()
        if self._card is not None:
            return self._card
        if self._media(deadline) not in _PRESENT:
            return NoCard()
        try:
            atr = self._power_on(deadline)
        except CommandFailed as error:
            if error.code in NO_CARD_CODES:
                return NoCard()
            raise
        if not atr:
            advice = "Put the card in again, chip first; the card itself may be damaged."
            raise DeviceError("card-mute", "the card does not answer to power", advice=advice, retryable=True)
        self._card = XfsCard(self, atr)
        return self._card

    def disconnect(self) -> None:
        if self._card is not None:
            self._card, self._atr = None, b""
            with contextlib.suppress(DeviceError):  # a reader without this command takes the power at the ejection
                self._session.request("CardReader.ChipPower", {"chipPower": "off"}, deadline=Deadline.after(LET_GO))

    # -- what a motor can do ---------------------------------------------------------------------------

    def eject(self, deadline: Deadline) -> None:
        """Move the card to the exit, where it can be taken. Harmless without one."""
        self._end_entry(deadline)
        self.disconnect()
        try:
            self._session.request("CardReader.Move", {"from": "transport", "to": "exit"}, deadline=deadline)
        except CommandFailed as error:
            if error.code != "no-card":
                raise

    def retain(self, deadline: Deadline, *, unit: str = "") -> None:
        """Keep a card that nobody took: in the storage unit named (``unit1`` …), else in the reader's own bin."""
        self._end_entry(deadline)
        self.disconnect()
        if unit:
            self._session.request("CardReader.Move", {"from": "transport", "to": unit}, deadline=deadline)
        else:
            self._session.request("CardReader.Reset", {"to": "retain"}, deadline=deadline)

    def taken(self, deadline: Deadline) -> bool:
        """Wait until no card is there, at the slot either; False when one still is at the deadline. Raises
        DeviceError where the reader cannot tell."""
        while (media := self._media(deadline)) in (*_PRESENT, "entering"):
            if deadline.remaining() <= LOOK:
                return False
            self._session.pump(deadline.sooner(LOOK))
        if media not in _ABSENT:
            raise _unsure(media)
        self._lose_card()
        return True

    def read_tracks(self, deadline: Deadline) -> Tracks | NoCard:
        """The magnetic tracks of the card put in before the deadline. A track that cannot be read is left out."""
        self._ensure_open(deadline)
        self._end_entry(deadline)
        try:
            done = self._session.request("CardReader.ReadRawData", dict.fromkeys(TRACKS, True), deadline=deadline)
        except CommandFailed as error:
            if error.code in NO_CARD_CODES:
                return NoCard()
            raise
        found = {}
        for track in TRACKS:
            data = unpack(dig(done.payload, track, "data"))
            if data and word(done.payload, track, "status") in ("", "ok"):
                found[track] = data
        return Tracks(found)

    # -- the card's own ----------------------------------------------------------------------------------

    def chip_io(self, card: XfsCard, protocol: str, apdu: bytes, deadline: Deadline) -> bytes:
        """ChipIO for the card under power; what it answers, status word included."""
        if card is not self._card:
            raise _pulled()
        payload = {"chipProtocol": protocol, "chipData": pack(apdu)}
        try:
            done = self._session.request("CardReader.ChipIO", payload, deadline=deadline)
        except CommandFailed as error:
            if error.code != "no-card":
                raise
            raise _pulled() from error
        return unpack(done.payload.get("chipData")) or b""

    def forget(self, card: XfsCard) -> None:
        if card is self._card:
            self._lose_card()

    # -- XfsDevice ---------------------------------------------------------------------------------------

    def open(self, deadline: Deadline) -> None:
        self._abilities = {}  # until the service has said that it is ours: closing must move nothing in another one
        self._opened()
        super().open(deadline)

    def poll(self, deadline: Deadline) -> Status:
        self._ensure_open(deadline)
        return super().poll(deadline)

    def close(self) -> None:
        """Give back what the reader holds, and let go."""
        if self._session.line.is_open and (self._entry is not None or word(self._abilities, "type") in _HOLDING):
            with contextlib.suppress(DeviceError):
                self.dismiss(Deadline.after(GIVE_BACK))
        self._admitting = False
        self._lose_card()
        super().close()

    def reset(self, deadline: Deadline) -> None:
        """CardReader.Reset; a card inside comes out."""
        self._end_entry(deadline)
        self._lose_card()
        super().reset(deadline)

    def _reset_payload(self) -> Mapping[str, Any]:
        return {"to": "exit"}

    def _opened(self) -> None:
        self._entry = None
        self._lose_card()

    def _told(self) -> Mapping[str, str]:
        chips = dig(self._abilities, "chipProtocols")
        can = sorted(name for name, has in chips.items() if has is True) if isinstance(chips, dict) else []
        return {"type": word(self._abilities, "type") or "unknown", "chip": " ".join(can)}

    def _look(self, part: Mapping[str, Any]) -> tuple[tuple[Fault, ...], Mapping[str, str]]:
        media = word(part, "media") or "unknown"
        faults = []
        if media == "jammed":
            faults.append(Fault("card-jammed", Action.CLEAR))
        elif media == "unknown":
            faults.append(Fault("media-unknown", Action.NONE, "the reader does not say", blocking=False))
        if word(part, "chipModule") == "inoperable":
            faults.append(Fault("chip-module", Action.CALL_TECHNICIAN))
        card = "present" if media in _PRESENT else "none" if media in _ABSENT else "unknown"
        return tuple(faults), {"card": card, "media": media, "chip": word(part, "chipPower") or "unknown"}

    def _try_out(self, level: Level, deadline: Deadline) -> TestResult:
        """With a card: powers it. INTERACTIVE lets one in, waits for it and gives it back."""
        if level is not Level.INTERACTIVE:
            return self._try_card(level, deadline)
        try:
            self.admit(deadline)
            return self._try_card(level, Deadline(deadline.at - min(GIVE_BACK, 0.3 * deadline.remaining())))
        finally:
            with contextlib.suppress(DeviceError):
                self.dismiss(deadline)

    def _try_card(self, level: Level, deadline: Deadline) -> TestResult:
        while not self.present(deadline):
            if level is not Level.INTERACTIVE:
                return TestResult(level, None, "the reader is well; no card was shown")
            if deadline.remaining() <= LOOK:
                return TestResult(level, False, "the reader is well; no card was shown")
            self._session.pump(deadline.sooner(LOOK))
        card = self.connect(deadline)
        answers = isinstance(card, XfsCard)
        self.disconnect()
        return TestResult(level, answers, "a card answers" if answers else "the card went away")

    def _unsolicited(self, message: Message) -> None:
        super()._unsolicited(message)
        if message.name == "CardReader.MediaRemovedEvent":
            self._lose_card()

    # -- inside ------------------------------------------------------------------------------------------

    def _media(self, deadline: Deadline) -> str:
        return word(self._ask_status(deadline), self.key, "media")

    def _power_on(self, deadline: Deadline) -> bytes:
        """The ATR: of the entry where it took the card in, else by ChipPower, else by reading the chip."""
        if self._entry is not None:
            entry, self._entry = self._entry, None
            self._atr = _chip(self._session.wait(entry, deadline))
        if self._atr:
            return self._atr
        try:
            done = self._session.request("CardReader.ChipPower", {"chipPower": "cold"}, deadline=deadline)
            return unpack(done.payload.get("chipData")) or b""
        except CommandFailed as error:
            if error.code not in ("chip-power", "command-unsupported"):
                raise
        return _chip(self._session.request("CardReader.ReadRawData", {"chip": True}, deadline=deadline))

    def _settle_entry(self) -> None:
        """Take note of an entry that has ended by itself. Raises what it ended with, but for "no card came"."""
        if self._entry is None:
            return
        try:
            done = self._session.ended(self._entry)
        except CommandFailed as error:
            self._entry = None
            if error.code not in NO_CARD_CODES:
                raise
        except DeviceError:
            self._entry = None
            raise
        else:
            if done is not None:
                self._entry, self._atr = None, _chip(done)

    def _end_entry(self, deadline: Deadline) -> None:
        self._admitting = False
        entry, self._entry = self._entry, None
        if entry is not None:
            self._session.cancel(entry, deadline)

    def _lose_card(self) -> None:
        self._card, self._atr = None, b""


def chip_protocol(atr: bytes) -> str:
    """The first protocol an ATR offers (ISO/IEC 7816-3 clause 8.2.3), in the words of ChipIO."""
    if len(atr) < 2:
        return "chipProtocolNotRequired"
    place = 2 + (atr[1] >> 4 & 0b0111).bit_count()  # TA1, TB1, TC1 stand before TD1
    if not atr[1] & 0x80 or place >= len(atr):
        return "chipT0"
    return "chipT1" if atr[place] & 0x0F == 1 else "chipT0"


def _chip(message: Message) -> bytes:
    """The ATR in what ReadRawData read; b"" where the chip gave none."""
    read = message.payload.get("chip")
    first = read[0] if isinstance(read, list) and read else None
    return (unpack(dig(first, "data")) or b"") if word(first, "status") in ("", "ok") else b""


def _pulled() -> DeviceError:
    advice = "Put the card in again and leave it there until it is given back."
    return DeviceError("card-pulled", "the card is no longer in the reader", advice=advice, retryable=True)


def _unsure(media: str) -> DeviceError:
    if media == "jammed":
        advice = "Open the reader, take the card out, close it and reset it."
        return DeviceError("card-jammed", "a card is stuck", advice=advice, retryable=True, action=Action.CLEAR)
    advice = "Reset the reader; call a technician if it stays."
    return DeviceError("media-unknown", "the reader cannot tell whether a card is there", advice=advice, retryable=True)
