"""What only PostgreSQL does: it is elsewhere, gone for a while, ends deadlocks, and has passwords in its address."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from kiosk.backend import Backend, BackendError, Settings, create_app
from kiosk.backend.store.engine import Store, StoreBusy
from kiosk.backend.store.postgres import make_engine

STORES = ("postgresql",)


def sql(backend, words):
    return backend._store.read(lambda connection: connection.execute(text(words)).all())


def test_connections_that_were_cut_are_made_anew(terminal, server, postgres):
    item = terminal.case()
    before = {row.pid for row in sql(server.backend, "SELECT pg_backend_pid() AS pid")}
    postgres.cut_connections()
    assert [result.status for result in terminal.push(item)] == ["accepted"]
    assert before.isdisjoint(row.pid for row in sql(server.backend, "SELECT pg_backend_pid() AS pid"))


def test_a_connection_cut_in_the_middle_is_try_again_and_nothing_of_it_is_there(terminal, server, postgres):
    who = server.backend.find_terminal(terminal.id)

    def work(connection):
        connection.execute(text("UPDATE terminals SET name = 'other'"))
        postgres.cut_connections()
        connection.execute(text("SELECT 1"))

    with pytest.raises(StoreBusy):
        server.backend._store.write(work)
    assert {row.name for row in sql(server.backend, "SELECT name FROM terminals")} == {"Market Street"}
    assert server.backend.find_terminal(terminal.id) == who


def test_a_deadlock_is_begun_again_by_the_one_that_lost_it(server):
    """Two transactions lock two rows crosswise: PostgreSQL ends one, and both are done in the end."""
    store, barrier, runs = server.backend._store, threading.Barrier(2), []
    store.write(lambda c: c.execute(text("INSERT INTO sequences VALUES ('a', 0), ('b', 0)")))

    def add(first, second):
        def work(connection):
            runs.append(first)
            connection.execute(text(f"UPDATE sequences SET next = next + 1 WHERE kind = '{first}'"))
            if len(runs) <= 2:  # the first time both stand in each other's way
                barrier.wait(20)
            connection.execute(text(f"UPDATE sequences SET next = next + 1 WHERE kind = '{second}'"))

        store.write(work)

    threads = [threading.Thread(target=add, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(runs) == 3
    assert {row.next for row in sql(server.backend, "SELECT next FROM sequences WHERE kind IN ('a', 'b')")} == {2}


def test_two_backends_that_start_at_once_make_one_schema(settings):
    gate, made = threading.Barrier(4), []

    def start():
        gate.wait(20)
        made.append(Store.open(settings.db_url))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert len(made) == 4
    for store in made:
        assert store.read(lambda c: c.execute(text("SELECT count(*) FROM schema_version")).scalar()) == 1
        store.close()


def test_sealed_bytes_are_not_compressed_and_no_statement_waits_for_ever(settings):
    store = Store.open(settings.db_url)
    where = "attrelid = 'items'::regclass AND attname = 'sealed'"
    found = store.read(lambda c: c.execute(text(f"SELECT attstorage FROM pg_attribute WHERE {where}")).scalar())
    assert found in ("e", b"e")  # EXTERNAL
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        for way in (store.read, store.write):
            assert way(lambda c, name=name: c.execute(text(f"SHOW {name}")).scalar()) != "0"
    with pytest.raises(StoreBusy):
        store.read(lambda c: c.execute(text("DELETE FROM nonces")))  # a reader cannot write
    store.close()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://nobody:secret@127.0.0.1:1/none", "store-unusable"),
        ("mysql://u:secret@h/d", "bad-db"),
        ("postgresql://u:secret@h:port/d", "bad-db"),
    ],
)
def test_an_address_that_is_none_stops_the_start_and_its_password_is_not_told(tmp_path, url, code):
    with pytest.raises(BackendError) as caught:
        create_app(Settings(url, str(tmp_path / "blobs"), str(tmp_path / "keys.json")))
    assert caught.value.code == code
    assert "secret" not in f"{caught.value}{caught.value.advice}"


def test_without_a_key_file_the_advice_says_so(settings, tmp_path):
    with pytest.raises(BackendError) as caught:
        Backend(Settings(settings.db_url, str(tmp_path / "blobs")))
    assert caught.value.code == "keys-missing"


def test_the_drivers_name_may_stand_in_the_url(settings):
    engine = make_engine(settings.db_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()
