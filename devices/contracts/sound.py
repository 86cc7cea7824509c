"""Sound (语音播报): short recordings out of a loudspeaker or a headphone; no user leaves the volume to the next."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault

LOUDEST = 100
_RATES = range(4_000, 192_001)
_MAX_CHANNELS = 8


class Output(Enum):
    """Where it is heard. A headphone (耳机) is plugged in by somebody who cannot see the screen."""

    SPEAKER = "speaker"
    HEADPHONE = "headphone"


@dataclass(frozen=True, slots=True)
class Pcm:
    """Samples: signed, 16 bit, little endian, channels interleaved; ``rate`` in frames a second."""

    rate: int
    channels: int
    data: bytes

    def __post_init__(self) -> None:
        if self.rate not in _RATES or not 1 <= self.channels <= _MAX_CHANNELS:
            raise ValueError(f"no sound has {self.channels} channels at {self.rate} frames a second")
        if len(self.data) % (2 * self.channels):
            raise ValueError(f"{len(self.data)} bytes are no whole number of frames")

    @property
    def seconds(self) -> float:
        return len(self.data) / (2 * self.channels * self.rate)

    def __repr__(self) -> str:  # it may be a person's name, spoken
        return f"Pcm({self.channels} x {self.rate}, {self.seconds:.2f} s)"


def read_wav(data: bytes) -> Pcm:
    """The samples of a WAV file. ValueError for everything but 16-bit PCM (compressed, float, torn, too long)."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2:
                raise ValueError(f"samples of {8 * file.getsampwidth()} bit")
            wanted = 2 * file.getnchannels() * min(file.getnframes(), len(data))
            samples = file.readframes(file.getnframes())
            if len(samples) != wanted:
                raise ValueError("the file is torn")
            return Pcm(file.getframerate(), file.getnchannels(), samples)
    except (wave.Error, EOFError, RuntimeError) as error:
        raise ValueError(f"no WAV file of 16-bit PCM: {error}") from None


@dataclass(frozen=True, slots=True)
class Played:
    """It was played to its end."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CutShort:
    """It began and did not come to its end: stopped, out of time, or the output failed."""

    reason: Fault


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """Nothing of it can have been heard."""

    reason: Fault


PlayOutcome = Played | CutShort | NotPlayed


class Sound(Device, Protocol):
    """A sound output. Nothing that is played is kept; ``stop`` may be called from any thread, the rest from one."""

    @property
    def turn(self) -> int:
        """Changes with every ``stop``, from any thread: who queues a ``play`` takes it then, and gives it to that."""
        ...

    def play(self, sound: Pcm | bytes, deadline: Deadline, *, turn: int | None = None) -> PlayOutcome:
        """Play to the end or to the deadline; bytes are a WAV file (ValueError where they are none). Nothing is played
        that was stopped before it began: when ``turn`` is not the present one any more.

        Raises nothing that an outcome can say. Volume, mute and output follow their settings while it plays.
        """
        ...

    def stop(self) -> None:
        """End what is being played, and what waits with an older ``turn``, from any thread. Returns at once; harmless
        when nothing plays."""
        ...

    @property
    def volume(self) -> int:
        """0 (silent) to 100."""
        ...

    def set_volume(self, percent: int) -> None:
        """ValueError outside 0 to 100. Heard within half a second, in the middle of a recording too."""
        ...

    @property
    def muted(self) -> bool: ...

    def set_muted(self, muted: bool) -> None: ...

    @property
    def output(self) -> Output: ...

    def set_output(self, output: Output) -> None:
        """Where the next recording is heard. ValueError where the terminal has no such output."""
        ...

    def forget_user(self) -> None:
        """Volume, mute and output back to what the profile says; ends what is being played. After every user."""
        ...
