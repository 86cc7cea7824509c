"""The life of a rating at the backend: a task for a bad one, its answer at the next card read, one word more, once."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from kiosk import wire
from kiosk.backend.ratings import desk
from kiosk.backend.ratings.ratings import Ratings
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store.engine import StoreBusy
from kiosk.backend.store.rating_tables import followups, rating_events, rating_tasks
from kiosk.domain.rating_task import By, TaskDeed, TaskError
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import NUMBER, OTHER, case, cases_of, deed, rows

STORES = ("sqlite",)  # PostgreSQL: test_backend_ratings_postgres.py
New = Callable[..., Terminal]
ANSWER = "清单已经补好，向张三同志道歉。"
D = TaskDeed


def rate(terminal: Terminal, case_id: str, level: int, *options: str) -> wire.SealedItem:
    said = wire.RatingPayload(case_id, "N", "0001", level, list(options), terminal.clock().isoformat())
    return terminal.seal(msgspec.json.encode(said), str(uuid.uuid4()), "rating")


def add(terminal: Terminal, case_id: str, level: int, number: str = NUMBER, **more: Any) -> wire.SealedItem:
    said = wire.FollowUpPayload(case_id, number, terminal.clock().isoformat(), level, **more)
    return deed(terminal, "followup", said)


def done(server: Server, case_id: str, what: TaskDeed, choice: str = "", words: str = "说明", **more: Any) -> str:
    number, by, who = more.get("number", 1), more.get("by", By.OFFICE), more.get("who", "李工")
    return server.backend.ratings.act(case_id, number, what, by, who, choice, words).stands.state.value


def answered(server: Server, case_id: str, **more: Any) -> None:
    done(server, case_id, D.CALLED, "reached", **more)
    done(server, case_id, D.VERIFIED, "upheld", **more)
    done(server, case_id, D.ANSWERED, words=ANSWER, **more)


def shown(terminal: Terminal, number: str = NUMBER) -> list[wire.CaseRating | None]:
    return [each.rating for each in cases_of(terminal, number).cases]


def test_a_bad_rating_is_called_back_answered_and_the_answer_shown_at_any_terminal(
    server: Server, new_terminal: New
) -> None:
    here, there = new_terminal(), new_terminal()
    bad, good = case(here), case(here, OTHER)
    here.push(bad, good, rate(here, bad.id, 1, "109"), rate(here, good.id, 5, "510"))
    (task,) = server.backend.ratings.tasks()
    assert (task.row.case_id, task.row.level, str(task.stands.due)) == (bad.id, 1, "2026-06-08")
    assert server.backend.gauges()['kiosk_rating_tasks{state="open"}'] == 1
    answered(server, bad.id)
    (told,) = shown(there)
    assert told is not None
    assert (told.level, told.options, told.task, told.finding) == (1, ["109"], "answered", "upheld")
    assert (told.answer, told.answered, told.added) == (ANSWER, "2026-06-01", 0)
    (praise,) = shown(there, OTHER)
    assert praise is not None
    assert (praise.level, praise.task, praise.answer) == (5, "", "")
    assert server.backend.ratings.tasks() == []
    assert not any(ANSWER.encode() in row.said for row in rows(server, rating_events)), "sealed"


def test_one_word_is_added_once_by_whose_case_it_is_and_a_bad_one_is_a_task_again(
    server: Server, new_terminal: New
) -> None:
    here, there = new_terminal(), new_terminal()
    item = case(here)
    here.push(item, rate(here, item.id, 2))
    first, thief, again = add(there, item.id, 2, said="还是没改"), add(there, item.id, 5, OTHER), add(here, item.id, 5)
    assert [each.status for each in there.push(thief, first)] == ["accepted"] * 2
    assert [each.status for each in there.push(first)] == ["duplicate"]
    here.push(again)
    told = {word.deed: word.answer for terminal in (here, there) for word in terminal.results().progress if word.deed}
    assert told == {thief.id: "not_theirs", first.id: "done", again.id: "not_asked"}
    assert [(row.level, row.channel) for row in rows(server, followups)] == [(2, "terminal")]
    assert [(row.number, row.level) for row in rows(server, rating_tasks)] == []  # nobody has asked yet
    (rated,) = shown(here)
    assert rated is not None
    assert (rated.added, rated.task) == (2, "open")
    assert sorted(row.number for row in rows(server, rating_tasks)) == [1, 2]
    answered(server, item.id, number=2)
    assert [(said.number, said.words) for said in server.backend.ratings.said_of(item.id)] == [(1, ""), (2, "还是没改")]


def test_nothing_is_added_where_nothing_was_rated_nor_taken_in_bad_form(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    lonely = add(terminal, item.id, 4)
    terminal.push(item, lonely)
    assert [word.answer for word in terminal.results().progress if word.deed] == ["not_asked"]
    assert not server.backend.ratings.add(item.id, 4, (), "")
    for wrong in ({"level": 0}, {"level": 6}, {"level": 4, "said": "长" * 501}, {"level": 4, "options": ["x"] * 17}):
        (result,) = terminal.push(add(terminal, item.id, **wrong))
        assert (result.status, result.reason) == ("rejected", "bad-envelope"), wrong
    with pytest.raises(ValueError, match="no rating"):
        server.backend.ratings.add(item.id, 1, ("510",), "")


def test_what_was_done_stays_and_two_who_answer_answer_once(server: Server, terminal: Terminal, clock: Clock) -> None:
    item = case(terminal)
    terminal.push(item, rate(terminal, item.id, 1))
    with pytest.raises(TaskError, match="not-now"):
        done(server, item.id, D.ANSWERED)
    with pytest.raises(BackendError, match="no-such-task"):
        done(server, item.id, D.CALLED, "reached", number=2)
    answered(server, item.id)
    with pytest.raises(TaskError, match="not-now"):
        done(server, item.id, D.ANSWERED, words="又答")
    with pytest.raises(StoreBusy):
        server.backend._store.write(lambda c: c.execute(delete(rating_events)))
    assert [event.deed.value for event in server.backend.ratings.task(item.id).events] == [
        "opened", "called", "verified", "answered",
    ]  # fmt: skip
    clock.move(days=30)
    other = Ratings(server.backend._store, server.backend.keys, clock)  # another process sees the same
    assert (other.task(item.id).stands.late, other.tasks(areas=()), len(other.tasks(answered=True))) == (False, [], 1)
    assert len(other.tasks(answered=True, areas=("3301",))) == 1
    assert other.tasks(answered=True, areas=("110", "331")) == []


def test_staff_at_the_command_line_say_it_by_the_standard_input(
    server: Server, terminal: Terminal, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    item = case(terminal)
    terminal.push(item, rate(terminal, item.id, 2, "207"))
    assert desk.tasks(settings) == 0
    assert json.loads(capsys.readouterr().out)["due"] == "2026-06-08"
    steps = (("called", "missed", "两次无人接听"), ("verified", "partly", "核对了清单"), ("answered", "", ANSWER))
    for act, found, said in steps:
        desk.task(settings, item.id, 1, desk.Wanted(act, "李工", "street", found), io.StringIO(said + "\n"))
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["state"], told["calls"], told["reached"]) == ("answered", 1, False)
    assert told["history"][-1]["words"] == ANSWER
    assert told["rated"][0]["reasons"] == ["没有提供材料样本"]
    assert desk.tasks(settings) == 0
    assert capsys.readouterr().out == ""
    for wanted, code in ((desk.Wanted("answered", "李工"), "not-now"), (desk.Wanted("praised", "李工"), "bad-event"),
                         (desk.Wanted("called", " "), "no-name")):  # fmt: skip
        with pytest.raises(BackendError, match=code):
            desk.task(settings, item.id, 1, wanted, io.StringIO("x"))


def test_a_task_whose_words_cannot_be_opened_leaves_the_list_readable(server: Server, terminal: Terminal) -> None:
    """Its key is not in the key file any more: what was done and when stands in clear."""
    sent = case(terminal)
    terminal.push(sent, rate(terminal, sent.id, 1))
    done(server, sent.id, D.CALLED, "reached")
    server.backend.ratings._sealing._keys = SimpleNamespace(epochs=())  # type: ignore[assignment]  # a key file without it
    (task,) = server.backend.ratings.tasks()
    assert [event.deed for event in task.events] == [D.OPENED, D.CALLED]
    assert {event.words for event in task.events} == {""}
