"""A paper to print, as content: what the documents room turns into a PDF or a raster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, repr=False)
class PaperContent:
    """One paper. ``kind`` is ``receipt`` or ``certificate``; ``template`` names the layout; ``values`` its texts.

    ``copy`` 0 is the original; from 1 on the paper says that it is a copy (副本, 补打). ``mark`` is what the code will
    state, signed when the paper is printed (kiosk.papers): item, service, outcome, rung, at (ISO 8601), shown (texts
    that the paper shows, one a line); empty for a paper that is not to be vouched for.
    """

    paper_id: str
    kind: str
    template: str
    title: str
    case_id: str
    case_no: str
    values: Mapping[str, str]
    rows: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    qr: str = ""
    copy: int = 0
    test: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    mark: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"PaperContent({self.paper_id}, {self.template}, copy {self.copy})"


@dataclass(frozen=True, slots=True, repr=False)
class RenderedPaper:
    """A paper ready for its printer: ``pdf`` for A4, or a packed 1-bit raster for the receipt printer."""

    paper_id: str
    kind: str
    pages: int
    pdf: bytes = b""
    raster_width: int = 0
    raster_height: int = 0
    raster_rows: bytes = b""

    def __repr__(self) -> str:
        return f"RenderedPaper({self.paper_id}, {self.kind}, {self.pages} page(s))"
