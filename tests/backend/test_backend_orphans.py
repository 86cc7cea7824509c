"""What the database is not told to keep is written so that it holds, and a row without its parent is found."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import event, inspect, text

from kiosk import wire
from kiosk.backend import BackendError, desk
from kiosk.backend.store.checking import orphans

STORES = ("sqlite", "postgresql")


def rating_of(terminal, case_id):
    rating = wire.RatingPayload(case_id, "N1", "000131002000", 5, ["clear"], "2026-06-01T12:00:00Z")
    return terminal.seal(msgspec.json.encode(rating), str(uuid.uuid4()), "rating")


@pytest.fixture
def store(terminal, server):
    """With a row in every table that a push writes to."""
    data = b"sealed signature"
    digest = hashlib.sha256(data).hexdigest()
    assert terminal.send("PUT", f"/v1/materials/{digest}", data).status == 200
    case = replace(terminal.case(), attachments=[digest])
    many = [terminal.case() for _ in range(12)]  # more than one row a table: by COPY, where there is one
    results = terminal.push(case, *many, rating_of(terminal, case.id))
    assert {result.status for result in results} == {"accepted"}
    return server.backend._store


def test_what_is_written_has_its_parents(store):
    assert store.read(orphans) == {}


def damage(store, statement):
    """As somebody with the database's own tools could do it, past every key."""

    def work(connection):
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 0
        else:
            for table in inspect(connection).get_table_names():
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        connection.execute(text(statement))

    if store.engine.dialect.name == "sqlite":
        store.engine.dispose()
        event.listen(store.engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = OFF"))
    store.write(work)


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("terminals", {"items.terminal_id", "cases.terminal_id", "results.terminal_id", "materials.terminal_id",
                       "blocks.terminal_id", "enrolment_codes.terminal_id"}),
        ("items", {"item_materials.item_id", "cases.item_id", "ratings.item_id"}),
        ("cases", {"registered_numbers.case_id"}),
    ],
)  # fmt: skip
def test_a_row_without_its_parent_is_found(store, table, found):
    damage(store, f"DELETE FROM {table}")
    counts = store.read(orphans)
    assert set(counts) >= found
    assert all(count > 0 for count in counts.values())


def test_postgresql_is_not_told_what_a_push_has_made_true_itself(store):
    if store.engine.dialect.name != "postgresql":
        keys = store.read(lambda c: inspect(c).get_foreign_keys("cases"))
        assert {key["referred_table"] for key in keys} == {"items", "terminals"}
    else:
        assert store.read(lambda c: inspect(c).get_foreign_keys("cases")) == []
        assert store.read(lambda c: inspect(c).get_foreign_keys("blocks")) != []


def test_the_command_says_so_and_its_status_too(store, settings, capsys):
    def check():
        capsys.readouterr()
        return desk.check(settings), json.loads(capsys.readouterr().out)

    assert check() == (0, {"rows_without_parent": {}, "lives_not_whole": []})
    damage(store, "DELETE FROM cases")
    status, said = check()
    assert (status, said["rows_without_parent"]["registered_numbers.case_id"]) == (1, 13)


def test_where_there_is_no_database_none_is_made(settings, tmp_path):
    with pytest.raises(BackendError) as caught:
        desk.check(replace(settings, db_url=f"sqlite:///{tmp_path}/none.db"))
    assert caught.value.code == "no-database"
    assert not (tmp_path / "none.db").exists()
