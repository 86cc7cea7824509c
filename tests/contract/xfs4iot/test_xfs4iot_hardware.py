"""Devices behind real XFS4IoT services (``--hardware``)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.drivers.xfs4iot.cards import XfsCardReader
from devices.drivers.xfs4iot.printer import XfsReceiptPrinter
from tests.contract.test_receipt_printer import ReceiptPrinterContract
from tests.contract.xfs4iot.xfs_room import soon


@pytest.mark.hardware
class TestReceiptPrinterOnADevice(ReceiptPrinterContract):
    """HARDWARE_XFS_PRINTER names the service: ws://host:5846/xfs4iot/v1.0/…. It prints a few receipts."""

    @pytest.fixture
    def printer(self) -> Iterator[XfsReceiptPrinter]:
        printer = XfsReceiptPrinter(os.environ["HARDWARE_XFS_PRINTER"])
        printer.open(soon())
        yield printer
        printer.close()


@pytest.mark.hardware
def test_a_card_answers_on_a_device() -> None:
    """HARDWARE_XFS_READER names the service; put a chip card in within 30 seconds."""
    reader = XfsCardReader(os.environ["HARDWARE_XFS_READER"])
    reader.open(soon())
    try:
        assert reader.self_test(Level.INTERACTIVE, Deadline.after(30)).passed is True
        reader.eject(soon())
    finally:
        reader.close()
