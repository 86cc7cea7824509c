"""Bench tool: python -m devices.drivers.pcsc status|read|selftest [--port READER] [--timeout S] [--json].

``read`` tells the card's answer to reset and which applications it has; nothing of what they hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import SmartCard
from devices.drivers import card_bench as bench
from devices.drivers.pcsc import protocol
from devices.drivers.pcsc.driver import PcscReader
from devices.transports.apdu import command


def describe(card: SmartCard, deadline: Deadline) -> bench.Report:
    """The card's ATR, taken apart, and its kinds. A card may have several applications, or none that is known here."""
    atr = protocol.parse_atr(card.atr)
    kinds = [
        application
        for application in protocol.APPLICATIONS
        if card.transmit(command(0xA4, 0x04, 0x00, application.aid, le=0), deadline).ok
    ]
    return {
        "atr": card.atr.hex().upper(),
        "protocols": [f"T={number}" for number in atr.protocols],
        "contactless": atr.contactless,
        "historical": atr.historical.hex().upper(),
        "kind": kinds[0].kind if kinds else "unknown",
        "kinds": [kind.kind for kind in kinds],
        "titles": [kind.title for kind in kinds],
    }


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    slot = bench.slot(options)
    reader = PcscReader(options.port, slot=slot)
    try:
        if options.what == "status":
            return bench.status(reader, deadline)
        if options.what == "selftest":
            return bench.self_test(reader, Level(options.level), deadline)
        bench.await_card(slot, reader, deadline)
        card = reader.connect(deadline)
        if isinstance(card, NoCard):
            raise bench.no_card()
        return {"reader": slot.port, **describe(card, deadline)}
    finally:
        reader.close()


def main(arguments: Sequence[str] | None = None) -> int:
    return bench.finish(bench.parser("pcsc", "Smart card reader by PC/SC").parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
