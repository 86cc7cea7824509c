"""Bench tool: python -m devices.drivers.staff_card status|read|selftest [--port READER] [--ask-pin] [--json].

``read`` tells the card's numbers, how many PINs it would still check, and whether it could prove that it is no copy.
With ``--ask-pin`` a PIN is asked for at the keyboard (or taken as one line from a pipe), never on the command line,
where every user of the machine could see it. It is sent to the card once.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.identity import NoCard
from devices.contracts.staff_card import PinAccepted, PinBlocked, PinMalformed, PinOutcome, PinWrong, Proof, Unproven
from devices.drivers import card_bench as bench
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.staff_card.driver import StaffCardSlot

_PIN_WORDS = {PinAccepted: "accepted", PinWrong: "wrong", PinBlocked: "blocked", PinMalformed: "malformed"}


def describe(proof: Proof, tries: int | None, pin: PinOutcome | None) -> bench.Report:
    card = proof.card
    report: bench.Report = {
        "card_id": card.card_id,
        "certificate": card.certificate,
        "key": card.key,
        "expires": card.expires and card.expires.isoformat(),
        "tries_left": tries,
        "proof": type(proof).__name__.lower(),
        "reason": proof.reason.code if isinstance(proof, Unproven) else "",
    }
    return report if pin is None else {**report, "pin": _PIN_WORDS[type(pin)]}


def run(options: argparse.Namespace) -> bench.Report:
    pin = _ask_pin() if options.ask_pin and options.what == "read" else None
    deadline = Deadline.after(options.timeout)
    slot = bench.slot(options)
    reader = PcscReader(options.port, slot=slot)
    device = StaffCardSlot(reader)
    try:
        if options.what == "status":
            return bench.status(device, deadline)
        if options.what == "selftest":
            return bench.self_test(device, Level(options.level), deadline)
        bench.await_card(slot, reader, deadline)
        outcome = device.verify_pin(pin, deadline) if pin is not None else None
        tries, proof = device.tries_left(deadline), device.prove(deadline)
        if isinstance(outcome, NoCard) or isinstance(tries, NoCard) or isinstance(proof, NoCard):
            raise bench.no_card()
        return describe(proof, tries, outcome)
    finally:
        device.disconnect()
        reader.close()


def _ask_pin() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("PIN: ")
    return sys.stdin.readline().rstrip("\r\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = bench.parser("staff_card", "Staff card (PIV)")
    parser.add_argument("--ask-pin", action="store_true", help="ask for the PIN and have the card check it, once")
    return bench.finish(parser.parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
