"""Captures of foreign programs that are kept in the tree: the drivers still say the same, and make the same of it.

Needs neither cupsd nor scanimage, and no root.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.document_scanner import Mode, ScanSettings
from devices.contracts.printing import Printed
from devices.drivers.cups.capture import ReplayWires
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.ipp import testpage
from devices.drivers.sane.driver import SaneScanner
from devices.transports.capture import ReplayMismatch
from devices.transports.program_capture import ReplayPrograms
from tests.captures.record import CUPS, SANE, a_test_page, scanned_pages


def printer(wires: ReplayWires) -> CupsPrinter:
    return CupsPrinter("cups:Kiosk", wires=wires, pause=lambda _: None)


def test_a_page_through_cupsd_is_printed_again() -> None:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    wires = ReplayWires.load(CUPS)
    again = printer(wires)
    try:
        assert a_test_page(again) == Printed(1)
    finally:
        again.close()
    assert wires.finished


@pytest.mark.parametrize(
    ("page", "title", "says"),
    [
        ("another", "test page", r"exchange 7, byte \d+ of the document: sent \w+, captured \w+"),
        ("capture", "another", "operation 0x0005: job-name differs"),
    ],
)
def test_another_document_or_title_is_not_what_was_captured(page: str, title: str, says: str) -> None:
    pytest.importorskip("cups", reason="needs pycups (the extra: cups)")
    wires = ReplayWires.load(CUPS)
    again = printer(wires)
    try:
        for _ in range(2):
            again.open(Deadline.after(20))
        with pytest.raises(ReplayMismatch, match=says) as caught:
            again.print_pdf(testpage.page(page), title=title, pages=1, deadline=Deadline.after(20))
        assert "another" not in str(caught.value)
    finally:
        again.close()


def test_pages_of_scanimage_come_whole_again() -> None:
    programs = ReplayPrograms(SANE)
    pages = scanned_pages(SaneScanner("sane:test:1", programs=programs))
    assert pages[0] == (620, 876, Mode.GREY)
    assert len(pages) == 11
    assert programs.finished


def test_another_resolution_is_not_what_was_captured() -> None:
    programs = ReplayPrograms(SANE)
    scanner = SaneScanner("sane:test:1", programs=programs)
    scanner.open(Deadline.after(20))
    with pytest.raises(ReplayMismatch, match="run 2, word 5: '--resolution=100', captured '--resolution=75'"):
        scanner.scan(ScanSettings(dpi=100), deadline=Deadline.after(20))


@pytest.mark.parametrize("file", [CUPS, SANE], ids=["cups", "sane"])
def test_a_kept_capture_is_small_and_names_no_machine(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text) < 100_000
    entries = [json.loads(line) for line in text.splitlines()]
    said = b"".join(bytes.fromhex(entry.get("hex", "")) for entry in entries).decode("latin-1") + text
    for host in said.split("://")[1:]:
        assert host.startswith(("localhost", "127.0.0.1"))
