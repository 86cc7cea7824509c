"""Bad ratings in the console: what waits in one's area by its last day, one of them, what may be done about it now."""

from __future__ import annotations

import re

from starlette.responses import Response
from starlette.routing import BaseRoute

from kiosk import wire
from kiosk.backend.console.gate import staff_of, staff_page
from kiosk.backend.console.roles import Role
from kiosk.backend.core import Backend
from kiosk.backend.lives_about import name_of
from kiosk.backend.ratings.ratings import FIRST, LATER, Task
from kiosk.backend.settings import BackendError
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.turn import Turn
from kiosk.domain.rating import level_word, reasons
from kiosk.domain.rating_task import (
    MAX_WORDS,
    By,
    TaskDeed,
    TaskError,
    TaskEvent,
    check,
    finding_word,
    task_rule,
)
from kiosk.domain.text import Text

PAGE = 25  # tasks of one page: the first to end come first
_CURSOR = re.compile(r"([0-9-]{10}|)\.([A-Za-z0-9_-]{1,64})\.([12])")  # the last one of the page before
LIST = "/console/ratings"
ROLES = (Role.STREET, Role.DEPARTMENT, Role.SUPERVISOR)  # no community: its own staff are who is rated first of all


def routes(_backend: Backend) -> list[BaseRoute]:
    one = LIST + "/{case_id}/{number}"
    return [staff_page(LIST, _list, *ROLES), staff_page(one, _one, *ROLES, methods=("GET", "POST"))]


def _list(turn: Turn) -> Response:
    """Of the areas and matters of whoever asks, a page at a time."""
    staff, every = staff_of(turn), turn.query("tab") == "all"
    begin = _CURSOR.fullmatch(turn.query("after"))
    found = turn.site.backend.ratings.tasks(
        areas=staff.areas, services=staff.services, answered=every, limit=PAGE + 1,
        after=(begin[1], begin[2], int(begin[3])) if begin else None,
    )  # fmt: skip
    names = turn.site.backend.lives.names_of([task.row.case_id for task in found[:PAGE]])
    rows = [
        (task, level_word(task.row.level), _tone(task), names.get(task.row.case_id) or name_of(task.row.service_id))
        for task in found[:PAGE]
    ]
    last = found[PAGE - 1].row if len(found) > PAGE else None
    more = f"{last.due}.{last.case_id}.{last.number}" if last is not None else ""
    return turn.render("ratings/list.html", rows=rows, every=every, more=more)


def _one(turn: Turn) -> Response:
    task = _mine(turn)
    error = ""
    if turn.request.method == "POST":
        try:
            _act(turn, task)
        except TaskError as refused:
            error = refused.code
        else:
            return turn.redirect(f"{LIST}/{task.row.case_id}/{task.row.number}")
    ratings = turn.site.backend.ratings
    said = [
        (each, level_word(each.level), reasons(each.level, each.codes, turn.language))
        for each in ratings.said_of(task.row.case_id)
    ]
    offered = _offered(turn, task)
    return turn.render(
        "ratings/task.html", 422 if error else 200, task=task, said=said, error=error, offered=offered,
        level=level_word(task.row.level), tone=_tone(task), most=MAX_WORDS, words=turn.field("words"),
        finding=finding_word(task.stands.finding) if task.stands.finding else None, title_of=_title,
        rules={deed: task_rule(deed).choice for deed in offered},
        choice_of=_choice_word, chosen=turn.field("deed"), matter=_matter(turn, task),
    )  # fmt: skip


def _matter(turn: Turn, task: Task) -> Text:
    names = turn.site.backend.lives.names_of([task.row.case_id])
    return names.get(task.row.case_id) or name_of(task.row.service_id)


def _mine(turn: Turn) -> Task:
    """The task that the address names, where it lies in one's area. Raises WebError: nobody learns of others."""
    case_id, number = turn.path("case_id"), turn.path("number")
    if not wire.ID.fullmatch(case_id) or number not in (str(FIRST), str(LATER)):
        raise WebError("not-found")
    try:
        task = turn.site.backend.ratings.task(case_id, int(number))
    except BackendError as error:
        raise WebError("not-found") from error
    staff = staff_of(turn)
    mine = any(task.row.area_code.startswith(area) for area in staff.areas if area)
    if not mine or (staff.services and task.row.service_id not in staff.services):
        raise WebError("not-found")
    return task


def _by(turn: Turn) -> By:
    return By.SUPERVISOR if staff_of(turn).role is Role.SUPERVISOR else By.OFFICE


def _act(turn: Turn, task: Task) -> None:
    try:
        deed = TaskDeed(turn.field("deed"))
    except ValueError:
        raise WebError("bad-form") from None
    row, words = task.row, turn.field("words")
    turn.site.backend.ratings.act(
        row.case_id, row.number, deed, _by(turn), staff_of(turn).name, turn.field(f"choice-{deed.value}"), words
    )


def _offered(turn: Turn, task: Task) -> list[TaskDeed]:
    """What the table allows now, given the words and the choice that it asks for."""
    able = []
    for deed in TaskDeed:
        rule = task_rule(deed)
        event = TaskEvent(deed, turn.now, _by(turn), staff_of(turn).name, (rule.choice or ("",))[0], "x")
        try:
            check(task.events, event)
        except TaskError:
            continue
        able.append(deed)
    return able


def _title(deed: TaskDeed) -> Text:
    return task_rule(deed).title


def _choice_word(choice: str) -> Text:
    calls = {"reached": Text("接通了", "Reached"), "missed": Text("没有人接", "Nobody answered")}
    return calls.get(choice) or finding_word(choice)


def _tone(task: Task) -> str:
    stands = task.stands
    return "bad" if stands.overdue else "warn" if stands.near else "ok" if stands.answered_at else "plain"
