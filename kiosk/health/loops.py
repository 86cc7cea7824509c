"""A closed loop: the terminal tries a thing whole and looks at what came of it, with no person between.

A page with a code is printed and read back by the document camera, a chime is heard by the microphone.
"""

from __future__ import annotations

from typing import Protocol

from kiosk.health.proofs import Proof


class Loop(Protocol):
    """``subject`` and ``test`` are those of the proof that it gives. ``run`` blocks, on a worker's thread, for minutes
    at most; what goes wrong is an outcome of the proof. Who has it run keeps the proof.
    """

    @property
    def subject(self) -> str: ...

    @property
    def test(self) -> str: ...

    def run(self) -> Proof: ...
