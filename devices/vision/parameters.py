"""Every number of the cameras, of the face check, of papers and codes, with what it means. Standard library only: the
parent process builds these and sends them to the child.

No calibration on pictures of identity cards exists. The distances behind ``threshold`` were measured on 8 people
(public sample photographs), the card picture being 102x126 pixels in about 1 kB, taken from the *same* photograph
as the live picture: same person 0.24-0.48, different people 0.57-1.0; 99 further people (25x25 pixel crops) against
one: 0.61-0.97. Two photographs years apart lie further from each other. The network was trained mostly on adults of
European descent: expect more false matches among others, children above all, until it has been calibrated on site.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from devices.contracts.device import Action, DeviceError

LIMITS = (
    "threshold not calibrated on identity-card pictures",
    "a comparison alone does not check liveness: a printed or shown picture passes",
    "trained mostly on adults of European descent: error rates for others are unknown",
)
LIVENESS_LIMITS = "liveness challenge: stops a photograph and a frozen picture; not a film, a mask or a reacting screen"
LIVENESS_MISSING = "liveness is not offered: the extra 'liveness' is not installed"

OCR_MISSING = "pages are not read: the extra 'ocr' is not installed"
OCR_UNTRIED = "tried on drawn documents alone, on no picture of a camera"

LARGEST_THRESHOLD = 0.6  # what dlib documents for its network; beyond it strangers match


@dataclass(frozen=True, slots=True)
class CaptureParameters:
    """How frames are taken and when a camera counts as frozen or covered."""

    stale_after: float = 1.5
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
    looks: float = 15.0
    """Looks at a face a second, at most: a hint that comes later than that is not missed, and the rest of the processor
    is the window's."""
    max_reference_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DocumentParameters:
    """How papers are looked for, when a picture of one is good enough, and when the shot is taken by itself.

    Chosen on generated scenes (``tests/unit/test_document_scenes.py``), not calibrated on any real document camera."""

    search_width: int = 640
    """Width in pixels of the copy on which papers are looked for: at 8 MP, 22 ms instead of 35 for all of it."""
    min_share: float = 0.015
    """Smallest paper, as a share of the picture's area: an identity card under a camera that sees A3 is 0.03."""
    max_share: float = 0.97
    filled: float = 0.75
    """How much of its hull a blob that runs out of the picture must fill to count as a paper."""
    fit: float = 0.9
    """How much of its four-cornered outline a paper's hull must fill."""
    support: float = 0.6
    """Share of every side that must lie on a steep edge."""
    max_skew: float = 0.5
    """Largest cosine of a corner's angle (60 to 120 degrees)."""
    max_aspect: float = 6.0
    reach: float = 6.0
    """How far from the side found on the small copy its edge is looked for, in pixels of that copy."""
    stations: int = 48
    """Places along a side at which the edge is measured."""
    edge: float = 8.0
    """Smallest step of grey at an edge that counts."""
    min_dpi: float = 150.0
    """Resolution of the page below which the paper is ``too_far``, where it is known …"""
    far_share: float = 0.05
    """… and the share of the picture below which a paper of no known class is."""
    close_borders: int = 3
    """A paper that runs out of this many borders is ``too_close``; of fewer, ``cut_off``."""
    rival: float = 0.25
    """A second paper this large, as a share of the largest, makes ``several_documents``."""
    min_light: float = 95.0
    """Grey level of the paper's bright parts (90 of 100 pixels are darker): below it ``too_dark``."""
    glare_level: float = 252.0
    """Grey level from which a pixel is blown out …"""
    glare_share: float = 0.004
    """… the share of the page in one blown-out patch that makes ``glare`` …"""
    glare_rise: float = 10.0
    """… and how far the patch must rise above the paper around it; paper that is blown out everywhere is glare too."""
    min_sharpness: float = 0.2
    """Steepest grey steps of the page (99.5 of 100 are gentler), as a share of its range of grey: below it
    ``blurred``. Measured on the page at 1000 pixels of height: generated print has 0.4 and more, 0.25 with a blur of
    one pixel there (standard deviation), 0.15 with two."""
    steady_move: float = 0.006
    """Largest movement of a corner between two looks, as a share of the picture's diagonal: above it ``hold_still``."""
    steady_seconds: float = 0.6
    """How long the outline must rest before the picture is taken."""
    same_page: float = 0.55
    """How well two small pictures of pages fit each other (1: wholly): above it it is the same page again. Of drawn
    papers, laid down anew in other light: the same 0.82 and more, another kind of paper 0.28 and less."""
    size_tolerance: float = 0.1
    """How far a side may lie from a class's, as a share of it (the sides' ratio: half as far)."""
    mm_per_pixel: float = 0.0
    """Millimetres on the desk per pixel of the full picture, from the profile; 0 where the distance is not known."""
    shadow: bool = True
    """Whether uneven light is taken out of pages that are mostly paper."""
    quality: int = 90
    """JPEG quality of pages."""


@dataclass(frozen=True, slots=True)
class InspectionParameters:
    """When a camera counts as covered or moved, its glass as dirty, a print as streaked.

    Chosen on generated scenes (``tests/unit/test_inspection_scenes.py``), not calibrated on any real camera."""

    pictures: int = 5
    """Pictures that are looked at, no two of them the same …"""
    pause: float = 0.15
    """… and the seconds between two."""
    width: int = 320
    """Width in pixels of the small picture on which all this is judged, and of the reference."""
    spots: bool = True
    """Whether spots are looked for: only where what is seen is always the same (a desk, never a street)."""
    flat: float = 5.0
    """Standard deviation of the grey levels below which a picture shows nothing."""
    texture_left: float = 0.3
    """Share of the reference's edges below which the camera is covered."""
    relief: float = 0.8
    """Standard deviation, in hundredths of the light, that a piece of the reference must have to be looked for."""
    pieces: int = 4
    """Pieces of twelve that must have it; with fewer nobody can say whether the camera was moved."""
    pieces_found: float = 0.3
    """Share of those pieces that must be found again; with fewer the camera looks elsewhere."""
    max_shift: float = 0.012
    """Movement as a share of the diagonal above which the camera was moved: at 420 mm of desk, 6 mm."""
    spot_strength: float = 0.07
    """Share of its light that a spot takes or adds, at least …"""
    spot_noises: float = 7.0
    """… and how many times the noise of the comparison that is."""
    spot_share: float = 0.00022
    """Smallest spot, as a share of the picture's area: on a desk of 420 mm, 6 mm across."""
    spot_rim: float = 0.17
    """How steep its rim must be, per pixel of the small picture, as a share of the strength asked for."""
    streak_strength: float = 0.045
    """How much lighter or darker than its neighbours a column must be, as a share of white …"""
    streak_bars: int = 2
    """… in so many of the four bars …"""
    streak_mm: float = 0.4
    """… over so many millimetres."""
    bar_contrast: float = 0.35
    """White paper against the black bar, below which the print is faded, or no test page."""


@dataclass(frozen=True, slots=True)
class LivenessParameters:
    """How a sign of life is asked for and recognised.

    Chosen on one photograph that was bent to turn and blink (``devices/simulators/motion.py``): turning by 26 degrees
    moves ``turn`` by 0.4, a flat picture tilted by 40 degrees by 0.17; closed eyes have a fifth of their openness.
    Not calibrated on people."""

    challenges: int = 3
    """How many challenges; with 3 there are 10 sequences, with 4 there are 22."""
    rest_pictures: int = 4
    """Different pictures of a still, straight face before the first challenge and after each."""
    rest_turn: float = 0.12
    """Largest range of ``turn`` that counts as still, and as straight again."""
    straight_turn: float = 0.3
    """Largest ``turn`` of a face that looks straight at the camera, whatever its nose."""
    open_eyes: float = 0.16
    """Smallest openness of eyes that may be asked to blink; narrow eyes have 0.2 and more."""
    turn: float = 0.25
    """How far the head must turn from its own straight look."""
    shut_share: float = 0.45
    """Openness of closed eyes as a share of the same eyes' at rest …"""
    open_share: float = 0.75
    """… and of eyes that are open again."""
    pictures: int = 2
    """Pictures in a row that must show a turn."""
    earliest: float = 0.2
    """Seconds after the question before which no person can have begun to answer."""
    answer_seconds: float = 7.0
    """Longest wait for an answer, and for rest after it."""
    lost_seconds: float = 0.8
    """Longest time without a face in between."""
    jump: float = 0.6
    """Movement of the face between two pictures as a share of its width that counts as another face put there."""


@dataclass(frozen=True, slots=True)
class CodeParameters:
    """How codes are read in pictures."""

    max_pixels: int = 1920 * 1080
    """Larger pictures are shrunk to this: it bounds the time of one look (50 ms for print, 0.2 s for noise)."""


@dataclass(frozen=True, slots=True)
class OcrParameters:
    """How pages are read (``devices/vision/ocr.py``). What is offered of them stands in ``ocr_fields.toml``."""

    idle: float = 20.0
    """Seconds without a page after which the reading process ends and gives back its memory."""
    max_pixels: int = 32_000_000
    """Pixels of the largest page that is decoded (an A4 page at 400 dpi has 15 million)."""
    max_bytes: int = 24 * 1024 * 1024
    """Bytes of the largest page that is sent to the process."""
    threads: int = 1
    """Threads of the networks: two cores serve the whole terminal."""


Parameters = (
    CaptureParameters | FaceParameters | DocumentParameters | InspectionParameters | LivenessParameters | CodeParameters
)
ParametersT = TypeVar("ParametersT", CaptureParameters, FaceParameters, DocumentParameters, LivenessParameters)


def as_json(parameters: Parameters) -> dict[str, Any]:
    """For the message to the child."""
    return asdict(parameters)


def changed(parameters: ParametersT, values: Mapping[str, float | bool]) -> ParametersT:
    """The parameters with a profile's values. DeviceError ``bad-parameter`` for one that is not there, is no number,
    or is below 0."""
    known = {one.name: type(getattr(parameters, one.name)) for one in fields(parameters)}
    for name, value in values.items():
        kind = known.get(name)
        fits = isinstance(value, bool) if kind is bool else isinstance(value, int | float) and 0 <= value < math.inf
        if kind is None or not fits or (kind is not bool and isinstance(value, bool)):
            raise DeviceError(
                "bad-parameter",
                f"{name} = {value!r} is no setting of {type(parameters).__name__}",
                advice=f"The profile may set {', '.join(known)}.",
                retryable=False,
                action=Action.CONFIGURE,
            )
    return replace(parameters, **{name: known[name](value) for name, value in values.items()})
