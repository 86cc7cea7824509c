"""Closed loops of the loudspeaker: does the way to it stand, and, where there is a microphone, is the chime heard?

Without a microphone nobody here can hear: then the way as far as the driver sees it (output opens, mixer obeys,
samples are taken) is one test, ``path``, and ``heard`` is unsure, which is never well. A cut wire is found by ears.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Fault, Level, Status
from devices.contracts.listening import Listening, LoopHeard, LoopSilent
from kiosk.health.asking import CANNOT, ask
from kiosk.health.proofs import Outcome, Proof

if TYPE_CHECKING:
    from kiosk.counter.actors import Actor

SECONDS = 15.0


class SoundPath:
    """``path``: the output opens, the mixer obeys, silence is taken to its end. Says nothing of the loudspeaker."""

    subject, test = "sound", "path"

    def __init__(self, actor: Actor | None, now: Callable[[], datetime]) -> None:
        self._actor, self._now = actor, now

    def run(self) -> Proof:
        found = ask(self._actor, _path, SECONDS)
        if isinstance(found, Fault):
            return self._proof("failed", "sound-dead", found.code)
        return self._proof("passed", "sound-path")

    def _proof(self, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self._now(), self.subject, self.test, outcome, code, values)


class SoundHeard:
    """``heard``: the chime's two tones come back by the microphone."""

    subject, test = "sound", "heard"

    def __init__(self, actor: Actor | None, now: Callable[[], datetime]) -> None:
        self._actor, self._now = actor, now

    def run(self) -> Proof:
        found = ask(self._actor, _heard, SECONDS)
        match found:
            case LoopHeard(over):
                return self._proof("passed", "sound-heard", f"{over:.0f}")
            case LoopSilent(over):
                return self._proof("failed", "sound-silent", f"{over:.0f}")
            case Fault("not-supported"):
                return self._proof("unsure", "sound-nobody-hears")
            case Fault("microphone-dead", detail=detail):
                return self._proof("unsure", "sound-microphone-dead", report=detail)
            case Fault(code):
                return self._proof("failed", "sound-dead", code)

    def _proof(self, outcome: Outcome, code: str, *values: str, report: str = "") -> Proof:
        return Proof(self._now(), self.subject, self.test, outcome, code, values, report=report)


def _path(sound: Any, deadline: Deadline) -> Status | Fault:
    """Put everything to its place, open, play silence: the first fault that there is, the mixer's too."""
    sound.reset(deadline)
    result = sound.self_test(Level.EXTERNAL, deadline)
    status: Status = sound.poll(deadline)
    faults = [fault for fault in status.faults if fault.blocking or fault.detail.startswith("mixer")]
    if faults:
        return faults[0]
    if not result.passed:
        from devices.contracts.device import Action

        return Fault(result.report.rpartition(" ")[2] or "sound-failed", Action.CALL_TECHNICIAN, result.report)
    return status


def _heard(sound: Any, deadline: Deadline) -> LoopHeard | LoopSilent | Fault:
    if not isinstance(sound, Listening) or not sound.listens:
        return CANNOT
    return sound.listen(deadline)
