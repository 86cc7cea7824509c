"""What every carrier of smart cards offers: one slot, and the channel to the card that lies in it.

A slot knows power and presence, a channel carries whole APDUs; what they mean is the drivers' matter. Implemented by
``pcsc`` (a reader behind pcscd), ``apdu_capture`` (a recorded conversation) and the twins (a card in this process).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action
from devices.transports.stream import StreamError

REINSERT = "Take the card out and put it in again, the chip first and all the way."


@dataclass(frozen=True, slots=True)
class Look:
    """What a slot has said about itself.

    ``changes`` counts cards put in and taken out as far as the slot tells, so that a card exchanged between two looks
    is noticed. ``mute``: a card is there and does not answer to power. ``held``: another program holds it.
    """

    present: bool
    atr: bytes = b""
    changes: int = 0
    mute: bool = False
    held: bool = False


class CardPulled(StreamError):
    """The card left the slot."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "card-pulled",
            f"the card was taken out of {port}",
            advice="Put the card in again and leave it there until the terminal says that it is done.",
            retryable=True,
            action=Action.NONE,
        )


class CardMute(StreamError):
    """The card lies in the slot and does not answer."""

    def __init__(self, port: str) -> None:
        super().__init__("card-mute", f"the card in {port} does not answer", advice=REINSERT, retryable=True)


class NoAnswer(StreamError):
    """Nobody answered in time, and it cannot be told whether reader, daemon or card is silent."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "no-answer",
            f"{port} did not answer in time",
            advice="Check the cable of the reader; if it stays so, have pcscd restarted.",
            retryable=True,
        )


class CardChannel(Protocol):
    """A powered card. Dead for good once an exchange has raised."""

    @property
    def atr(self) -> bytes: ...

    @property
    def character_wise(self) -> bool:
        """Whether the card speaks T=0, which knows no command with data in both directions (ISO/IEC 7816-3)."""
        ...

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        """One command APDU, the raw answer with its status word. CardPulled, CardMute, NoAnswer, or the slot's."""
        ...


class CardSlot(Protocol):
    """One slot of one reader. Used by one thread; only ``open`` may be called again after ``close``."""

    @property
    def port(self) -> str: ...

    @property
    def is_open(self) -> bool: ...

    def open(self, deadline: Deadline) -> None:
        """Find the slot. Raises StreamError (``port-missing``, ``port-denied`` …)."""
        ...

    def close(self) -> None:
        """Let go of card and slot. Never waits long, never raises."""
        ...

    def look(self, deadline: Deadline, known: Look | None = None) -> Look:
        """How it is now; with ``known``, once it is different from that, or at the deadline as it is then."""
        ...

    def power(self, deadline: Deadline) -> CardChannel | None:
        """Power the card for this program alone; None where there is no card."""
        ...

    def release(self) -> None:
        """Take the card's power. Harmless without one."""
        ...
