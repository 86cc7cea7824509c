"""What follows from a look at the printer and the job: Printed needs `completed` and nothing in the way."""

from __future__ import annotations

import pytest

from devices.contracts.device import Action
from devices.contracts.printing import NotPrinted, Paper, Printed, Unknown
from devices.drivers.ipp import reasons
from devices.drivers.ipp.looks import Course, JobLook, PrinterLook
from devices.drivers.ipp.protocol import AttributeGroup, Group, JobState, PrinterState, Tag, attribute


def printer(*why: str, state: int = PrinterState.PROCESSING, pdf: bool = True, accepting: bool = True) -> PrinterLook:
    formats = ("application/pdf",) if pdf else ("image/pwg-raster",)
    return PrinterLook.of(
        AttributeGroup(
            Group.PRINTER,
            (
                attribute("printer-state", Tag.ENUM, int(state)),
                attribute("printer-state-reasons", Tag.KEYWORD, *(why or ("none",))),
                attribute("printer-is-accepting-jobs", Tag.BOOLEAN, accepting),
                attribute("document-format-supported", Tag.MIME_TYPE, *formats),
            ),
        )
    )


def job(state: JobState, *why: str, done: int | None = 0) -> JobLook:
    return JobLook(int(state), why, done, "")


@pytest.mark.parametrize("severity", ["", "-report", "-warning", "-error"])
@pytest.mark.parametrize(
    ("reason", "code", "action", "blocking"),
    [
        ("media-empty", "media-empty", Action.REPLENISH, True),
        ("media-jam", "media-jam", Action.CLEAR, True),
        ("media-jammed", "media-jam", Action.CLEAR, True),
        ("cover-open", "cover-open", Action.CLEAR, True),
        ("door-open", "cover-open", Action.CLEAR, True),
        ("toner-empty", "toner-empty", Action.REPLENISH, True),
        ("toner-low", "toner-low", Action.REPLENISH, False),
        ("media-low", "media-low", Action.REPLENISH, False),
        ("marker-waste-full", "waste-full", Action.REPLENISH, True),
        ("marker-waste-almost-full", "waste-almost-full", Action.REPLENISH, False),
    ],
)
def test_a_reason_is_the_same_fault_with_every_severity(
    reason: str, severity: str, code: str, action: Action, blocking: bool
) -> None:
    (fault,) = reasons.faults([reason + severity], stopped=False)
    assert (fault.code, fault.action, fault.blocking) == (code, action, blocking)


@pytest.mark.parametrize(
    ("reason", "stopped", "blocking"), [("x-error", False, True), ("x", True, True), ("x", False, False)]
)
def test_an_unlisted_reason_blocks_when_the_printer_calls_it_an_error_or_has_stopped(
    reason: str, stopped: bool, blocking: bool
) -> None:
    assert reasons.faults([reason], stopped=stopped)[0].blocking is blocking


def test_the_paper_is_unknown_when_the_printer_gives_no_reasons_at_all() -> None:
    assert reasons.paper(()) is Paper.UNKNOWN
    assert reasons.paper(("none",)) is Paper.FULL
    assert reasons.paper(("media-low-report", "media-empty-error")) is Paper.OUT
    assert reasons.paper(("media-jam",)) is Paper.JAMMED


def test_a_job_is_not_sent_to_a_printer_that_cannot_take_it() -> None:
    assert printer(state=PrinterState.IDLE).obstacle() is None
    found = [
        printer("cover-open-report").obstacle(),
        printer(state=PrinterState.STOPPED).obstacle(),
        printer(accepting=False).obstacle(),
        printer(pdf=False).obstacle(),
    ]
    codes = [fault.code if fault else None for fault in found]
    assert codes == ["cover-open", "stopped", "not-accepting-jobs", "document-format"]


def test_completed_with_nothing_in_the_way_is_printed() -> None:
    course, seen = Course(2), printer()
    course.note(job(JobState.COMPLETED, done=2), seen)
    assert course.decide(job(JobState.COMPLETED, done=2), seen) == Printed(2)


@pytest.mark.parametrize("reason", ["media-empty-report", "media-jam", "cover-open-error"])
def test_completed_while_a_fault_stands_is_never_printed(reason: str) -> None:
    course, seen, ended = Course(1), printer(reason), job(JobState.COMPLETED, done=1)
    course.note(ended, seen)
    outcome = course.decide(ended, seen)
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == reasons.split(reason)[0]


def test_completed_by_a_printer_that_has_stopped_for_a_fault_which_still_stands_is_never_printed() -> None:
    course, ended = Course(1), job(JobState.COMPLETED, done=1)
    stopped = printer("media-empty-error", state=PrinterState.STOPPED)
    course.note(job(JobState.STOPPED), stopped)
    course.note(ended, stopped)
    outcome = course.decide(ended, stopped)
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-empty"


def test_a_printer_that_reported_a_jam_and_went_on_regardless_is_not_believed() -> None:
    course, ended = Course(1), job(JobState.COMPLETED, done=1)
    course.note(job(JobState.PROCESSING), printer("media-jam-warning"))
    course.note(ended, printer())
    outcome = course.decide(ended, printer())
    assert isinstance(outcome, Unknown)
    assert outcome.reason.code == "media-jam"


def test_a_printer_that_stopped_for_paper_and_then_finished_is_believed() -> None:
    course, ended = Course(3), job(JobState.COMPLETED, done=3)
    waiting = course.note(job(JobState.STOPPED, done=1), printer("media-empty-error", state=PrinterState.STOPPED))
    course.note(ended, printer())
    assert waiting is not None
    assert course.decide(ended, printer()) == Printed(3)


@pytest.mark.parametrize("state", [JobState.ABORTED, JobState.CANCELED])
def test_an_ended_job_is_not_printed_with_the_fault_that_was_seen(state: JobState) -> None:
    course = Course(2)
    course.note(job(JobState.STOPPED, done=1), printer("media-jam", state=PrinterState.STOPPED))
    outcome = course.decide(job(state, done=1), printer())
    assert isinstance(outcome, NotPrinted)
    assert outcome.reason.code == "media-jam"


def test_an_aborted_job_of_which_every_page_came_out_is_unknown() -> None:
    assert isinstance(Course(2).decide(job(JobState.ABORTED, done=2), printer()), Unknown)


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.HELD, JobState.PROCESSING, JobState.STOPPED])
def test_a_running_job_has_no_outcome(state: JobState) -> None:
    assert Course(1).decide(job(state), printer()) is None


def test_completed_by_a_printer_without_a_state_is_unknown() -> None:
    bare = PrinterLook.of(AttributeGroup(Group.PRINTER, ()))
    assert isinstance(Course(1).decide(job(JobState.COMPLETED, done=1), bare), Unknown)
