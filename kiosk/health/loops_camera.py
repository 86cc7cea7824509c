"""Closed loops of cameras: is it covered, was it moved, is its glass dirty? No person is needed, and none is looked at.

Covered and moved are asked of every camera, dirty glass of the one that looks at an empty desk. The pictures are judged
in the camera's child and end there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Fault
from devices.contracts.inspection import Inspecting, Inspection
from kiosk.health.asking import CANNOT, ask
from kiosk.health.proofs import Outcome, Proof

if TYPE_CHECKING:
    from kiosk.counter.actors import Actor
    from kiosk.health.references import References

SECONDS = 20.0
CAMERAS = ("document_camera", "camera")
GLASS = ("document_camera",)  # what lies behind the glass of the others changes with every passer-by
_DEAD = frozenset({"gone", "frozen", "child-died", "child-silent", "child-garbage", "no-answer", "no-permission"})


class Sight:
    """``covered``: the camera sees what it saw when it was put into service, from where it stood then."""

    test = "covered"

    def __init__(self, kind: str, actor: Actor | None, references: References, now: Callable[[], datetime]) -> None:
        self.subject, self._actor, self._references, self._now = kind, actor, references, now

    def run(self) -> Proof:
        reference = self._references.of(self.subject)
        found = _inspected(self._actor, reference)
        if isinstance(found, Fault) and found.code == "bad-reference":
            found, reference = _inspected(self._actor, b""), b""
        if isinstance(found, Fault):
            return self._fault(found)
        if found.covered:
            return self._proof("failed", "sight-covered")
        if found.moved:
            return self._proof("failed", "sight-moved", "" if found.shift >= 100 else f"{found.shift:.0f}")
        if not reference:
            return self._proof("passed", "sight-uncompared")
        if found.moved is None and found.occupied:
            return self._proof("passed", "sight-occupied")
        return self._proof("passed", "sight-clear")

    def _fault(self, fault: Fault) -> Proof:
        if fault.code == CANNOT.code:
            return self._proof("unsure", "sight-cannot")
        code = "sight-dead" if fault.code in _DEAD else "sight-failed"
        return self._proof("failed" if fault.code in _DEAD else "unsure", code, fault.code)

    def _proof(self, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self._now(), self.subject, self.test, outcome, code, tuple(filter(None, values)))


class Glass:
    """``glass``: nothing is on the picture of the empty desk that was not there when the glass was clean."""

    test = "glass"

    def __init__(self, kind: str, actor: Actor | None, references: References, now: Callable[[], datetime]) -> None:
        self.subject, self._actor, self._references, self._now = kind, actor, references, now

    def run(self) -> Proof:
        reference = self._references.of(self.subject)
        if not reference:
            return self._proof("unsure", "glass-no-reference")
        found = _inspected(self._actor, reference)
        if isinstance(found, Fault):
            if found.code == "bad-reference":
                return self._proof("unsure", "glass-no-reference")
            return self._proof("unsure", "glass-not-seen", found.code)
        if found.spots is None:
            return self._proof("unsure", "glass-occupied" if found.occupied else "glass-unsure")
        if not found.spots:
            return self._proof("passed", "glass-clean")
        place = found.spots[0].value.replace("_", "-")
        return self._proof("failed", f"glass-dirty-{place}", str(len(found.spots)))

    def _proof(self, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self._now(), self.subject, self.test, outcome, code, values)


class Commission:
    """``reference``: keep what the camera sees now as what it has to see. Never at night: a person has cleaned and set
    it, stands beside it and says so.
    """

    test = "reference"

    def __init__(self, kind: str, actor: Actor | None, references: References, now: Callable[[], datetime]) -> None:
        self.subject, self._actor, self._references, self._now = kind, actor, references, now

    def run(self) -> Proof:
        found = ask(self._actor, _take, SECONDS)
        if isinstance(found, Fault):
            known = {"occupied": "reference-occupied", "covered": "reference-covered"}.get(found.code, "")
            return self._proof("failed", known or "reference-failed", *(() if known else (found.code,)))
        try:
            self._references.keep(self.subject, found)
        except OSError:
            return self._proof("failed", "reference-not-kept")
        return self._proof("passed", "reference-kept")

    def _proof(self, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(self._now(), self.subject, self.test, outcome, code, values)


def _inspected(actor: Actor | None, reference: bytes) -> Inspection | Fault:
    def command(camera: Any, deadline: Deadline) -> Inspection | Fault:
        return camera.inspect(reference, deadline) if isinstance(camera, Inspecting) else CANNOT

    found = ask(actor, command, SECONDS)
    if isinstance(found, Fault) and found.code == "covered":  # flat pictures that never change are told as frozen
        return Inspection(covered=True)
    return found


def _take(camera: Any, deadline: Deadline) -> bytes | Fault:
    if not isinstance(camera, Inspecting):
        return Fault(CANNOT.code, Action.NONE)
    return camera.take_reference(deadline)
