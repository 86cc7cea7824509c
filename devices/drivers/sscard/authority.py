"""Who holds the key of cards of version 3: a PSAM in the terminal or an HSM behind a line, as a plug-in.

UNVERIFIED. The sources name the steps (four GET CHALLENGEs, internal authentication, external authentication with key
RKSSSE), not the form of the internal authentication nor how PSAM and HSM make their values: both are the plug-in's.
"""

from __future__ import annotations

from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.social_card import SocialSecurityCard


class Authority(Protocol):
    """Speaks for the key. ``card`` holds what the card shows unasked (its id, version, organisation); ``challenges``
    are the card's four, in order. Each call ends by its deadline or raises DeviceError."""

    def internal(self, card: SocialSecurityCard, algorithm: int | None, challenges: tuple[bytes, ...]) -> bytes:
        """The whole INTERNAL AUTHENTICATE command (its P1 and P2 are not public)."""
        ...

    def genuine(self, card: SocialSecurityCard, answer: bytes, deadline: Deadline) -> bool:
        """Whether the card's answer to ``internal`` shows that it is a real one."""
        ...

    def external(self, card: SocialSecurityCard, challenges: tuple[bytes, ...], deadline: Deadline) -> bytes:
        """The 16 bytes that open the holder's data (external authentication, key RKSSSE)."""
        ...
