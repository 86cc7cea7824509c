"""Printers behind XFS4IoT keep the contracts of receipt and page printers, over the wire in both editions."""

from __future__ import annotations

from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.printing import NotPrinted, Printed, Unknown
from devices.drivers.escpos import protocol as escpos
from devices.drivers.xfs4iot.printer import XfsPagePrinter, XfsReceiptPrinter
from devices.simulators.xfs4iot import XfsTwin
from tests.contract.test_page_printer import PDF, TITLE, PagePrinterContract
from tests.contract.test_receipt_printer import RECEIPT, ReceiptPrinterContract
from tests.contract.xfs4iot.xfs_room import soon


class TestReceiptPrinter(ReceiptPrinterContract):
    @pytest.fixture
    def printer(self, made: Any) -> XfsReceiptPrinter:
        return made("receipt_printer")  # type: ignore[no-any-return]

    def test_the_paper_got_every_dot_and_was_presented(self, twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)
        assert twin.receipts.printed == [escpos.INITIALISE + b"".join(escpos.bands(RECEIPT))]
        assert printer.poll(soon()).details["media"] == "present"
        assert not printer.taken(Deadline.after(0.2))
        twin.act("take-paper", {})
        assert printer.taken(soon())

    def test_what_nobody_took_can_be_drawn_in(self, twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
        printer.print_raster(RECEIPT, cut=True, deadline=soon())
        printer.retract(soon())
        printer.retract(soon())
        assert twin.receipts.media == "notPresent"

    @pytest.mark.parametrize("level", ["full", "low", "out", "jammed", "unknown"])
    def test_paper_is_told_as_it_is(self, twin: XfsTwin, printer: XfsReceiptPrinter, level: str) -> None:
        twin.act("paper", {"level": level})
        status = printer.poll(soon())
        assert status.details["paper"] == level
        assert status.usable is (level not in ("out", "jammed"))
        assert bool(status.faults) is (level != "full")

    @pytest.mark.parametrize(
        ("trouble", "outcome", "code"),
        [
            ("paper-out", NotPrinted, "media-empty"),
            ("jam", Unknown, "media-jam"),
            ("retracted", NotPrinted, "media-retracted"),
            ("not-presented", Unknown, "not-presented"),
        ],
    )
    def test_trouble_in_the_middle_is_never_printed_and_the_next_one_is(
        self, twin: XfsTwin, printer: XfsReceiptPrinter, trouble: str, outcome: type, code: str
    ) -> None:
        twin.act(trouble, {})
        result = printer.print_raster(RECEIPT, cut=True, deadline=soon())
        assert isinstance(result, outcome)
        assert result.reason.code == code  # type: ignore[attr-defined]
        twin.act("ok", {})
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)


class TestPagePrinter(PagePrinterContract):
    @pytest.fixture
    def printer(self, made: Any) -> XfsPagePrinter:
        return made("page_printer")  # type: ignore[no-any-return]

    def test_the_pdf_arrives_byte_for_byte(self, twin: XfsTwin, printer: XfsPagePrinter) -> None:
        assert printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon()) == Printed(1)
        assert twin.pages.printed == [PDF]

    @pytest.mark.parametrize("trouble", [("toner", "toner-empty"), ("device", "hardware-error")])
    def test_what_is_known_before_keeps_the_job_from_being_sent(
        self, twin: XfsTwin, printer: XfsPagePrinter, trouble: tuple[str, str]
    ) -> None:
        twin.act(trouble[0], {"service": "DocumentPrinter1", "state": "hardwareError"})
        result = printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon())
        assert isinstance(result, NotPrinted)
        assert result.reason.code == trouble[1]
        assert twin.pages.printed == []
