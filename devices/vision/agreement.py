"""Several frames must agree before anything is said. Pure: distances in, verdict out; knows no picture."""

from __future__ import annotations

from statistics import median

from devices.contracts.camera import FaceDiffers, FaceMatched
from devices.vision.parameters import FaceParameters


class Agreement:
    """Collects the distances of usable, different frames.

    Matched: ``agree`` of the last ``window`` frames lie below the threshold, and so does their median. The median,
    not the best: one lucky frame must not open the door. Differs: ``differ`` frames in all and the median above.
    """

    def __init__(self, wanted: FaceParameters) -> None:
        self._wanted = wanted
        self._distances: list[float] = []

    def add(self, distance: float) -> FaceMatched | FaceDiffers | None:
        """Verdict after one more frame, or None while open."""
        self._distances.append(distance)
        wanted = self._wanted
        recent = self._distances[-wanted.window :]
        middle = median(recent)
        if sum(one < wanted.threshold for one in recent) >= wanted.agree and middle < wanted.threshold:
            return FaceMatched(round(middle, 4), wanted.threshold)
        if len(self._distances) >= wanted.differ and middle >= wanted.threshold:
            return FaceDiffers(round(middle, 4), wanted.threshold)
        return None

    def at_deadline(self) -> FaceDiffers | None:
        """When time is up: differs if enough frames were seen and say so, else nothing can be said."""
        recent = self._distances[-self._wanted.window :]
        if len(recent) >= self._wanted.agree and (middle := median(recent)) >= self._wanted.threshold:
            return FaceDiffers(round(middle, 4), self._wanted.threshold)
        return None
