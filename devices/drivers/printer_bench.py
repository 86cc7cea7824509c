"""What the bench tools of the printers share: arguments, reports, and how a failure is told."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Device, DeviceError, Fault, Level
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, PrintProgress
from devices.drivers.arguments import seconds

Report = dict[str, object]

ADVICE = {
    Action.NONE: "Try again.",
    Action.RESET: "Try again; switch the printer off and on if this stays.",
    Action.CLEAR: "Open the printer, remove what blocks it, close it.",
    Action.REPLENISH: "Fill up what is missing.",
    Action.CONFIGURE: "Check the printer's settings and its port.",
    Action.CALL_TECHNICIAN: "Call a technician.",
}


def error(code: str, message: str, advice: str, *, retryable: bool) -> Report:
    return {"code": code, "message": message, "advice": advice, "retryable": retryable}


def fault_error(fault: Fault, what: str) -> Report:
    retryable = fault.action is not Action.CONFIGURE
    return error(fault.code, f"{what}: {fault.detail or fault.code}", ADVICE[fault.action], retryable=retryable)


def status(device: Device, deadline: Deadline) -> Report:
    now = device.poll(deadline)
    return {
        "model": device.info.model,
        "port": device.info.port,
        "state": now.state.value,
        "usable": now.usable,
        "faults": [
            {"code": f.code, "action": f.action.value, "detail": f.detail, "blocking": f.blocking} for f in now.faults
        ],
        **now.details,
        "capabilities": dict(device.capabilities),
    }


def self_test(device: Device, level: Level, deadline: Deadline) -> Report:
    result = device.self_test(level, deadline)
    report: Report = {"level": result.level.value, "passed": result.passed, "report": result.report}
    if result.passed is False:
        report["error"] = error("self-test", result.report, "See `status` for what is wrong.", retryable=True)
    return report


def printed(outcome: PrintOutcome) -> Report:
    """Printed, or the outcome together with an error object: only what was printed exits with 0."""
    if isinstance(outcome, Printed):
        return {"outcome": "printed", "pages": outcome.pages}
    if isinstance(outcome, NotPrinted):
        return {"outcome": "notPrinted", "error": fault_error(outcome.reason, "not printed")}
    return {"outcome": "unknown", "error": fault_error(outcome.reason, "nobody can say whether it was printed")}


def tell(progress: PrintProgress) -> None:
    """Progress on stderr, so that --json has stdout for itself."""
    waiting = f", waiting for {progress.waiting_for.code}" if progress.waiting_for else ""
    print(f"{progress.pages_done} of {progress.pages_total or '?'}{waiting}", file=sys.stderr)


def parser(name: str, title: str, port: str, file: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m devices.drivers.{name}", description=title)
    made.add_argument("command", choices=("status", "print", "selftest"), help="how it is; one print; a test")
    made.add_argument("file", nargs="?", metavar=file, help="what to print; a test pattern without it")
    made.add_argument("--port", default=port, help=f"default {port}")
    made.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    made.add_argument("--timeout", type=seconds, default=60.0, help="seconds for the whole command")
    made.add_argument("--json", action="store_true", help="one UTF-8 JSON object on stdout")
    return made


def finish(options: argparse.Namespace, run: Callable[[argparse.Namespace], Report]) -> int:
    """Run the command and print its report; the exit status."""
    try:
        report = run(options)
    except DeviceError as failure:
        report = {"error": error(failure.code, str(failure), failure.advice, retryable=failure.retryable)}
    except OSError as failure:
        message = f"the file cannot be read: {failure.strerror or type(failure).__name__}"
        report = {"error": error("file", message, "Check the file's name and kind.", retryable=False)}
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a text stream whatever the locale
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for key, value in report.items():
            print(f"{key:>14}  {value}")
    return 1 if "error" in report else 0


Arguments = Sequence[str] | None
