"""Bad ratings at the command line, for staff without a console: list the tasks, look at one, do something about it.

Prints one JSON object a line, on the terminal of whoever asks. What is said comes by the standard input, never as an
argument: arguments stand in the machine's list of processes. Raises BackendError.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import IO

from kiosk.backend.commanding import say, with_backend
from kiosk.backend.core import Backend
from kiosk.backend.ratings.ratings import FIRST, Said, Task
from kiosk.backend.settings import BackendError, Settings
from kiosk.domain.rating import level_word, reasons
from kiosk.domain.rating_task import MAX_WORDS, By, TaskDeed, TaskError, task_rule

_ROLES = {"community": By.OFFICE, "street": By.OFFICE, "department": By.OFFICE, "supervisor": By.SUPERVISOR}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done, as it was typed. ``found``: the choice that the deed asks for; ``role``: of whoever types."""

    act: str
    by: str
    role: str = "department"
    found: str = ""


def tasks(settings: Settings) -> int:
    """What waits for something, by its last day, one line each; status 1 where something is overdue."""

    def work(backend: Backend) -> bool:
        found = backend.ratings.tasks()
        for task in found:
            say(**_row(task))
        return any(task.stands.overdue for task in found)

    return 1 if with_backend(settings, work) else 0


def task(settings: Settings, case_id: str, number: int, wanted: Wanted | None = None, text: IO[str] = sys.stdin) -> int:
    """Does what is wanted, if anything, and shows the task as it stands then. ``number``: 1 the first rating, 2 what
    was added. ``text``: where the words come from.
    """

    def work(backend: Backend) -> int:
        found = backend.ratings.task(case_id, number or FIRST)
        if wanted is not None:
            found = _act(backend, found, wanted, text)
        said = [_said(each) for each in backend.ratings.said_of(case_id)]
        history = [
            {"at": each.at.isoformat(), "event": each.deed.value, "role": each.by.value, "by": each.who,
             "found": each.choice, "words": each.words}
            for each in found.events
        ]  # fmt: skip
        say(**_row(found), rated=said, history=history)
        return 0

    return with_backend(settings, work)


def _act(backend: Backend, found: Task, wanted: Wanted, text: IO[str]) -> Task:
    if not wanted.by.strip():
        raise BackendError("no-name", "say who does it: --by NAME")
    try:
        deed, role = TaskDeed(wanted.act), _ROLES[wanted.role]
    except (ValueError, KeyError):
        known = ", ".join(deed.value for deed in TaskDeed if deed is not TaskDeed.OPENED)
        raise BackendError("bad-event", f"say one of {known}; --role {', '.join(_ROLES)}") from None
    words = text.read(MAX_WORDS + 2).rstrip("\n") if task_rule(deed).words else ""
    try:
        return backend.ratings.act(found.row.case_id, found.row.number, deed, role, wanted.by, wanted.found, words)
    except TaskError as error:
        choices = ", ".join(task_rule(deed).choice)
        more = f" (--found {choices})" if error.code == "bad-choice" and choices else ""
        raise BackendError(error.code, f"{error.advice}{more} The task is {found.stands.state.value}.") from error


def _said(said: Said) -> dict[str, object]:
    return {
        "number": said.number, "level": said.level, "word": level_word(said.level).zh, "at": said.at.isoformat(),
        "reasons": list(reasons(said.level, said.codes, "zh_CN")), "words": said.words,
    }  # fmt: skip


def _row(task: Task) -> dict[str, object]:
    row, stands = task.row, task.stands
    return {
        "case": row.case_id, "number": row.number, "case_no": row.case_no, "service": row.service_id,
        "terminal": row.terminal_id, "level": row.level, "state": stands.state.value,
        "since": stands.since.isoformat(), "due": stands.due and stands.due.isoformat(), "complex": stands.complex,
        "overdue": stands.overdue, "near": stands.near, "calls": stands.calls, "reached": stands.reached,
        "finding": stands.finding, "counted": stands.counted, "test": row.test,
    }  # fmt: skip
