"""Bench tool: python -m devices.drivers.sscard status|read|selftest [--port READER] [--timeout S] [--json].

Prints what a card says to the person at the keyboard, and to nobody else: nothing is stored or logged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from devices.contracts.codes import ethnic_name, sex_name
from devices.contracts.deadline import Deadline
from devices.contracts.device import Level
from devices.contracts.identity import NoCard
from devices.contracts.social_card import SocialCardPartly, SocialCardRead
from devices.drivers import card_bench as bench
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard.driver import SocialCardSlot


def describe(outcome: SocialCardRead | SocialCardPartly) -> bench.Report:
    """All items of a card; dates are ISO 8601, None where the card has or shows none."""
    card = outcome.card
    partly = outcome.reason if isinstance(outcome, SocialCardPartly) else None
    return {
        "outcome": partly.code if partly else "read",
        "detail": partly.detail if partly else "",
        "version": card.version,
        "card_id": card.card_id,
        "region": card.region,
        "card_class": card.card_class,
        "organisation": card.organisation,
        "issued": card.issued and card.issued.isoformat(),
        "valid_to": card.valid_to and card.valid_to.isoformat(),
        "card_number": card.card_number,
        "number": card.number,
        "name": card.name,
        "sex": card.sex,
        "sex_name": sex_name(card.sex),
        "ethnic": card.ethnic,
        "ethnic_name": ethnic_name(card.ethnic),
        "birthplace": card.birthplace,
        "birth": card.birth and card.birth.isoformat(),
    }


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    slot = bench.slot(options)
    reader = PcscReader(options.port, slot=slot)
    device = SocialCardSlot(reader)
    try:
        if options.what == "status":
            return bench.status(device, deadline)
        if options.what == "selftest":
            return bench.self_test(device, Level(options.level), deadline)
        bench.await_card(slot, reader, deadline)
        outcome = device.read(deadline)
        if isinstance(outcome, NoCard):
            raise bench.no_card()
        return describe(outcome)
    finally:
        reader.close()


def main(arguments: Sequence[str] | None = None) -> int:
    return bench.finish(bench.parser("sscard", "Social-security card (社保卡)").parse_args(arguments), run)


if __name__ == "__main__":
    sys.exit(main())
