"""A certificate as the office has sealed it is printed where it is to be had; else the terminal draws its own."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.printing import Printed, PrintOutcome
from kiosk.counter.printing import PrintDesk
from kiosk.domain.papers import PaperContent, RenderedPaper


class Printer:
    def __init__(self) -> None:
        self.got: list[object] = []

    def subscribe(self, listener: Any) -> Any:
        return lambda: None

    def refresh(self) -> None: ...

    def submit(self, command: Any, timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(command(self, Deadline.after(timeout)))
        return future

    def print_pdf(self, pdf: bytes, **_: Any) -> PrintOutcome:
        self.got.append(pdf)
        return Printed(1)

    def print_raster(self, raster: Any, **_: Any) -> PrintOutcome:
        self.got.append("receipt")
        return Printed(1)


class Documents:
    def render(self, content: PaperContent, deadline_s: float) -> RenderedPaper:
        return RenderedPaper(content.paper_id, content.kind, 1, b"drawn here", 8, 1, b"\0")


def printed(sealed: bytes) -> list[object]:
    asked: list[str] = []

    def ask(paper: PaperContent) -> bytes:
        asked.append(paper.paper_id)
        return sealed

    page, receipt = Printer(), Printer()
    desk = PrintDesk(
        Documents(), page, receipt, lambda event: None, lambda paper: None, lambda paper, outcome: None,  # type: ignore[arg-type]
        lambda error: None, sealed=ask,
    )  # fmt: skip
    papers = (PaperContent(kind, kind, kind, "", "case-1", "", {}) for kind in ("certificate", "receipt"))
    desk.print_papers(tuple(papers))
    assert asked == ["certificate"], "a receipt is the terminal's own"
    return [*page.got, *receipt.got]


def test_the_sealed_one_goes_to_the_printer_as_it_is() -> None:
    assert printed(b"%PDF sealed") == [b"%PDF sealed", "receipt"]


def test_without_it_the_terminal_draws_its_own() -> None:
    assert printed(b"") == [b"drawn here", "receipt"]
