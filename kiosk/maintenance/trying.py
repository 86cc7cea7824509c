"""A self-test of a device, run through its actor, and the proof that it makes. Blocks: on a worker's thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from devices.contracts.device import DeviceError, Level, TestResult
from kiosk.health.asking import asked
from kiosk.health.proofs import Outcome, Proof
from kiosk.maintenance import words
from kiosk.maintenance.screen import Said
from kiosk.maintenance.words import DEVICE_FAULT

if TYPE_CHECKING:
    from devices.contracts.deadline import Deadline
    from kiosk.counter.actors import Actor

SECONDS = {Level.INTERNAL: 20.0, Level.EXTERNAL: 75.0, Level.INTERACTIVE: 30.0}
"""Interactive: as long as a person needs to put a card there."""
PRINTERS = frozenset({"page_printer", "receipt_printer"})  # which may have to warm up
TOUCH_DEAD = "touch-dead"  # found by a finger, not told by a driver


@dataclass(frozen=True, slots=True)
class Tried:
    """``passed`` None: only a person can tell. ``code``: the fault that was in the way, "" where none was told.
    ``why``: what was found, in words of its own.
    """

    passed: bool | None
    report: str
    code: str = ""
    why: Said | None = None


def self_test(actor: Actor, kind: str, level: Level) -> Tried:
    seconds = SECONDS[Level.EXTERNAL if kind in PRINTERS and level is Level.INTERACTIVE else level]

    def run(device: Any, deadline: Deadline) -> TestResult:
        result: TestResult = device.self_test(level, deadline)
        return result

    try:
        result = asked(actor, run, seconds)
    except DeviceError as error:
        return Tried(False, str(error), error.code)
    blocking = next((fault.code for fault in actor.status.faults if fault.blocking), "")
    return Tried(result.passed, result.report, blocking if result.passed is False else "")


def outcome_of(passed: bool | None) -> Outcome:
    return "unsure" if passed is None else "passed" if passed else "failed"


def proof_of(tried: Tried, subject: str, test: str, by: str, at: datetime) -> Proof:
    """``needs-person``: nobody judged it."""
    outcome = outcome_of(tried.passed)
    if outcome == "failed" and tried.code:
        return Proof(at, subject, test, outcome, DEVICE_FAULT, (words.fault_value(tried.code),), by, tried.report)
    code = {"passed": "self-test-passed", "failed": "self-test-failed", "unsure": "needs-person"}[outcome]
    return Proof(at, subject, test, outcome, code, (), by, tried.report)


def judged(tried: Tried, yes: bool, subject: str, test: str, by: str, at: datetime) -> Proof:
    """What a person said of what the device did."""
    code = "person-yes" if yes else "person-no"
    return Proof(at, subject, test, "passed" if yes else "failed", code, (), by, tried.report)
