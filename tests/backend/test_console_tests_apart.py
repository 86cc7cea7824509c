"""A test waits in no reviewer's list: whoever wants to see tests asks for them, and is told what they are."""

from __future__ import annotations

import re

import pytest

from kiosk.backend.console.roles import Role
from kiosk.backend.lives import Act
from kiosk.domain import life
from kiosk.domain.life import Deed, State
from kiosk.domain.text import Text
from tests.backend.conftest import Terminal
from tests.backend.console_room import (  # noqa: F401
    Browser,
    Room,
    act,
    arrived,
    console_fixture,
    listed,
    state,
    taken,
    waits_at,
)


@pytest.fixture(scope="module")
def terminal(room: Room) -> Terminal:
    return room.terminal()


@pytest.fixture(scope="module")
def reviewer(room: Room) -> Browser:
    return room.staff(Role.COMMUNITY, "33")


def test_tests_and_cases_are_two_lists(room: Room, terminal: Terminal, reviewer: Browser) -> None:
    real, trial = arrived(room, terminal), arrived(room, terminal, test=True)
    assert listed(reviewer) == [real]
    assert "看测试件" in reviewer.page.text
    assert listed(reviewer, test="1") == [trial]
    assert "都是试机器用的" in reviewer.page.text
    assert real not in reviewer.page.text


def test_the_counts_of_the_tabs_hold_no_test(room: Room, terminal: Terminal, reviewer: Browser) -> None:
    def counts() -> list[str]:
        return re.findall(r'<span class="number">(\S+)</span>', reviewer.get("/console/queue").text)

    before = counts()
    arrived(room, terminal, test=True)
    assert counts() == before
    arrived(room, terminal)
    assert counts() != before


def test_a_test_is_worked_at_like_a_case_and_leaves_its_list(room: Room, terminal: Terminal, reviewer: Browser) -> None:
    trial = arrived(room, terminal, test=True)
    assert waits_at(room, trial) == "community"
    assert "测试件" in taken(reviewer, trial).text
    act(reviewer, trial, "accepted")
    assert state(room, trial) is State.ACCEPTED
    assert trial in listed(reviewer, test="1")
    decided = Act(Deed.REFUSED, life.Role.DEPARTMENT, "赵某", reason=Text("有理由", "A reason"))
    room.server.backend.lives.act(trial, decided)
    assert trial not in listed(reviewer, test="1")


def test_every_page_of_a_long_list_stays_in_it(room: Room, terminal: Terminal, reviewer: Browser) -> None:
    trials = {arrived(room, terminal, test=True) for _ in range(27)}
    real = arrived(room, terminal)
    found = listed(reviewer, test="1")
    assert trials <= set(found)
    assert len(found) == len(set(found))
    assert real not in found
