"""The life of a case at the backend: begun by what its terminal did, gone on with by staff, kept under a chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, update

from kiosk.backend.lives import Act
from kiosk.backend.lives_about import broken_chains
from kiosk.backend.store.engine import StoreBusy
from kiosk.backend.store.life_tables import life_events
from kiosk.domain.life import Deed, LifeError, Role, State
from kiosk.domain.text import Text
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import SECRET, case, rows

STORES = ("sqlite", "postgresql")
WHY = Text(SECRET, SECRET)


def act(server: Server, case_id: str, deed: Deed, **more: object) -> State:
    role = more.pop("by", Role.DEPARTMENT)
    return server.backend.lives.act(case_id, Act(deed, role, "李工", **more)).state  # type: ignore[arg-type]


def words(terminal: Terminal) -> list[str]:
    return [word.state for word in terminal.results().progress]


def history(server: Server, case_id: str) -> list[str]:
    return [event.deed.value for event in server.backend.lives.known(case_id).events]


def test_staff_carry_a_case_through_and_its_terminal_hears_of_it(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    terminal.push(item)
    assert act(server, item.id, Deed.ACCEPTED) is State.ACCEPTED
    act(server, item.id, Deed.HOLD_STARTED, reason=Text("现场勘验", "An inspection"))
    act(server, item.id, Deed.HOLD_ENDED)
    act(server, item.id, Deed.FORWARDED, to=Text("民政局", "Civil affairs"))
    assert act(server, item.id, Deed.APPROVED) is State.APPROVED
    assert history(server, item.id) == [
        "received", "accepted", "hold_started", "hold_ended", "forwarded", "approved",
    ]  # fmt: skip
    assert words(terminal) == ["accepted", "held", "accepted", "accepted", "approved"]
    assert terminal.results().results == [], "what the papers go by is another word"
    assert server.backend.lives.chain_holds(item.id)


def test_what_the_office_settles_is_an_event_of_the_life(server: Server, terminal: Terminal) -> None:
    revoked = case(terminal, outcome="approved")
    number = terminal.number()
    first, clash = (case(terminal, case_no=number, outcome="approved", rung="provisional") for _ in range(2))
    terminal.push(revoked, first, clash)
    assert server.backend.late.settle(revoked.id, "revoked") == "revoked"
    assert history(server, revoked.id)[-1] == "voided"
    assert history(server, clash.id) == ["received"], "not confirmed: a person has to look"
    server.backend.late.settle(clash.id, "otherwise")
    assert history(server, clash.id) == ["received"]
    server.backend.late.settle(clash.id, "confirmed")
    assert history(server, clash.id) == ["received", "approved"]
    assert server.backend.late.settle(first.id, "confirmed") == "confirmed", "once more changes nothing"
    assert history(server, first.id) == ["received", "approved"]


def test_an_event_that_was_changed_or_taken_out_is_found(server: Server, terminal: Terminal) -> None:
    items = [case(terminal) for _ in range(3)]
    terminal.push(*items)
    for item in items:
        act(server, item.id, Deed.ACCEPTED)
        act(server, item.id, Deed.APPROVED)
    store, table = server.backend._store, life_events.c
    with pytest.raises(StoreBusy):
        store.write(lambda c: c.execute(delete(life_events).where(table.case_id == items[1].id)))
    names = {"sqlite": ("life_events_no_update", "life_events_no_delete"), "postgresql": ("life_events_kept",)}
    for name in names[store.engine.dialect.name]:  # as who has every right would do it
        where = "" if store.engine.dialect.name == "sqlite" else " ON life_events"
        store.write(lambda c, name=name, where=where: c.exec_driver_sql(f"DROP TRIGGER {name}{where}"))
    store.write(lambda c: c.execute(update(life_events).where(
        table.case_id == items[0].id, table.seq == 2).values(at="2026-05-01T00:00:00.000000+00:00")))  # fmt: skip
    store.write(lambda c: c.execute(delete(life_events).where(table.case_id == items[1].id, table.seq == 3)))
    assert [server.backend.lives.chain_holds(item.id) for item in items] == [False, False, True]
    assert set(store.read(broken_chains)) == {items[0].id, items[1].id}


def test_two_who_decide_at_once_decide_once(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    terminal.push(item)

    def decide(deed: Deed) -> str:
        try:
            return act(server, item.id, deed, reason=WHY).value
        except LifeError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(decide, [Deed.APPROVED, Deed.REFUSED] * 2))
    assert said.count("decided") == 3
    assert len(set(said)) == 2
    assert len(rows(server, life_events)) == 2
    assert server.backend.lives.chain_holds(item.id)
    assert len(words(terminal)) == 1


def test_what_is_due_is_listed_and_counted(server: Server, terminal: Terminal, clock: Clock) -> None:
    late, done = case(terminal), case(terminal)
    terminal.push(late, done)
    act(server, late.id, Deed.ACCEPTED)
    act(server, done.id, Deed.REFUSED, reason=WHY)
    clock.move(days=3)
    terminal.push(near := case(terminal, committed_at="2026-06-04T12:00:00+00:00"))
    act(server, near.id, Deed.ACCEPTED)
    clock.move(days=27)  # the first of July: the last day of `late` was the day before, that of `near` is the third
    terminal.push(far := case(terminal, committed_at="2026-07-01T12:00:00+00:00"))
    assert server.backend.gauges()["kiosk_lives_waiting"] == 1
    found = {known.life.case_id: stand for known, stand in server.backend.lives.due(5)}
    assert list(found) == [late.id, near.id]
    assert far.id not in found
    assert found[late.id].overdue
    assert found[near.id].near
    assert not found[near.id].overdue
    figures = server.backend.gauges()
    assert figures["kiosk_lives_overdue"] == 1
    assert figures["kiosk_lives_waiting"] == 0
    assert figures['kiosk_lives{state="accepted"}'] == 2
    assert figures['kiosk_lives{state="refused"}'] == 1
    text = server.backend.metrics.text(figures)
    assert text.count("# HELP kiosk_lives ") == 1
    assert 'kiosk_lives{state="refused"} 1' in text
