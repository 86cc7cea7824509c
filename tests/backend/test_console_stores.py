"""The queue and its locks on both databases: one order, one holder, and tables that are made when they are wanted."""

from __future__ import annotations

import threading

from kiosk.backend.console.accounts import NewStaff
from kiosk.backend.console.roles import Role
from kiosk.backend.store import queue
from kiosk.backend.store.queue import View
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.console_room import PASSWORD, console_of
from tests.backend.lives_room import case

STORES = ("sqlite", "postgresql")


def test_a_list_is_read_on_and_a_case_has_one_holder(server: Server, terminal: Terminal, clock: Clock) -> None:
    backend = server.backend
    rows = backend._store
    terminal.push(*(case(terminal) for _ in range(7)))
    backend.lives.open_waiting()
    view = View("review", "community", ("33", "330102"))
    found, after = [], None
    while page := rows.read(lambda c, after=after: queue.page(c, view, after, 3)):  # type: ignore[misc]
        found += page
        after = (page[-1].due, page[-1].case_id)
    assert [(each.due, each.case_id) for each in found] == sorted((each.due, each.case_id) for each in found)
    assert len({each.case_id for each in found}) == 7
    assert rows.read(lambda c: queue.count(c, view, 5)) == 5
    assert rows.read(lambda c: queue.count(c, View("review", "street", ("33",)), 5)) == 0
    until, now = int(clock().timestamp()) + 60, int(clock().timestamp())
    start, got = threading.Barrier(4), []

    def work(name: str) -> None:
        start.wait(10)
        if rows.write(lambda c: queue.take(c, found[0].case_id, name, now, until)):
            got.append(name)

    threads = [threading.Thread(target=work, args=(f"staff-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(got) == 1
    assert rows.read(lambda c: queue.holder(c, found[0].case_id, now)) == (got[0], until)
    assert rows.read(lambda c: queue.holder(c, found[0].case_id, until)) is None
    accounts = console_of(backend).accounts  # its tables are made now
    accounts.add(NewStaff("anna", Role.STREET, ("33",), password=PASSWORD))
    assert [login for login, *_ in accounts.everybody()] == ["anna"]
    assert accounts.sign_in("anna", "wrong", "") is not None
