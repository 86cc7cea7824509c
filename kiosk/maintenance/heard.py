"""A tone out of one side of the loudspeakers or the headphone, for a person to say whether it was heard there."""

from __future__ import annotations

import math
from array import array
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from devices.contracts.device import DeviceError
from devices.contracts.sound import Output, Pcm, Played, PlayOutcome
from kiosk.health.asking import asked
from kiosk.maintenance.trying import Tried

if TYPE_CHECKING:
    from devices.contracts.deadline import Deadline
    from kiosk.counter.actors import Actor

Where = Literal["left", "right", "headphone"]
PLACES: tuple[Where, ...] = ("left", "right", "headphone")
RATE, PITCH, LENGTH, LOUDNESS = 22_050, 880.0, 0.8, 12_000  # frames/s, Hz, s, of 32,767
SECONDS = 15.0


@cache
def tone(where: Where) -> Pcm:
    """A sine that swells and fades, so that nothing clicks; the other side is silent."""
    frames = int(RATE * LENGTH)
    samples = array("h")
    for at in range(frames):
        swell = min(1.0, at / 1000, (frames - at) / 1000)
        value = int(LOUDNESS * swell * math.sin(2 * math.pi * PITCH * at / RATE))
        samples += array("h", (0 if where == "right" else value, 0 if where == "left" else value))
    return Pcm(RATE, 2, samples.tobytes())


def play(actor: Actor, where: Where) -> Tried:
    """Played there to its end: a person tells the rest. On a worker's thread."""

    def run(sound: Any, deadline: Deadline) -> PlayOutcome:
        try:
            sound.set_output(Output.HEADPHONE if where == "headphone" else Output.SPEAKER)
            outcome: PlayOutcome = sound.play(tone(where), deadline)
            return outcome
        finally:
            sound.forget_user()

    try:
        outcome = asked(actor, run, SECONDS)
    except DeviceError as error:
        return Tried(False, str(error), error.code)
    except ValueError:  # this terminal has no such output
        return Tried(False, f"there is no {where}", "output-missing")
    if isinstance(outcome, Played):
        return Tried(None, f"a tone of {outcome.seconds:.1f} s was played")
    return Tried(False, f"{type(outcome).__name__}: {outcome.reason.code}", outcome.reason.code)
