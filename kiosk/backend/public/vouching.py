"""Is a paper genuine: its mark, a picture of it, or a sealed PDF, held against the list as it is now (kiosk.papers).

The same judgement as the published page and `kiosk paper verify`, made here for whoever has no page at hand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.backend.late import Late
from kiosk.backend.public import uploads
from kiosk.papers.judging import Judgement, Verdict, judge
from kiosk.papers.listing import PaperList
from kiosk.papers.statement import Statement

FRESH = 60.0  # seconds for which a list is used again: to make one takes longer than to judge
LARGEST = 2 * 1024 * 1024  # bytes of a sealed PDF: ours have a tenth of that


@dataclass(frozen=True, slots=True)
class Vouched:
    """``verdict``: of kiosk.papers.judging or kiosk.seals.checking; ``notes`` theirs. ``said``: what is under the mark,
    None where nothing said can be believed. ``authority``, ``sealed_at``: of a sealed PDF.
    """

    verdict: str
    notes: tuple[str, ...] = ()
    said: Statement | None = None
    why: str = ""
    authority: str = ""
    sealed_at: datetime | None = None

    @property
    def void(self) -> bool:
        """Whole, and of no effect: made for trying out, or under a sample seal. Nobody may take that for a yes."""
        return self.verdict == "genuine" and not {"sample", "test"}.isdisjoint(self.notes)


class Vouching:
    """Thread-safe. ``clock`` is monotonic, seconds."""

    def __init__(self, late: Late, now: Callable[[], datetime], clock: Callable[[], float]) -> None:
        self._late, self._now, self._clock = late, now, clock
        self._lock = threading.Lock()
        self._known: tuple[float, PaperList] | None = None

    def mark(self, text: str) -> Vouched:
        """``text``: what the code holds."""
        return _told(judge(text, self._list(), self._now()))

    def file(self, data: bytes) -> Vouched:
        """A picture of the paper, or a sealed PDF. Raises uploads.NotTakenError."""
        if data.startswith(b"%PDF-"):
            return self._pdf(data)
        return self.mark(_code_in(data))

    def _pdf(self, data: bytes) -> Vouched:
        from kiosk.seals.checking import check

        if len(data) > LARGEST:
            raise uploads.NotTakenError("size")
        uploads.cleaned(data)  # nothing in it may unpack without end
        found = check(data, self._now(), vouched=self._list().seals)
        by_mark = self.mark(found.mark) if found.mark else None
        said = None if by_mark is None else by_mark.said
        if found.verdict.value == "genuine" and by_mark is not None and by_mark.verdict != "genuine":
            return by_mark  # whole, and revoked or replaced since
        more = () if by_mark is None else by_mark.notes  # a trial's certificate bears the office's own seal, too
        notes = (*found.notes, *(note for note in more if note not in found.notes))
        return Vouched(found.verdict.value, notes, said, "", found.authority, found.sealed_at)

    def _list(self) -> PaperList:
        with self._lock:
            if self._known is None or self._clock() - self._known[0] > FRESH:
                self._known = self._clock(), self._late.published()[1]
            return self._known[1]


def _told(found: Judgement) -> Vouched:
    why = "" if found.revocation is None else found.revocation.why
    believed = found.statement if found.verdict in (Verdict.GENUINE, Verdict.REVOKED, Verdict.REPLACED_KEY) else None
    return Vouched(found.verdict.value, found.notes, believed, why)


def _code_in(data: bytes) -> str:
    """What the mark's code in a picture holds; of several codes the one with a mark, "" where there is none."""
    import zxingcpp

    from kiosk.papers.mark import NoMark, find

    if len(data) > uploads.LARGEST:
        raise uploads.NotTakenError("size")
    if not data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise uploads.NotTakenError("type")
    for code in zxingcpp.read_barcodes(uploads.opened(data)):
        try:
            find(code.text)
        except NoMark:
            continue
        return str(code.text)
    return ""
