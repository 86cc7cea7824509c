"""When a paper lies still: outlines and the clock in, progress out. Pure; knows no picture."""

from __future__ import annotations

import math

from devices.contracts.document_camera import Quad


class Steady:
    """``move`` is the largest movement of a corner that counts as rest, in the outline's own unit; ``seconds`` how long
    the rest must last."""

    def __init__(self, move: float, seconds: float) -> None:
        self._move, self._seconds = move, seconds
        self._at: Quad | None = None
        self._since = 0.0

    def see(self, outline: Quad | None, now: float) -> float:
        """How much of the rest has passed, 0-1, after an outline (None: none, or one that is not good enough).

        The outline is compared with where it lay when the rest began, so a slow drift is no rest."""
        if outline is None:
            self._at = None
            return 0.0
        if self._at is None or max(math.dist(a, b) for a, b in zip(self._at, outline, strict=True)) > self._move:
            self._at, self._since = outline, now
        return min(1.0, (now - self._since) / self._seconds) if self._seconds else 1.0

    @property
    def began(self) -> bool:
        """Whether a good outline is being watched."""
        return self._at is not None
