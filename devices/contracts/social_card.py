"""Reader of social-security cards (社会保障卡) and what it reads from the card's own files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault
from devices.contracts.identity import NoCard


@dataclass(frozen=True, slots=True, repr=False)
class SocialSecurityCard:
    """What a card says. Items that it does not hold, or does not show, are empty strings or None.

    ``version`` is "1.00" to "3.00"; ``card_id`` 32 hexadecimal digits of which the first six are the ``region`` that
    issued it (GB/T 2260); ``card_number`` what is printed on it. ``number`` is the citizen's number (GB 11643), ``sex``
    the GB/T 2261.1 code, ``ethnic`` the GB/T 3304 code ("01" 汉), ``birthplace`` six digits (GB/T 2260).
    """

    version: str
    card_id: str
    card_class: str = ""
    organisation: str = ""
    issued: date | None = None
    valid_to: date | None = None
    card_number: str = ""
    number: str = ""
    name: str = ""
    sex: str = ""
    ethnic: str = ""
    birthplace: str = ""
    birth: date | None = None

    @property
    def region(self) -> str:
        return self.card_id[:6]

    def __repr__(self) -> str:  # personal data never reach a log by way of repr
        return f"SocialSecurityCard({self.version}, …)"


@dataclass(frozen=True, slots=True)
class SocialCardRead:
    """Everything that the card holds was read."""

    card: SocialSecurityCard


@dataclass(frozen=True, slots=True)
class SocialCardPartly:
    """The card shows only this much. ``reason`` is ``authentication-required`` (no key at hand, or none for this card)
    or ``authentication-failed``: the person is identified another way."""

    card: SocialSecurityCard
    reason: Fault


class SocialCardReader(Device, Protocol):
    """A slot into which social-security cards are put."""

    def read(self, deadline: Deadline) -> SocialCardRead | SocialCardPartly | NoCard:
        """One attempt. NoCard at once when the slot is empty; DeviceError (``wrong-card``, ``card-pulled`` …) else."""
        ...

    def present(self, deadline: Deadline) -> bool:
        """Whether a card is in the slot."""
        ...

    def admit(self, deadline: Deadline) -> None:
        """Let a card in until ``dismiss``, as ``smart_card.SmartCardReader`` says."""
        ...

    def dismiss(self, deadline: Deadline) -> None:
        """Let none in any more, let go of the card, and give it back where the slot holds it."""
        ...
