"""A sound output that can be listened to: a chime is played, and a microphone says whether it was heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from devices.contracts.deadline import Deadline
from devices.contracts.device import Fault

CHIME = (659.3, 987.8)  # Hz, E5 and B5: no harmonic of each other, nor of the mains


@dataclass(frozen=True, slots=True)
class LoopHeard:
    """Both tones. ``over``: by how many decibels the fainter one stood over what the room had beside it."""

    over: float


@dataclass(frozen=True, slots=True)
class LoopSilent:
    """It was played to its end, and not heard. ``over`` as above, of the fainter tone."""

    over: float


@runtime_checkable
class Listening(Protocol):
    @property
    def listens(self) -> bool:
        """Whether there is a microphone."""
        ...

    def listen(self, deadline: Deadline) -> LoopHeard | LoopSilent | Fault:
        """Play the chime and record meanwhile; what was recorded is measured and dropped. Fault ``microphone-dead``:
        nothing at all can be recorded; any other: it could not be played."""
        ...
