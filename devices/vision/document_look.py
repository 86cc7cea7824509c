"""One picture of a desk, judged: the paper that would be taken, and what stands in the way. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.contracts.document_camera import DocumentHint, Page, Quad
from devices.vision import document_gates as gates
from devices.vision.document import Outline, find
from devices.vision.document_page import Measure, encode, even_light, is_paper, likeness, measure, straighten, thumbnail
from devices.vision.face import Image
from devices.vision.parameters import DocumentParameters


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """``outline`` is the largest paper, None where there is none; ``hint`` None where it can be taken."""

    hint: DocumentHint | None
    outline: Outline | None = None
    measure: Measure | None = None
    papers: int = 0

    @property
    def quad(self) -> Quad | None:
        return None if self.outline is None else quad_of(self.outline.corners)


def quad_of(corners: NDArray[np.float64], factor: float = 1.0) -> Quad:
    """Corners as plain numbers, in pixels of a picture ``factor`` times the size."""
    a, b, c, d = ((float(x + 0.5) * factor - 0.5, float(y + 0.5) * factor - 0.5) for x, y in corners)
    return a, b, c, d


def view(image: Image, wanted: DocumentParameters) -> View:
    """Judge one picture. The cheap gates come first: light and focus are judged of a paper that lies well."""
    outlines = find(image, wanted)
    hint = gates.place(outlines, wanted)
    if not outlines:
        return View(hint)
    first = outlines[0]
    if hint is not None:
        return View(hint, first, None, len(outlines))
    size = measure(first.corners, (image.shape[1], image.shape[0]), wanted)
    hint = gates.distance(first, size, wanted) or gates.look(image, first, size, wanted)
    return View(hint, first, size, len(outlines))


def take(image: Image, seen: View, at: float, wanted: DocumentParameters) -> Page:
    """The page of a view without a hint."""
    if seen.outline is None or seen.measure is None:
        raise ValueError("there is no page to take")
    size = seen.measure
    page = straighten(image, seen.outline.corners, (size.width, size.height))
    if wanted.shadow and is_paper(page):
        page = even_light(page)
    jpeg = encode(page, wanted.quality)
    return Page(jpeg, size.width, size.height, size.size, size.width_mm, size.height_mm, size.dpi, size.measured, at)


def print_of(image: Image, seen: View) -> NDArray[np.float32]:
    """What is remembered of a page to know it again."""
    if seen.outline is None:
        raise ValueError("there is no page to remember")
    return thumbnail(straighten(image, seen.outline.corners, (192, 192)))


def same(one: NDArray[np.float32], other: NDArray[np.float32], wanted: DocumentParameters) -> bool:
    """Whether two prints are of one page, lying either way up. Two copies of one form, filled in otherwise, are one."""
    turned = np.ascontiguousarray(other[::-1, ::-1])
    return max(likeness(one, other), likeness(one, turned)) > wanted.same_page
