"""Every number of the camera and of the face check, with what it means. Standard library only: the parent
process builds these and sends them to the child.

No calibration on pictures of identity cards exists. The distances behind ``threshold`` were measured on 8 people
(public sample photographs), the card picture being 102x126 pixels in about 1 kB, taken from the *same* photograph
as the live picture: same person 0.24-0.48, different people 0.57-1.0; 99 further people (25x25 pixel crops) against
one: 0.61-0.97. Two photographs years apart lie further from each other. The network was trained mostly on adults of
European descent: expect more false matches among others, children above all, until it has been calibrated on site.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

LIMITS = (
    "threshold not calibrated on identity-card pictures",
    "liveness is not checked: a printed or shown picture passes",
    "trained mostly on adults of European descent: error rates for others are unknown",
)

LARGEST_THRESHOLD = 0.6  # what dlib documents for its network; beyond it strangers match


@dataclass(frozen=True, slots=True)
class CaptureParameters:
    """How frames are taken and when a camera counts as frozen or covered."""

    stale_after: float = 2.0
    """Seconds without a new frame after which the camera is ``frozen``."""
    identical_after: float = 3.0
    """Seconds of the very same picture after which the camera is ``frozen``: a live sensor always has noise."""
    covered_after: float = 0.7
    """Seconds of a picture without content after which the camera is ``covered``."""
    still: bool = False
    """True where the same picture again and again is right (a still picture shown in place of a person)."""
    open_seconds: float = 5.0
    """Longest that opening the source may take."""
    rate: float = 15.0
    """Preview frames a second, at most."""
    width: int = 640
    """Width of a preview frame in pixels, at most."""
    linger: float = 2.0
    """Seconds the source stays open after the last use, so that preview and check follow each other at once."""


@dataclass(frozen=True, slots=True)
class FaceParameters:
    """When a face is good enough to compare, and when two faces count as one person."""

    threshold: float = 0.5
    """Largest Euclidean distance of two descriptors of one person. dlib documents 0.6; 0.5 is stricter."""
    agree: int = 3
    """Different frames that must lie below the threshold, out of the last ``window``."""
    window: int = 5
    differ: int = 7
    """Usable frames after which, with the median above the threshold, the person is said to differ."""
    detector_width: int = 320
    """Width in pixels of the copy on which faces are looked for."""
    confidence: float = 0.75
    """Smallest confidence of the detector, 0-1."""
    rival: float = 0.5
    """A second face this tall, as a share of the tallest, makes ``several_faces``."""
    min_height: float = 0.2
    """Height of the face as a share of the frame: below it ``come_closer`` …"""
    max_height: float = 0.8
    """… above it ``step_back``."""
    min_pixels: int = 80
    """Height of the face in pixels of the full frame: below it ``come_closer``."""
    off_centre: float = 0.25
    """Distance of the face's middle from the frame's, as a share of width or height: above it ``centre``."""
    min_light: float = 45.0
    """Mean grey level of the face, 0-255."""
    max_light: float = 220.0
    min_sharpness: float = 15.0
    """Variance of the Laplacian over the face scaled to 112x112; a defocused face lies below 10."""
    max_move: float = 0.35
    """Movement between two looks as a share of the face's width: above it ``hold_still``."""
    max_reference_bytes: int = 4 * 1024 * 1024


def as_json(parameters: CaptureParameters | FaceParameters) -> dict[str, Any]:
    """For the message to the child."""
    return asdict(parameters)
