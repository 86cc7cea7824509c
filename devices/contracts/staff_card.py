"""Staff cards: who a card says it is, proof that it is no copy, and the PIN that it checks itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault
from devices.contracts.identity import NoCard


@dataclass(frozen=True, slots=True, repr=False)
class StaffCard:
    """A card's identity: numbers by which the terminal's list of staff knows it, and nothing about the person.

    ``card_id`` is the card's UUID (CHUID tag 34), 32 hexadecimal digits, empty where it has none; ``certificate`` the
    SHA-256 of the certificate that ``key`` ("9A" or "9E") was proved with, 64 digits, empty where the card has none.
    ``card_id`` alone can be copied by anybody: trust ``certificate`` together with Genuine.
    """

    card_id: str
    certificate: str
    key: str
    expires: date | None = None

    def expired(self, today: date) -> bool:
        """True after the last day; a card without a date does not expire by itself."""
        return self.expires is not None and today > self.expires

    def __repr__(self) -> str:  # which member of staff was here is nobody's business but the audit's
        return f"StaffCard(key {self.key or 'none'}, …)"


@dataclass(frozen=True, slots=True)
class Genuine:
    """The card has signed a fresh challenge with the key of its certificate."""

    card: StaffCard


@dataclass(frozen=True, slots=True)
class Copied:
    """The card holds a certificate without its key, or signs with another one: a copy, or broken. Do not trust it."""

    card: StaffCard


@dataclass(frozen=True, slots=True)
class Unproven:
    """The card could not be put to the proof (``no-certificate``, ``no-key``, ``pin-required``, ``algorithm`` …)."""

    card: StaffCard
    reason: Fault


@dataclass(frozen=True, slots=True)
class PinAccepted:
    """The card has accepted the PIN; it holds until the card is pulled or ``disconnect``."""


@dataclass(frozen=True, slots=True)
class PinWrong:
    """The card has refused the PIN. ``tries_left`` more, then it is blocked."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class PinBlocked:
    """The card accepts no PIN any more until its issuer unblocks it."""


@dataclass(frozen=True, slots=True)
class PinMalformed:
    """Not of the form that a card can hold (6 to 8 digits). It was not sent: no try was lost."""


Proof = Genuine | Copied | Unproven
PinOutcome = PinAccepted | PinWrong | PinBlocked | PinMalformed


class StaffCardReader(Device, Protocol):
    """A slot into which staff cards are put."""

    def present(self, deadline: Deadline) -> bool:
        """Whether a card is in the slot."""
        ...

    def admit(self, deadline: Deadline) -> None:
        """Let a card in until ``dismiss``, as ``smart_card.SmartCardReader`` says."""
        ...

    def dismiss(self, deadline: Deadline) -> None:
        """Let none in any more, let go of the card, and give it back where the slot holds it."""
        ...

    def identify(self, deadline: Deadline) -> StaffCard | NoCard:
        """What the card says it is; nothing is proved by that. DeviceError ``wrong-card`` where it is none of staff."""
        ...

    def prove(self, deadline: Deadline) -> Proof | NoCard:
        """Have the card sign a challenge of this moment, with the key that needs no PIN or, once a PIN was accepted,
        with the one that does."""
        ...

    def tries_left(self, deadline: Deadline) -> int | NoCard | None:
        """How many PINs the card would still check (0: blocked); None where it does not say. Costs no try."""
        ...

    def verify_pin(self, pin: str, deadline: Deadline) -> PinOutcome | NoCard:
        """Have the card check a PIN, once. Never sent again by itself: where the answer is lost, DeviceError is raised
        and ``tries_left`` says what became of it."""
        ...

    def disconnect(self) -> None:
        """Let go of the card: it forgets that a PIN was accepted."""
        ...
