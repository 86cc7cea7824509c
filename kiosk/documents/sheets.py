"""A PDF that somebody has sent, as pictures of its pages: drawn in a child that is killed when it takes too long.

Whoever opens a stranger's file with a library of a hundred thousand lines does it where nothing else lies: the child
gets the bytes through a pipe, has bounded memory and processor time, no key and no store, and ends with its file.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from typing import Any

from kiosk.workers import Head, Worker, WorkerError, WorkerRefused, serve

SECONDS = 12.0  # for one file, the start of its child among them
MEMORY = 1 << 30  # bytes of address space that drawing may take beyond what the child has when it begins
TOLD = ("broken", "locked", "many", "pdf")
_turn = threading.Semaphore(2)  # files that are drawn at the same time


class NotDrawnError(Exception):
    """``code``: ``broken``, ``locked`` (a password), ``many`` (more pages than are taken), ``bomb`` (too much to draw),
    ``pdf`` (nothing is there to draw it with)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def drawn(pdf: bytes, most: int, side: int, quality: int) -> list[bytes]:
    """Its pages as JPEG, the longer side of ``side`` pixels. ``most``: pages. Raises NotDrawnError."""
    with _turn:
        worker = Worker("kiosk.documents.sheets")
        try:
            head, body = worker.call({"most": most, "side": side, "quality": quality}, pdf, deadline_s=SECONDS)
        except WorkerRefused as refused:
            raise NotDrawnError(refused.code if refused.code in TOLD else "bomb") from None
        except WorkerError:  # too long, too large: it was ended
            raise NotDrawnError("bomb") from None
        finally:
            worker.release()
    pages, at = [], 0
    for size in head["sizes"]:
        pages.append(body[at : at + size])
        at += size
    return pages


def _handle(head: Head, body: bytes) -> tuple[Mapping[str, Any], bytes]:
    import resource

    try:
        import pypdfium2  # type: ignore[import-untyped]  # ships no types
    except ImportError:
        raise NotDrawnError("pdf") from None
    soft = _address_space() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (soft, soft))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS) + 1))
    try:
        document = pypdfium2.PdfDocument(body)
        document.init_forms()  # before its pages: else what somebody has filled in is not drawn
        if not 0 < len(document) <= head["most"]:
            raise NotDrawnError("many" if len(document) else "broken")
        pages = [_page(document[number], head["side"], head["quality"]) for number in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise NotDrawnError("locked" if "password" in str(error).lower() else "broken") from None
    return {"sizes": [len(page) for page in pages]}, b"".join(pages)


def _page(page: Any, side: int, quality: int) -> bytes:
    """What is printed of it; fields that are filled in are drawn, scripts are not there to run."""
    longer = max(page.get_size())
    if longer <= 0:
        raise NotDrawnError("broken")
    image = page.render(scale=side / longer).to_pil().convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _address_space() -> int:
    """Bytes that this process has mapped now: libraries more than memory."""
    with open("/proc/self/statm", encoding="ascii") as told:
        return int(told.read().split()[0]) * 4096


def _refusal(error: Exception) -> Head | None:
    return {"error": error.code} if isinstance(error, NotDrawnError) else None


if __name__ == "__main__":
    serve(_handle, _refusal)
