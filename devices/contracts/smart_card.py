"""Smart cards by PC/SC: a reader, the card in it, and one exchange of APDUs (ISO/IEC 7816-4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device
from devices.contracts.identity import NoCard


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """A card's answer: data without the status word, and the status word (0x9000 is well)."""

    data: bytes
    sw: int

    @property
    def ok(self) -> bool:
        return self.sw == 0x9000

    def __repr__(self) -> str:  # what a card says may name a person
        return f"Response({len(self.data)} bytes, {self.sw:04X})"


class SmartCard(Protocol):
    """A card that is powered and connected, until it is pulled or ``disconnect`` is called."""

    @property
    def atr(self) -> bytes: ...

    @property
    def selections(self) -> int:
        """How many SELECTs (INS A4) this card was sent, by whomever. Several drivers may use one card: what one of them
        selected is selected only as long as this number stays."""
        ...

    def transmit(self, apdu: bytes, deadline: Deadline) -> Response:
        """One command, one answer; 61xx (GET RESPONSE) and 6Cxx (wrong Le) are followed here.

        Raises DeviceError: ``card-pulled``, ``card-mute``, ``short-answer``, ``unplugged``, ``pcscd-gone``,
        ``no-answer``. After any of them this card is dead, and ``connect`` gives a new one.
        """
        ...


class SmartCardReader(Device, Protocol):
    """One slot. Called by one thread at a time: its actor's, or that of a driver that uses its card."""

    def present(self, deadline: Deadline) -> bool:
        """Whether a card is in the slot. Raises DeviceError where that cannot be known. Lets none in by itself."""
        ...

    def admit(self, deadline: Deadline) -> None:
        """Let a card in, from now on until ``dismiss``: somebody is there who has one. Nothing to do for a slot that is
        open to everybody. Harmless when repeated."""
        ...

    def dismiss(self, deadline: Deadline) -> None:
        """Let none in any more, and give back the one that is held inside: the visit is over. Harmless when repeated;
        closing does the same."""
        ...

    def connect(self, deadline: Deadline) -> SmartCard | NoCard:
        """Power the card, for this program alone. NoCard when the slot is empty; the same object again while the card
        stays connected. DeviceError ``port-busy`` where another program holds it, ``card-mute``, and others."""
        ...

    def disconnect(self) -> None:
        """Let go of the card and take its power. Harmless without one."""
        ...
