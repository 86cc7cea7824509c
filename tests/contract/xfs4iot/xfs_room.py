"""What the contract tests of devices behind XFS4IoT share: the twin's services, a deadline, a card put in."""

from __future__ import annotations

from devices.contracts.deadline import Deadline
from devices.drivers.xfs4iot.cards import XfsCard, XfsCardReader
from devices.simulators.xfs4iot import XfsTwin

SELECT = bytes.fromhex("00A4040000")
SERVICES = {
    "card_reader": "CardReader1",
    "receipt_printer": "ReceiptPrinter1",
    "page_printer": "DocumentPrinter1",
    "still_camera": "Camera1",
    "lights": "Lights1",
    "vendor_mode": "VendorMode1",
}


def soon() -> Deadline:
    return Deadline.after(5)


def inserted(reader: XfsCardReader, twin: XfsTwin) -> XfsCard:
    reader.admit(soon())
    twin.act("put", {})
    assert reader.present(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    return card
