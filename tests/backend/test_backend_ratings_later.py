"""A case that was not rated at its visit is rated later: at any terminal by whose case it is, or by phone; once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk import wire
from kiosk.backend.store.connector_tables import connector_marks
from kiosk.backend.store.tables import ratings
from kiosk.domain.codes import case_no_valid
from tests.backend.conftest import Server, Terminal
from tests.backend.lives_room import OTHER, case, rows
from tests.backend.test_backend_ratings import add, rate, shown

STORES = ("sqlite",)
New = Callable[..., Terminal]


def first(terminal: Terminal, case_id: str, level: int, number: str = "", **more: Any) -> wire.SealedItem:
    who = (number,) if number else ()
    return add(terminal, case_id, level, *who, first=True, **more)


def answers(*terminals: Terminal) -> dict[str, str]:
    return {word.deed: word.answer for each in terminals for word in each.results().progress if word.deed}


def test_it_is_the_rating_of_the_case_as_if_it_had_been_given_at_once(server: Server, new_terminal: New) -> None:
    here, there = new_terminal(), new_terminal()
    item = case(here)
    here.push(item)
    server.backend._store.write(lambda c: c.execute(connector_marks.delete()))
    thief, mine = first(there, item.id, 5, OTHER), first(there, item.id, 2, options=["207"], said="材料说了两次")
    there.push(thief, mine)
    again, late = first(here, item.id, 5), rate(here, item.id, 5)
    (_, refused) = here.push(again, late)
    assert (refused.status, refused.reason) == ("rejected", "rated-before"), "one that had waited for its line"
    told = answers(here, there)
    assert (told[thief.id], told[mine.id], told[again.id]) == ("not_theirs", "done", "not_asked")
    assert [(row.level, row.item_id) for row in rows(server, ratings)] == [(2, f"late-{mine.id}")]
    assert [row.kind for row in rows(server, connector_marks) if row.kind == "rating"] == ["rating"]
    (rated,) = shown(there)
    assert rated is not None
    assert (rated.level, rated.options, rated.task, rated.added) == (2, ["207"], "open", 0)
    (said,) = server.backend.ratings.said_of(item.id)
    assert (said.number, said.codes, said.words) == (1, ("207",), "材料说了两次")
    there.push(more := add(there, item.id, 4))
    assert answers(there)[more.id] == "done", "and one word more (追评)"


def test_by_phone_it_is_an_item_of_the_case_s_own_terminal(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    terminal.push(item)
    known = server.backend.ratings
    assert known.rate(item.id, 1, ["109"], "要了不在清单上的材料")
    assert not known.rate(item.id, 5, [], ""), "one for each case"
    assert not known.rate("none", 5, [], "")
    with pytest.raises(ValueError, match="no rating"):
        known.rate(item.id, 1, ["510"], "")
    (row,) = rows(server, ratings)
    assert row.item_id.startswith("phone-")
    (said,) = known.said_of(item.id)
    assert (said.level, said.codes, said.words) == (1, ("109",), "要了不在清单上的材料")
    (task,) = known.tasks()
    assert (task.row.case_id, task.row.level) == (item.id, 1)
    assert case_no_valid(task.row.case_no)
