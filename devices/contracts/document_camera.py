"""Document camera (高拍仪): a live picture with the paper's outline, and pages that are taken when they are good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault

Corner = tuple[float, float]
Quad = tuple[Corner, Corner, Corner, Corner]
"""Corners in pixels of the frame they come with, clockwise from the one nearest its upper left."""


class DocumentHint(Enum):
    """What stands in the way of a good page, and so what the person can do; the value is the message key."""

    NO_DOCUMENT = "no_document"
    SEVERAL_DOCUMENTS = "several_documents"
    TOO_FAR = "too_far"
    TOO_CLOSE = "too_close"
    CUT_OFF = "cut_off"
    TOO_DARK = "too_dark"
    GLARE = "glare"
    BLURRED = "blurred"
    HOLD_STILL = "hold_still"
    NEXT_PAGE = "next_page"  # this page was taken already: lay down the next


class PageSize(Enum):
    """What a paper is by its size. Known only where the profile says how large a pixel is on the desk."""

    A4 = "a4"  # 210 x 297 mm (ISO 216)
    ID1 = "id1"  # 85.6 x 54 mm (ISO/IEC 7810): 身份证, 社保卡
    BOOKLET = "booklet"  # 125 x 88 mm, one page of a passport (ID-3), or 125 x 176 mm, two
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class DocumentFrame:
    """One preview frame. ``outline`` is the paper that would be taken, ``steady`` how near that is, 0-1."""

    jpeg: bytes
    width: int
    height: int
    sequence: int
    captured_at: float  # monotonic seconds
    outline: Quad | None = None
    hint: DocumentHint | None = None
    steady: float = 0.0

    def __repr__(self) -> str:
        return f"DocumentFrame({self.width}x{self.height} #{self.sequence})"


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """A page, straightened. ``measured`` says whether size and dpi were measured (the profile knows the distance);
    otherwise ``size`` is told by the sides' ratio alone where that is unique, the millimetres are that class's, and all
    of them and ``dpi`` are 0 where it is not. Upright as it lay before the camera: what stands on it is not read."""

    jpeg: bytes
    width: int
    height: int
    size: PageSize
    width_mm: float
    height_mm: float
    dpi: int
    measured: bool
    captured_at: float  # monotonic seconds

    def __repr__(self) -> str:  # a page is personal data
        return f"Page({self.width}x{self.height}, {self.size.value})"


@dataclass(frozen=True, slots=True)
class NotCaptured:
    """No good page was seen before the deadline (or before it was called off)."""

    hint: DocumentHint


@dataclass(frozen=True, slots=True)
class DocumentUnavailable:
    """The camera failed: take the material another way."""

    reason: Fault


CaptureOutcome = Page | NotCaptured | DocumentUnavailable
DocumentFrameListener = Callable[[DocumentFrame], None]
DocumentHintListener = Callable[[DocumentHint], None]


class DocumentCamera(Device, Protocol):
    """Pages and codes under a camera. Pictures never leave the child but as frames and pages; nothing is stored."""

    def start_preview(self, listener: DocumentFrameListener) -> None:
        """Deliver frames from the camera's own thread until ``stop_preview``; newest only."""
        ...

    def stop_preview(self) -> None: ...

    def capture(
        self,
        deadline: Deadline,
        *,
        next_page: bool = False,
        hint: DocumentHintListener | None = None,
        called_off: Event | None = None,
    ) -> CaptureOutcome:
        """Take the page as soon as it lies still and every gate is passed. ``next_page`` waits for another page than
        the one taken last. ``called_off``, once set, keeps it from beginning; ``cancel_capture`` after it ends a
        running one. Raises nothing that an outcome can say."""
        ...

    def cancel_capture(self) -> None:
        """End a running ``capture`` (or reading of codes) early, from any thread. Returns at once."""
        ...

    def abandon(self) -> None:
        """Kill the child, from any thread, within a second: for when ``release`` does not come to its turn."""
        ...

    def prepare(self, deadline: Deadline) -> Mapping[str, str]:
        """Start the child ahead of a capture."""
        ...

    def release(self) -> None:
        """Let go of camera and child, and with it of every picture; both start again when next needed."""
        ...
