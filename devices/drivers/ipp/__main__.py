"""Bench tool: ``python -m devices.drivers.ipp status|print|selftest [--port URI] [--json] [FILE.pdf]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Level
from devices.contracts.printing import Printed, PrintOutcome, PrintProgress
from devices.drivers.ipp import testpage
from devices.drivers.ipp.driver import IppPrinter

ADVICE = {
    Action.NONE: "Try again.",
    Action.RESET: "Try again; switch the printer off and on if this stays.",
    Action.CLEAR: "Open the printer, remove what blocks it, close it.",
    Action.REPLENISH: "Fill up what is missing.",
    Action.CONFIGURE: "Check the printer's settings and its port.",
    Action.CALL_TECHNICIAN: "Call a technician.",
}


def status(printer: IppPrinter, deadline: Deadline) -> dict[str, object]:
    now = printer.poll(deadline)
    faults = [
        {"code": f.code, "action": f.action.value, "detail": f.detail, "blocking": f.blocking} for f in now.faults
    ]
    return {
        "device": printer.info.model,
        "state": now.state.value,
        "usable": now.usable,
        "faults": faults,
        "details": dict(now.details),
        "capabilities": dict(printer.capabilities),
    }


def outcome_of(outcome: PrintOutcome) -> dict[str, object]:
    if isinstance(outcome, Printed):
        return {"outcome": "printed", "pages": outcome.pages}
    name = type(outcome).__name__
    fault = outcome.reason
    error = {
        "code": fault.code,
        "message": f"{name}: {fault.detail or fault.code}",
        "advice": ADVICE[fault.action],
        "retryable": fault.action is not Action.CONFIGURE,
    }
    return {"outcome": "notPrinted" if name == "NotPrinted" else "unknown", "error": error}


def run(options: argparse.Namespace) -> dict[str, object]:
    printer = IppPrinter(options.port)
    deadline = Deadline.after(options.timeout)
    if options.command == "status":
        return status(printer, deadline)
    if options.command == "selftest":
        result = printer.self_test(Level(options.level), deadline)
        report: dict[str, object] = {"level": result.level.value, "passed": result.passed, "report": result.report}
        if result.passed is False:
            report["error"] = {
                "code": "self-test",
                "message": result.report,
                "advice": "See `status` for what is wrong.",
                "retryable": True,
            }
        return report
    pdf = Path(options.file).read_bytes() if options.file else testpage.page("Bench tool test page")

    def tell(progress: PrintProgress) -> None:
        waiting = f", waiting for {progress.waiting_for.code}" if progress.waiting_for else ""
        print(f"page {progress.pages_done} of {progress.pages_total or '?'}{waiting}", file=sys.stderr)

    pages = options.pages if options.file else 1
    return outcome_of(printer.print_pdf(pdf, title="bench", pages=pages, deadline=deadline, progress=tell))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.ipp", description="A4 printer by IPP")
    parser.add_argument("command", choices=("status", "print", "selftest"))
    parser.add_argument("file", nargs="?", metavar="FILE.pdf", help="what to print; a test page without it")
    parser.add_argument("--port", default="ipp://localhost:631/ipp/print")
    parser.add_argument("--pages", type=int, default=0, help="pages of FILE.pdf, for the progress (0: not known)")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for the whole command")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        answer = run(options)
    except DeviceError as error:
        answer = {
            "error": {"code": error.code, "message": str(error), "advice": error.advice, "retryable": error.retryable}
        }
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        answer = {"error": {"code": "file", "message": message, "advice": "Check the file's name.", "retryable": False}}
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        for key, value in answer.items():
            print(f"{key}: {value}")
    return 1 if "error" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
