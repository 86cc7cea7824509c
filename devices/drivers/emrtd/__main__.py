"""Bench tool: python -m devices.drivers.emrtd status|read|selftest [--port READER] [--csca DIR] [--json].

``read`` needs what opens the chip: ``--mrz-file FILE`` (the lines of the zone; - is standard input), or
``--document-number N --birth YYMMDD --expiry YYMMDD``, or ``--can N``. A file is better: every process of the machine
sees a command line. Prints what a document says to the person at the keyboard, and to nobody else: nothing is
stored or logged, and no error repeats a key.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from devices.contracts.codes import sex_name
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Level
from devices.contracts.identity import NoCard
from devices.contracts.travel_document import (
    AccessKey,
    Authentic,
    Authenticity,
    CanKey,
    Forged,
    MrzKey,
    TravelDocument,
)
from devices.drivers import card_bench as bench
from devices.drivers.emrtd import mrz
from devices.drivers.emrtd.csca import CscaStore
from devices.drivers.emrtd.driver import EmrtdReader
from devices.drivers.emrtd.protocol import trouble
from devices.drivers.pcsc.driver import PcscReader
from devices.transports.slot import CardSlot

READ_SECONDS = 30.0  # for the document itself, once it lies there
MAX_MRZ_FILE = 4096


def describe(document: TravelDocument) -> bench.Report:
    """All items; dates are ISO 8601, the photograph is told by its size and digest, other data groups by their size."""
    photo = document.photo
    return {
        "kind": document.kind.value,
        "document_code": document.document_code,
        "number": document.number,
        "issuing_state": document.issuing_state,
        "surname": document.surname,
        "given_names": document.given_names,
        "native_name": document.native_name,
        "nationality": document.nationality,
        "birth": document.birth and document.birth.isoformat(),
        "sex": document.sex,
        "sex_name": sex_name(document.sex),
        "expiry": document.expiry and document.expiry.isoformat(),
        "optional_data": document.optional_data,
        "authenticity": describe_authenticity(document.authenticity),
        "photo": photo
        and {"encoding": photo.encoding, "bytes": len(photo.data), "sha256": sha256(photo.data).hexdigest()},
        "groups": {f"dg{number}": len(data) for number, data in document.groups.items()},
    }


def describe_authenticity(verdict: Authenticity) -> bench.Report:
    """``verdict`` is authentic, forged, untrusted or unverifiable; beside it what is known of it."""
    word = type(verdict).__name__.lower()
    if isinstance(verdict, Authentic):
        return {"verdict": word, "issuer": verdict.issuer}
    if isinstance(verdict, Forged):
        return {"verdict": word, "parts": list(verdict.parts)}
    return {"verdict": word, "reason": verdict.reason}


def run(options: argparse.Namespace) -> bench.Report:
    key = _key(options) if options.what == "read" else None
    deadline = Deadline.after(options.timeout)
    slot = bench.slot(options)
    reader = PcscReader(options.port, slot=slot)
    device = EmrtdReader(reader, CscaStore.load(options.csca), groups=options.groups)
    try:
        if options.what == "status":
            return bench.status(device, deadline)
        if key is None:
            return bench.self_test(device, Level(options.level), deadline)
        _await_document(slot, reader, deadline)
        outcome = device.read(key, Deadline.after(READ_SECONDS))
        if isinstance(outcome, NoCard):
            raise _no_card()
        return {**describe(outcome), "ms": device.statistics()["read_ms_last"]}
    finally:
        reader.close()


def _await_document(slot: CardSlot, reader: PcscReader, deadline: Deadline) -> None:
    try:
        bench.await_card(slot, reader, deadline)
    except DeviceError as error:
        raise _no_card() if error.code == "no-card" else error from None


def _no_card() -> DeviceError:
    advice = "Lay the document flat on the reader and leave it there until it has been read."
    return DeviceError("no-card", "no document was shown in time", advice=advice, retryable=True, action=Action.NONE)


def _keys_given(options: argparse.Namespace) -> int:
    """How many complete keys there are; a part of one counts as too many."""
    fields = (options.document_number, options.birth, options.expiry)
    given = [bool(options.mrz_file), bool(options.can), all(fields)]
    return sum(given) if all(fields) or not any(fields) else 2


def _key(options: argparse.Namespace) -> AccessKey:
    if options.can:
        return CanKey(options.can)
    if not options.mrz_file:
        return MrzKey(options.document_number, options.birth, options.expiry)
    try:
        with sys.stdin if options.mrz_file == "-" else Path(options.mrz_file).open(encoding="utf-8") as file:
            return mrz.parse(file.read(MAX_MRZ_FILE)).key
    except mrz.BadMrz as error:
        raise trouble("key-malformed", str(error)) from None
    except (OSError, ValueError):
        raise trouble("key-malformed", "the file cannot be read") from None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """argparse would repeat what was typed, which may be somebody's key."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: wrong usage; read needs one key: --mrz-file, or the three fields, or --can\n")


def _group_numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(",") if part)
    if not all(1 <= number <= 16 for number in numbers):
        raise ValueError(text)
    return numbers


def main(arguments: Sequence[str] | None = None) -> int:
    common = bench.parser("emrtd", "Electronic travel documents (ICAO 9303)")
    parser = _Parser(prog=common.prog, description=common.description, parents=[common], add_help=False)
    parser.add_argument("--mrz-file", metavar="FILE", help="the lines of the machine readable zone; - for stdin")
    parser.add_argument("--document-number", metavar="N")
    parser.add_argument("--birth", metavar="YYMMDD")
    parser.add_argument("--expiry", metavar="YYMMDD")
    parser.add_argument("--can", metavar="N", help="card access number, for chips that know PACE")
    parser.add_argument("--csca", type=Path, metavar="DIR", help="certificates of the countries that are believed")
    parser.add_argument("--groups", type=_group_numbers, default=(), metavar="N,N", help="data groups besides 1 and 2")
    options = parser.parse_args(arguments)
    if options.what == "read" and _keys_given(options) != 1:
        parser.error("")
    return bench.finish(options, run)


if __name__ == "__main__":
    sys.exit(main())
