"""The documents worker: papers are drawn in a child process, because drawing in a thread stalls the window.

Content travels as JSON over a pipe and the paper comes back as bytes: no file, no argument, no log.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kiosk.documents.glyphs import GlyphMissing
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.workers import Head, Worker, WorkerDied, WorkerError, WorkerRefused, serve

START_S = 20.0  # a cold start on a busy machine: interpreter, fonts, reportlab


class PaperNotRendered(WorkerError):
    """The paper cannot be made here; ``code`` says why (``certificate-too-long``, ``fonts-missing``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = False
        self.advice = "The paper is made at the counter."


class DocumentsWorker:
    """Draws papers. Starts at the first call, or ahead of it by ``prewarm``."""

    def __init__(self) -> None:
        self._worker = Worker("kiosk.documents.worker")

    @property
    def pid(self) -> int | None:
        return self._worker.pid

    @property
    def failures(self) -> int:
        """How often the child died or had to be killed."""
        return self._worker.failures

    def prewarm(self, deadline_s: float = START_S) -> None:
        """Start the child and load its fonts; waits for it (call from a thread of one's own). Raises WorkerError."""
        self._call({"do": "prewarm"}, deadline_s)

    def render(self, content: PaperContent, deadline_s: float) -> RenderedPaper:
        """The paper as bytes. Raises GlyphMissing, PaperNotRendered, WorkerOverran, WorkerDied."""
        head, data = self._call({"do": "render", "content": asdict(content)}, deadline_s)
        pdf = head.pop("pdf")
        if pdf:
            return RenderedPaper(**head, pdf=data)
        return RenderedPaper(**head, raster_rows=data)

    def release(self) -> None:
        """End the child; the next call starts another."""
        self._worker.release()

    def _call(self, head: Mapping[str, Any], deadline_s: float) -> tuple[Head, bytes]:
        """Once more when a child is found dead: drawing again does no harm, and nobody need know it was killed idle."""
        until = time.monotonic() + deadline_s
        try:
            try:
                return self._worker.call(head, deadline_s=deadline_s)
            except WorkerDied:
                return self._worker.call(head, deadline_s=until - time.monotonic())
        except WorkerRefused as refused:
            if refused.code == GlyphMissing.code:
                raise GlyphMissing(refused.details["fields"]) from None
            raise PaperNotRendered(refused.code) from None


def _content(raw: Mapping[str, Any]) -> PaperContent:
    pairs = tuple((label, value) for label, value in raw["rows"])
    return PaperContent(**{**raw, "rows": pairs, "notes": tuple(raw["notes"])})


def _handle(head: Head, body: bytes) -> tuple[Mapping[str, Any], bytes]:
    from kiosk.documents import render

    if head["do"] == "prewarm":
        render.prewarm()
        return {}, b""
    paper = render.render(_content(head["content"]))
    answer = {
        "paper_id": paper.paper_id,
        "kind": paper.kind,
        "pages": paper.pages,
        "raster_width": paper.raster_width,
        "raster_height": paper.raster_height,
        "pdf": bool(paper.pdf),
    }
    return answer, paper.pdf or paper.raster_rows


def _refusal(error: Exception) -> Head | None:
    from kiosk.documents.fonts import FontsMissing
    from kiosk.documents.page import CertificateTooLong

    if isinstance(error, GlyphMissing):
        return {"error": error.code, "fields": error.fields}
    if isinstance(error, CertificateTooLong | FontsMissing):
        return {"error": error.code}
    return None


if __name__ == "__main__":
    serve(_handle, _refusal)
