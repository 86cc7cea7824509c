"""Reading a page (文字识别, OCR): its lines, and what a known kind of document says in them.

What was read is a proposal. Nobody but the person whose paper it is makes it a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level, TestResult


@dataclass(frozen=True, slots=True, repr=False)
class TextLine:
    """One line. The box is in pixels of the page as it reads, that is after ``Reading.turn``; ``confidence`` 0-1."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def __repr__(self) -> str:  # what stands on a paper is personal data
        return f"TextLine({len(self.text)} characters, {self.confidence:.2f})"


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """The lines of a page from its top down. ``turn``: by how many degrees, clockwise, the page had to be turned to be
    read (0, 90, 180, 270); ``width`` and ``height`` are those of the turned page, in pixels."""

    lines: tuple[TextLine, ...]
    width: int
    height: int
    turn: int = 0

    def __repr__(self) -> str:
        return f"Reading({len(self.lines)} lines, {self.width}x{self.height})"


@dataclass(frozen=True, slots=True, repr=False)
class FoundField:
    """One value of a document. ``confidence`` 0-1 is that of its worst line; ``checked``: a check digit fits."""

    name: str
    value: str
    confidence: float
    checked: bool = False

    def __repr__(self) -> str:
        return f"FoundField({self.name}, {self.confidence:.2f})"


class PageReader(Protocol):
    """Reads pages. Nothing is stored; memory and pictures go with ``release``. Any thread."""

    @property
    def capabilities(self) -> Mapping[str, str]:
        """``ocr``: ``installed`` (whether it also works, a self-test says) or ``not installed``."""
        ...

    def read(self, jpeg: bytes, deadline: Deadline) -> Reading:
        """The lines of a page. Raises DeviceError: ``ocr-missing``, ``picture-malformed``, ``picture-too-large``,
        ``reading-ended`` (by ``release``), ``child-died``, ``child-silent`` (at the deadline), ``child-garbage``."""
        ...

    def fields(self, document: str, reading: Reading) -> tuple[FoundField, ...]:
        """What a document of this kind says, as far as it may be offered: values that are sure enough and whose check
        digits fit. KeyError for a kind that is not known."""
        ...

    @property
    def failures(self) -> int:
        """How often the process behind it died or had to be killed."""
        ...

    def release(self) -> None:
        """End whatever is going on, at once, and give the memory back. It starts again when next needed."""
        ...

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL: the networks load. EXTERNAL: digits that are drawn for it are read right. Raises as ``read``."""
        ...
