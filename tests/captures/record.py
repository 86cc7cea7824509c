"""Records the kept captures anew: ``python -m tests.captures.record`` in the checkout, as root."""

from __future__ import annotations

from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.document_scanner import Mode, Scanned, ScanSettings, Source
from devices.contracts.printing import PagePrinter, PrintOutcome
from devices.drivers.cups.capture import CapturingWires
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp import testpage
from devices.drivers.sane.driver import SaneScanner
from devices.simulators.cups import CupsTwin
from devices.simulators.sane import SaneTwin
from devices.transports.program_capture import CapturingPrograms

CUPS = Path(__file__).with_name("cupsd-2.4.2-test-page.jsonl")
SANE = Path(__file__).with_name("scanimage-1.2.1-test-pages.jsonl")
SHEETS = ScanSettings(Source.FEEDER, Mode.COLOUR, 75, (50.0, 50.0))


def a_test_page(printer: PagePrinter) -> PrintOutcome:
    """What the capture of the printer holds."""
    printer.open(Deadline.after(20))
    assert printer.poll(Deadline.after(20)).usable
    return printer.print_pdf(testpage.page("capture"), title="test page", pages=1, deadline=Deadline.after(20))


def scanned_pages(scanner: SaneScanner) -> list[tuple[int, int, Mode]]:
    """What the capture of the scanner holds; the sizes and modes of the pages."""
    scanner.open(Deadline.after(20))
    pages = []
    for settings in (ScanSettings(dpi=75), SHEETS):
        outcome = scanner.scan(settings, deadline=Deadline.after(20))
        assert isinstance(outcome, Scanned)
        pages += [(page.width, page.height, page.mode) for page in outcome.pages]
    return pages


def main() -> None:
    for file in (CUPS, SANE):
        file.unlink(missing_ok=True)
    behind = CupsTwin("page_printer", pace=0.01)
    behind.start()
    printer = CupsPrinter(behind.port, wires=CapturingWires(CUPS))
    try:
        print(a_test_page(printer))
    finally:
        printer.close()
        behind.stop()
    scanner = SaneTwin("document_scanner")
    scanner.start()
    try:
        print(scanned_pages(SaneScanner(scanner.port, programs=CapturingPrograms(SANE))))
    finally:
        scanner.stop()


if __name__ == "__main__":
    main()
