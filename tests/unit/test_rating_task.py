"""A bad rating's task by its table: what may follow what, who may do it, and by when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.domain.rating_task import (
    By,
    TaskDeed,
    TaskError,
    TaskEvent,
    TaskState,
    check,
    finding_word,
    is_bad,
    stand,
    task_rule,
)
from kiosk.domain.workdays import national

CAME = datetime(2026, 9, 28, 15, 0, tzinfo=UTC)  # 23:00 of the Monday before the national holiday, in China
OPENED = TaskEvent(TaskDeed.OPENED, CAME, By.SYSTEM)
D = TaskDeed


def does(
    *events: TaskEvent, deed: TaskDeed, by: By = By.OFFICE, who: str = "李工", choice: str = "", words: str = "说明"
) -> tuple[TaskEvent, ...]:
    """One event more, if the table allows it."""
    event = TaskEvent(deed, events[-1].at + timedelta(hours=1), by, who, choice, words if task_rule(deed).words else "")
    check(events, event)
    return (*events, event)


def refused(*events: TaskEvent, **how: object) -> str:
    with pytest.raises(TaskError) as found:
        does(*events, **how)  # type: ignore[arg-type]
    assert found.value.advice
    return found.value.code


CALLED = does(OPENED, deed=D.CALLED, choice="reached")
VERIFIED = does(*CALLED, deed=D.VERIFIED, choice="upheld")
APPEALED = does(OPENED, deed=D.APPEALED)


def test_only_the_two_bad_levels_are_tasks() -> None:
    assert [level for level in range(1, 6) if is_bad(level)] == [1, 2]


def test_it_is_called_back_found_out_and_answered() -> None:
    answered = does(*VERIFIED, deed=D.ANSWERED, words="清单补好了")
    found = stand(answered, CAME + timedelta(days=1), national())
    assert (found.state, found.answer) == (TaskState.ANSWERED, "清单补好了")
    assert (found.finding, found.counted) == ("upheld", True)
    assert (found.calls, found.reached, found.late, found.overdue) == (1, True, False, False)


@pytest.mark.parametrize(
    ("events", "how", "code"),
    [
        ((OPENED,), {"deed": D.ANSWERED}, "not-now"),  # nothing was looked into
        (does(OPENED, deed=D.VERIFIED, choice="partly"), {"deed": D.ANSWERED}, "not-called"),
        ((OPENED,), {"deed": D.CALLED, "choice": "perhaps"}, "bad-choice"),
        ((OPENED,), {"deed": D.CALLED, "choice": "missed", "words": " "}, "words-missing"),
        ((OPENED,), {"deed": D.APPEALED, "words": "长" * 2001}, "words-too-long"),
        ((OPENED,), {"deed": D.APPEALED, "by": By.SUPERVISOR}, "not-theirs"),
        ((OPENED,), {"deed": D.VERIFIED, "choice": "malicious"}, "bad-choice"),  # nobody rates one's own rating away
        (APPEALED, {"deed": D.VERIFIED, "choice": "upheld"}, "not-now"),
        (APPEALED, {"deed": D.REVIEWED, "choice": "mistaken"}, "not-theirs"),
        (APPEALED, {"deed": D.REVIEWED, "choice": "mistaken", "by": By.SUPERVISOR}, "same-person"),
        (APPEALED, {"deed": D.APPEALED}, "once-only"),
        (does(OPENED, deed=D.PROLONGED), {"deed": D.PROLONGED}, "once-only"),
        (does(*VERIFIED, deed=D.ANSWERED), {"deed": D.ANSWERED}, "not-now"),
        ((OPENED,), {"deed": D.OPENED, "by": By.SYSTEM}, "not-now"),
    ],
)
def test_nothing_else_comes_next(events: tuple[TaskEvent, ...], how: dict[str, object], code: str) -> None:
    assert refused(*events, **how) == code


def test_another_person_judges_an_appeal_and_what_is_malicious_does_not_count() -> None:
    judged = does(*APPEALED, deed=D.REVIEWED, by=By.SUPERVISOR, who="王督", choice="malicious")
    found = stand(judged, CAME, national())
    assert (found.state, found.counted) == (TaskState.VERIFIED, False)
    assert finding_word(found.finding).zh == "恶意差评，不计入"
    assert refused(*judged, deed=D.ANSWERED) == "not-called", "whoever rated is called back all the same"


@pytest.mark.parametrize(
    ("events", "due"),
    [
        # by hand: from Tuesday 29 September; 1 to 7 October are holidays, Saturday the 10th is made up for
        ((OPENED,), date(2026, 10, 10)),
        (does(OPENED, deed=D.PROLONGED), date(2026, 10, 23)),
    ],
)
def test_five_working_days_or_fifteen(events: tuple[TaskEvent, ...], due: date) -> None:
    calendar = national()
    found = stand(events, CAME, calendar)
    assert (found.due, found.overdue, found.near) == (due, False, False)
    eve = datetime.combine(due, datetime.min.time(), UTC)
    assert stand(events, eve, calendar).near
    late = stand(events, eve + timedelta(days=1), calendar)
    assert (late.overdue, late.near) == (True, False)


def test_an_answer_after_its_day_is_late_and_a_calendar_that_ends_gives_no_day() -> None:
    late = (*VERIFIED, TaskEvent(D.ANSWERED, CAME + timedelta(days=30), By.OFFICE, "李工", "", "晚了"))
    found = stand(late, CAME + timedelta(days=40), national())
    assert (found.late, found.overdue) == (True, False)
    beyond = TaskEvent(D.OPENED, datetime(national().until.year, 12, 27, tzinfo=UTC), By.SYSTEM)
    assert stand((beyond,), beyond.at, national()).due is None
