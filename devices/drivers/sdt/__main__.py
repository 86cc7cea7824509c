"""Bench tool: python -m devices.drivers.sdt status|read|selftest [--port P] [--baud N] [--timeout S] [--json].

``read`` takes ``--newest-address`` and ``--fingerprint`` (says how many fingers the card holds, nothing of them).

Prints what a card says to the person at the keyboard, and to nobody else: nothing is stored or logged.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from devices.contracts.codes import ethnic_name, sex_name
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Level
from devices.contracts.identity import IdentityDocument, NoCard
from devices.drivers.arguments import seconds
from devices.drivers.sdt.driver import FIND_SECONDS, SdtReader, line
from devices.drivers.sdt.protocol import BAUD_CODES
from devices.transports.capture import CapturingStream

BY_ID = Path("/dev/serial/by-id")
Report = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        report = _run(options)
    except DeviceError as error:
        _print({"error": describe(error)}, options.json)
        return 1
    except OSError as error:
        _print({"error": describe(unusable_file(error))}, options.json)
        return 1
    _print(report, options.json)
    return 0 if report.get("passed") is not False else 1


def unusable_file(error: OSError) -> DeviceError:
    """A file of the command line (``--capture``) that cannot be read or written."""
    message = f"{error.filename or 'a file'} cannot be used: {error.strerror or type(error).__name__}"
    return DeviceError("file", message, advice="Check the file's name and folder.", retryable=False)


def describe(error: DeviceError) -> Report:
    """A DeviceError as the bench tools print it."""
    return {"code": error.code, "message": str(error), "advice": error.advice, "retryable": error.retryable}


def describe_document(document: IdentityDocument) -> Report:
    """All items of a card; dates are ISO 8601, the photograph is told by its size and digest."""
    photo = document.photo
    return {
        "kind": document.kind.value,
        "number": document.number,
        "name": document.name,
        "sex": document.sex,
        "sex_name": sex_name(document.sex),
        "ethnic": document.ethnic,
        "ethnic_name": ethnic_name(document.ethnic),
        "birth": document.birth.isoformat(),
        "address": document.address,
        "issuer": document.issuer,
        "valid_from": document.valid_from.isoformat(),
        "valid_to": None if document.valid_to is None else document.valid_to.isoformat(),
        "long_term": document.long_term,
        "english_name": document.english_name,
        "country": document.country,
        "pass_number": document.pass_number,
        "issue_count": document.issue_count,
        "version": document.version,
        "former_number": document.former_number,
        "newest_address": document.newest_address,
        "photo": photo
        and {"encoding": photo.encoding, "bytes": len(photo.data), "sha256": sha256(photo.data).hexdigest()},
    }


def _run(options: argparse.Namespace) -> Report:
    deadline = Deadline.after(options.timeout)
    port = options.port or _only_port()
    stream = line(port, options.baud)
    if options.capture:
        stream = CapturingStream(stream, options.capture)
    reader = SdtReader(port, options.baud, newest_address=options.newest_address, stream=stream)
    reader.open(deadline)
    try:
        if options.what == "read":
            report = describe_document(_read(reader, deadline))
            return {**report, "fingers": _fingers(reader, deadline)} if options.fingerprint else report
        if options.what == "selftest":
            result = reader.self_test(Level(options.level), deadline)
            return {"level": result.level.value, "passed": result.passed, "report": result.report}
        status = reader.poll(deadline)
        faults = [{"code": fault.code, "action": fault.action.value, "detail": fault.detail} for fault in status.faults]
        return {"state": status.state.value, "faults": faults, "port": port, **status.details}
    finally:
        reader.close()


def _read(reader: SdtReader, deadline: Deadline) -> IdentityDocument:
    """Look for a card until one is read or the time is up."""
    while True:
        outcome = reader.read(deadline)
        if not isinstance(outcome, NoCard):
            return outcome.document
        if deadline.remaining() <= 2 * FIND_SECONDS:
            advice = "Lay the card flat on the reader and leave it there until it has been read."
            raise DeviceError("no-card", "no card was shown in time", advice=advice, retryable=True, action=Action.NONE)
        time.sleep(FIND_SECONDS)


def _fingers(reader: SdtReader, deadline: Deadline) -> int:
    features = reader.fingerprint(deadline)
    if isinstance(features, NoCard):
        advice = "Leave the card on the reader until it has been read."
        raise DeviceError("no-card", "the card was taken away", advice=advice, retryable=True, action=Action.NONE)
    return features.fingers


def _only_port() -> str:
    ports = sorted(str(path) for path in BY_ID.glob("*")) if BY_ID.is_dir() else []
    if len(ports) == 1:
        return ports[0]
    found = f"{len(ports)} serial devices are plugged in"
    advice = "Name the reader's port with --port, best by /dev/serial/by-id/…"
    raise DeviceError("port-unknown", found, advice=advice, retryable=False, action=Action.CONFIGURE)


def _print(report: Report, as_json: bool) -> None:
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a text stream whatever the locale
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for key, value in report.items():
        print(f"{key:>14}  {value}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.sdt", description="ID card reader (SDT / SAM-V)")
    parser.add_argument("what", choices=("status", "read", "selftest"), help="how it is; what one card says; a test")
    parser.add_argument("--port", help="serial port, or usb:0400:c35a; may be left out where one serial port is there")
    parser.add_argument("--baud", type=int, default=115_200, choices=sorted(BAUD_CODES))
    parser.add_argument("--timeout", type=seconds, default=8.0, metavar="SECONDS", help="for everything together (8)")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--newest-address", action="store_true", help="with read: the address appended to the card too")
    parser.add_argument("--fingerprint", action="store_true", help="with read: how many fingers the card holds")
    parser.add_argument("--capture", type=Path, metavar="FILE", help="record the conversation (generated cards only)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
