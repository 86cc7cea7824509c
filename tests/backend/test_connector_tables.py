"""A department's exchange tables in a real PostgreSQL: rows stand there once, results are fetched once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend.connectors import work
from kiosk.backend.connectors.config import Connector
from kiosk.backend.connectors.mapping import builtin
from kiosk.backend.store import connector_letters
from kiosk.domain.life import Deed
from tests.backend.connector_room import SERVICE, Room
from tests.unit.connectors.connector_world import ITEM, OFFICE


@dataclass
class Exchange:
    """A department's database with its tables."""

    url: str
    connection: Any

    def execute(self, statement: str, values: Any = None) -> Any:
        return self.connection.execute(statement, values)


@pytest.fixture
def exchange(postgres: Any) -> Iterator[Exchange]:
    import psycopg

    url = postgres.new_schema()
    sql = (files("kiosk.backend.connectors") / "data" / "exchange.sql").read_text(encoding="utf-8")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)  # type: ignore[call-overload]
        yield Exchange(url, connection)


@pytest.fixture
def room(tmp_path: Path, postgres: Any) -> Iterator[Room]:
    made = Room(tmp_path, postgres.new_schema())
    yield made
    made.close()


def test_a_case_stands_in_the_exchange_tables_and_its_result_comes_back(room: Room, exchange: Exchange) -> None:
    connector = Connector(
        "civil", builtin("national_tables"), items={SERVICE: ITEM}, office=OFFICE, poll=1.0, url=exchange.url
    )
    store = room.backend
    connectors = work.Connectors(store._store, store.lives, store.keys, {"civil": connector}, room.clock)
    room.made.append(connectors)
    case, other = room.take(), room.take()
    connectors.queue()
    engine = store._store.engine  # senders side by side do not wait for each other, nor take the same
    with engine.connect() as first, engine.connect() as second:
        claimed = [connector_letters.claim(each, "civil", "2099-01-01", "2099-01-02", 1) for each in (first, second)]
    assert len({letter.guid for letters in claimed for letter in letters}) == 2
    room.act(case.case_id, Deed.ACCEPTED)
    assert connectors.run().sent == 3

    def count(table: str) -> int:
        return int(exchange.execute(f"select count(*) from {table}").fetchone()[0])

    assert (count("up_pro_accept"), count("up_pro_process"), count("up_pro_result")) == (1, 3, 0)
    assert count("up_pro_material") == len({each.kind for each in case.materials})
    row = exchange.execute(
        "select project_no, task_code, catalog_code, project_type, applyer_name, apply_date::text, accept_date::text "
        "from up_pro_accept"
    ).fetchone()
    assert row == (case.case_no, ITEM, "370117002011", "2", "王某某", "2026-06-01 12:05:00", "2026-06-01 12:05:00")

    # sent again under the same ids, as after a lost answer: nothing is doubled, nothing is changed
    store._store.write(lambda c: c.exec_driver_sql("UPDATE connector_letters SET state = 'waiting'"))
    assert connectors.run().sent == 3
    assert (count("up_pro_accept"), count("up_pro_process")) == (1, 3)

    room.clock.move(hours=1)
    exchange.execute(
        "insert into down_pro_result (row_guid, project_no, result_type, result_date, result_explain, cd_time) values "
        "('a', %s, '0', '2026-06-01 13:00:00', '准予', now()), ('b', '99', '0', '2026-06-01 13:00:00', '', now())",
        [case.case_no],
    )
    assert connectors.run().results == 2
    assert [event.deed for event in store.lives.known(case.case_id).events][-1] is Deed.APPROVED
    unread = exchange.execute("select count(*) from down_pro_result where read_time is null").fetchone()[0]
    assert unread == 0
    assert connectors.gauges()['kiosk_connector_aside{connector="civil"}'] == 1
    assert connectors.run().sent == 1
    assert exchange.execute("select result_type, result_explain from up_pro_result").fetchall() == [("0", "准予")]

    # a table that is gone is the line's trouble, not the letter's
    exchange.execute("alter table up_pro_process rename to gone")
    room.act(other.case_id, Deed.ACCEPTED)
    assert connectors.run().dead == 0
    line = store._store.read(lambda c: connector_letters.line(c, "civil"))
    assert (line.failures, line.code) == (1, "42P01")
    exchange.execute("alter table gone rename to up_pro_process")
    exchange.execute("alter table up_pro_accept add check (length(applyer_name) > 5) not valid")
    room.clock.move(minutes=1)
    assert connectors.run().dead == 1, "a row that the database refuses waits for a person"
