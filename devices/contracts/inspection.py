"""What a camera can say of itself when nobody is there: covered, moved, its glass dirty; and of a test page under it.

A reference is a small grey picture of what an unspoilt camera sees, taken at commissioning and after every repair,
with nobody in front of it and nothing under it. A camera that looks at people keeps one so coarse that nobody could
be known in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from devices.contracts.deadline import Deadline
from devices.contracts.document_camera import DocumentUnavailable, NotCaptured


class Place(Enum):
    """Where in the picture: nine fields, as one sees it on the screen."""

    UPPER_LEFT = "upper_left"
    UPPER = "upper"
    UPPER_RIGHT = "upper_right"
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    LOWER_LEFT = "lower_left"
    LOWER = "lower"
    LOWER_RIGHT = "lower_right"


class Third(Enum):
    """Which third of a printed page, held upright."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What several pictures had in common. ``spots`` names the field of each, the largest first; None where they were
    not looked for: no reference, or something lies there (``occupied``). ``moved`` None: could not be told.
    ``shift``: how far, in hundredths of the picture's diagonal."""

    covered: bool
    occupied: bool = False
    moved: bool | None = None
    shift: float = 0.0
    spots: tuple[Place, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A test page as it lay under the camera. ``code``: what its code says, empty where it could not be read.
    ``streaks``: the third in which each lies, None where the bars were not found. ``contrast``: white paper against
    the black bar, 0-1."""

    code: str
    streaks: tuple[Third, ...] | None
    contrast: float = 0.0


@runtime_checkable
class Inspecting(Protocol):
    """A camera that can be asked about itself. Called by the device's own thread."""

    def take_reference(self, deadline: Deadline) -> bytes:
        """What is kept of an unspoilt camera. DeviceError ``occupied``, ``covered``, and what any picture can meet."""
        ...

    def inspect(self, reference: bytes, deadline: Deadline) -> Inspection:
        """Several pictures against a reference; without one (``b""``) only whether it is covered. DeviceError
        (``bad-reference``: these bytes are none)."""
        ...


@runtime_checkable
class ReadingBack(Protocol):
    """A camera under which a printed test page can be laid."""

    def read_back(self, deadline: Deadline) -> ReadBack | NotCaptured | DocumentUnavailable:
        """Take the page as ``capture`` does, and judge what was printed. No picture leaves the child."""
        ...


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar across a test page: where it begins below the upper edge and how high it is (mm), and how black (0-1)."""

    top: float
    height: float
    ink: float


BARS = (Bar(100, 10, 0.12), Bar(115, 10, 0.3), Bar(130, 10, 0.55), Bar(145, 10, 1.0))
BAR_LEFT, BAR_RIGHT = 12.0, 198.0  # mm from the left edge of an A4 page
CODE_BOX = (16.0, 40.0, 40.0)  # left, top, side of the code (mm): so whoever reads it knows which way up the page lies
CODE_HEAD = "KIOSK-TEST "
"""What the code of every test page begins with. The printed page and whoever judges it share these numbers."""
