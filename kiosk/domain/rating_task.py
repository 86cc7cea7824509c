"""What a bad rating (差评) sets going: its task as events, who may do what next, and by when. Pure.

What may follow what, and the working days, stand in ``data/rating_task.toml``, each with its source.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from kiosk.domain.beijing import CHINA
from kiosk.domain.text import Text
from kiosk.domain.workdays import Calendar, CalendarEnded

NEAR = 1  # working days before its last one a task is told as nearly due
MAX_WORDS = 2000  # characters that staff write at once (handle_explain of the exchange tables)


class TaskState(Enum):
    """Where a task is. Its word for whoever rated: ``word``."""

    OPEN = "open"
    APPEALED = "appealed"
    VERIFIED = "verified"
    ANSWERED = "answered"

    @property
    def word(self) -> Text:
        return _table().states[self]


class TaskDeed(Enum):
    """What can be done about a task."""

    OPENED = "opened"
    PROLONGED = "prolonged"
    CALLED = "called"  # 回访
    APPEALED = "appealed"  # 申诉
    VERIFIED = "verified"  # 核实
    REVIEWED = "reviewed"  # 复核
    ANSWERED = "answered"  # 答复


class By(Enum):
    """Who does it."""

    SYSTEM = "system"
    OFFICE = "office"
    SUPERVISOR = "supervisor"


class TaskError(ValueError):
    """A deed that cannot be done now. ``code`` is one of ``WHY``."""

    retryable = False

    def __init__(self, code: str, deed: TaskDeed) -> None:
        super().__init__(f"{deed.value}: {code}")
        self.code, self.deed = code, deed

    @property
    def advice(self) -> str:
        return WHY[self.code]


WHY = {
    "not-now": "The task is in a state in which this cannot be done: look at its history.",
    "not-theirs": "Whoever does this may not do it: see kiosk/domain/data/rating_task.toml.",
    "words-missing": "Say it in words: they are kept, and the answer is shown to whoever rated.",
    "words-too-long": f"Say it in {MAX_WORDS} characters.",
    "bad-choice": "Say what came of it: see the choices of this deed in kiosk/domain/data/rating_task.toml.",
    "once-only": "This was done before.",
    "not-called": "Call back first, and put down what came of it: whoever rated by name is called, all of them.",
    "same-person": "An appeal is judged by somebody else than who made it.",
}


@dataclass(frozen=True, slots=True)
class TaskRule:
    """One row of the table; what each value means stands at its head. ``gives`` None: the state stays."""

    deed: TaskDeed
    title: Text
    source: str
    after: frozenset[TaskState]
    gives: TaskState | None
    by: frozenset[By]
    words: bool = False
    choice: tuple[str, ...] = ()
    once: bool = False
    needs: TaskDeed | None = None
    other: TaskDeed | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One thing that was done. ``at`` is aware; ``choice``: of the deed's words; ``words`` may name persons."""

    deed: TaskDeed
    at: datetime
    by: By
    who: str = field(default="", repr=False)
    choice: str = ""
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TaskStand:
    """A task at one moment.

    ``due``: the last day; None where the calendar does not reach it. ``overdue``, ``near``: only while it is not
    answered. ``late``: it was answered, after its last day. ``finding``: "" before; ``counted``: whether the rating
    counts in figures. ``told``: what whoever rated is shown, newest last.
    """

    state: TaskState
    since: datetime
    due: date | None
    complex: bool = False
    overdue: bool = False
    near: bool = False
    late: bool = False
    calls: int = 0
    reached: bool = False
    finding: str = ""
    counted: bool = True
    answer: str = field(default="", repr=False)
    answered_at: datetime | None = None
    why_longer: str = field(default="", repr=False)
    done: frozenset[TaskDeed] = frozenset()


def is_bad(level: int) -> bool:
    """Whether a rating of this level (5 best) becomes a task."""
    return level in _table().bad


def task_rule(deed: TaskDeed) -> TaskRule:
    return _table().rules[deed]


def finding_word(finding: str) -> Text:
    """Raises KeyError for a word that is none."""
    return _table().findings[finding][0]


def days(*, complex_case: bool) -> int:
    """Working days after the day on which the rating came."""
    return _table().limits["complex" if complex_case else "simple"]


def last_day(came: datetime, calendar: Calendar, *, complex_case: bool) -> date | None:
    """None where the calendar does not reach it."""
    try:
        return calendar.after(came.astimezone(CHINA).date(), days(complex_case=complex_case))
    except CalendarEnded:
        return None


def stand(events: Sequence[TaskEvent], now: datetime, calendar: Calendar) -> TaskStand:
    """The task at ``now`` (aware), by its events in the order in which they happened; the first one opened it."""
    state, since = TaskState.OPEN, events[0].at
    by_deed: dict[TaskDeed, TaskEvent] = {}
    calls, reached, finding = 0, False, ""
    for event in events:
        by_deed[event.deed] = event
        gives = task_rule(event.deed).gives
        if gives is not None:
            state, since = gives, event.at
        if event.deed is TaskDeed.CALLED:
            calls, reached = calls + 1, reached or event.choice == "reached"
        if event.deed in (TaskDeed.VERIFIED, TaskDeed.REVIEWED):
            finding = event.choice
    longer, answer = by_deed.get(TaskDeed.PROLONGED), by_deed.get(TaskDeed.ANSWERED)
    due = last_day(events[0].at, calendar, complex_case=longer is not None)
    ends = (answer.at if answer is not None else now).astimezone(CHINA).date()
    beyond = due is not None and ends > due
    return TaskStand(
        state, since, due, longer is not None,
        overdue=beyond and answer is None,
        near=answer is None and due is not None and not beyond and calendar.between(ends, due) <= NEAR,
        late=beyond and answer is not None,
        calls=calls, reached=reached, finding=finding,
        counted=not finding or _table().findings[finding][1],
        answer="" if answer is None else answer.words,
        answered_at=None if answer is None else answer.at,
        why_longer="" if longer is None else longer.words,
        done=frozenset(by_deed),
    )  # fmt: skip


def check(events: Sequence[TaskEvent], event: TaskEvent) -> None:
    """Whether ``event`` may come after ``events``. Raises TaskError."""
    row = task_rule(event.deed)
    if event.by not in row.by:
        raise TaskError("not-theirs", event.deed)
    done = {each.deed: each for each in events}
    if row.once and event.deed in done:
        raise TaskError("once-only", event.deed)
    state = _state(events)
    if (state is None) is not (event.deed is TaskDeed.OPENED) or (state is not None and state not in row.after):
        raise TaskError("not-now", event.deed)
    if row.words and not event.words.strip():
        raise TaskError("words-missing", event.deed)
    if len(event.words) > MAX_WORDS:
        raise TaskError("words-too-long", event.deed)
    if event.choice not in (row.choice or ("",)):
        raise TaskError("bad-choice", event.deed)
    if row.needs is not None and row.needs not in done:
        raise TaskError("not-called", event.deed)
    if row.other is not None and row.other in done and done[row.other].who == event.who:
        raise TaskError("same-person", event.deed)


def _state(events: Sequence[TaskEvent]) -> TaskState | None:
    gave = [task_rule(event.deed).gives for event in events]
    return next((state for state in reversed(gave) if state is not None), None)


@dataclass(frozen=True, slots=True)
class _Table:
    bad: frozenset[int]
    limits: Mapping[str, int]
    states: Mapping[TaskState, Text]
    findings: Mapping[str, tuple[Text, bool]]
    rules: Mapping[TaskDeed, TaskRule]


@cache
def _table() -> _Table:
    """Raises ValueError when the file does not fit."""
    raw = tomllib.loads((files("kiosk.domain") / "data" / "rating_task.toml").read_text(encoding="utf-8"))
    if set(raw["state"]) != {each.value for each in TaskState} or set(raw["deed"]) != {each.value for each in TaskDeed}:
        raise ValueError("rating_task.toml needs one row for each state and each deed, and no other")
    limits = {name: int(row["days"]) for name, row in raw["limit"].items()}
    if set(limits) != {"simple", "complex"} or not all(row["source"] for row in raw["limit"].values()):
        raise ValueError("rating_task.toml needs the limits simple and complex, each with its source")
    rules = {TaskDeed(name): _rule(TaskDeed(name), row) for name, row in raw["deed"].items()}
    findings = {name: (Text(row["zh"], row["en"]), bool(row["counted"])) for name, row in raw["finding"].items()}
    judged = (TaskDeed.VERIFIED, TaskDeed.REVIEWED)
    if not all(set(rules[deed].choice) <= set(findings) for deed in judged):
        raise ValueError("rating_task.toml: a finding has no words")
    return _Table(
        frozenset(map(int, raw["bad"])), limits,
        {TaskState(name): Text(row["zh"], row["en"]) for name, row in raw["state"].items()}, findings, rules,
    )  # fmt: skip


def _rule(deed: TaskDeed, row: Mapping[str, Any]) -> TaskRule:
    known = {"zh", "en", "after", "gives", "by", "words", "choice", "once", "needs", "other", "told", "source"}
    after = [name for name in row["after"] if name]
    first = after != row["after"]
    if set(row) - known or not row["source"] or not row["by"] or first is not (deed is TaskDeed.OPENED):
        raise ValueError(f"rating_task.toml: {deed.value} is not in form")
    return TaskRule(
        deed, Text(row["zh"], row["en"]), row["source"], frozenset(map(TaskState, after)),
        TaskState(row["gives"]) if row["gives"] else None, frozenset(map(By, row["by"])),
        words=row.get("words", False), choice=tuple(row.get("choice", ())), once=row.get("once", False),
        needs=TaskDeed(row["needs"]) if "needs" in row else None,
        other=TaskDeed(row["other"]) if "other" in row else None, told=row.get("told", False),
    )  # fmt: skip
