"""A backup made while cases come in is whole, and what is restored goes on; nothing is written over, or from damage."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from kiosk import wire
from kiosk.backend import Backend, BackendError
from kiosk.backend.backup import backup, keys_beside, restore
from kiosk.backend.blobs import open_blobs
from kiosk.backend.keys import rotate
from kiosk.backend.store import tables
from kiosk.backend.store.copying import AHEAD
from kiosk.cli import main
from tests.backend.test_backend_concurrent import asked

STORES = ("sqlite", "postgresql")


@pytest.fixture
def database(request, tmp_path):
    """A database of its own: pg_dump takes all of it, and not one schema."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/backend/backend.db"
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is missing: apt-get install postgresql-client")
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def elsewhere(settings, request, tmp_path, database):
    """Where nothing is yet."""
    if database.startswith("sqlite"):
        url = f"sqlite:///{tmp_path}/new/backend.db"
    else:
        url = request.getfixturevalue("postgres").new_database()
    return replace(settings, db_url=url, blobs=str(tmp_path / "new-blobs"), keys=str(tmp_path / "new" / "keys.json"))


def with_material(terminal, size=5000):
    data = hashlib.sha256(terminal.number().encode()).digest() * (size // 32)
    digest = hashlib.sha256(data).hexdigest()
    assert terminal.send("PUT", f"/v1/materials/{digest}", data).status == 200
    return replace(terminal.case(), attachments=[digest]), digest, data


def refused(call):
    with pytest.raises(BackendError) as caught:
        call()
    return caught.value.code


def test_what_is_restored_is_what_was_saved_and_goes_on(terminal, server, settings, elsewhere, clock, tmp_path):
    item, digest, data = with_material(terminal)
    rotate(settings.keys_path(), clock())
    first = terminal.push(item, terminal.case())
    cursor, block = terminal.results().cursor, terminal.reserve("uscc", 50)
    made = backup(settings, tmp_path / "saved" / "b.tar")
    assert (made.materials, made.missing, made.epochs) == (1, [], 2)
    after = terminal.reserve("uscc", 50)
    terminal.push(terminal.case())  # a result that the terminal has seen, and the backup has not
    seen = terminal.results(cursor)
    assert len(seen.results) == 1

    restore(elsewhere, tmp_path / "saved" / "b.tar")
    assert open_blobs(elsewhere.blobs).get(digest) == data
    again = type(server)(elsewhere)
    try:
        terminal.port = again.port
        assert again.backend.gauges()["kiosk_cases"] == 2
        assert [epoch.public for epoch in again.backend.keys.epochs] == [
            epoch.public for epoch in server.backend.keys.epochs
        ]
        (result,) = terminal.push(item)
        assert (result.status, result.ack.canonical()) == ("duplicate", first[0].ack.canonical()), "the very same words"
        late = terminal.reserve("uscc", 50)
        assert late.first > after.last > block.last, "no number that was given out since is given out again"
        assert late.first == block.last + 1 + AHEAD
        terminal.serials = iter(())  # what it had of the other's blocks is not known here
        assert [each.status for each in terminal.push(terminal.case())] == ["accepted"]
        assert len(terminal.results(seen.cursor).results) == 1, "a new result stands beyond every cursor"
    finally:
        again.stop()


def test_the_files_are_the_owners_alone_and_hold_nothing_in_clear(terminal, settings, tmp_path):
    item, *_ = with_material(terminal)
    terminal.push(item)
    out = tmp_path / "saved" / "b.tar"
    backup(settings, out)
    assert sorted(path.name for path in out.parent.iterdir()) == ["b.tar", "b.tar.keys.json"], "no draft is left"
    assert {path.stat().st_mode & 0o077 for path in out.parent.iterdir()} == {0}
    for form in ("王小明秘密".encode(code) for code in ("utf-8", "utf-16-le", "gb18030")):
        assert form not in out.read_bytes()
    keys = json.loads(keys_beside(out).read_text())["epochs"][0]
    for secret in ("sealing_private", "signing_private"):
        assert keys[secret].encode() not in out.read_bytes()
        assert wire.unb64(keys[secret]) not in out.read_bytes()


def test_a_backup_made_while_cases_come_in_has_each_with_its_materials_or_not_at_all(
    terminal, server, settings, elsewhere, tmp_path
):
    """Three threads push while it is made; whatever item is in it has its material in it, and its case."""
    who, stop = asked(server.backend, terminal), threading.Event()
    pushed: list[str] = []

    def push(n: int) -> None:
        part = 0
        while not stop.is_set():
            data = f"{n}-{part}".encode() * 200
            digest, part = hashlib.sha256(data).hexdigest(), part + 1
            server.backend.store_material(who, digest, data)
            item = replace(terminal.case(numbers[n].pop()), attachments=[digest])
            assert server.backend.push(who, [item]).results[0].status == "accepted"
            pushed.append(item.id)

    numbers = [[terminal.number() for _ in range(400)] for _ in range(3)]
    threads = [threading.Thread(target=push, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        while len(pushed) < 9:
            assert any(thread.is_alive() for thread in threads)
        before = list(pushed)
        made = backup(settings, tmp_path / "b.tar")
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert made.missing == []
    restore(elsewhere, tmp_path / "b.tar")
    again, blobs = Backend(elsewhere), open_blobs(elsewhere.blobs)
    try:
        read = again._store.read
        items = set(read(lambda c: c.scalars(select(tables.items.c.id)).all()))
        cases = set(read(lambda c: c.scalars(select(tables.cases.c.item_id)).all()))
        attached = read(lambda c: c.execute(select(tables.item_materials)).all())
    finally:
        again.close()
    assert set(before) <= items == cases <= set(pushed)
    assert {row.item_id for row in attached} == items
    assert all(hashlib.sha256(blobs.get(row.hash)).hexdigest() == row.hash for row in attached)


def test_nothing_is_written_over(terminal, settings, elsewhere, tmp_path):
    item, *_ = with_material(terminal)
    terminal.push(item)
    out = tmp_path / "b.tar"
    backup(settings, out)
    whole = out.read_bytes(), keys_beside(out).read_bytes()
    assert refused(lambda: backup(settings, out)) == "would-overwrite"
    assert refused(lambda: backup(settings, tmp_path / "c.tar", keys_beside(out))) == "would-overwrite"
    assert (out.read_bytes(), keys_beside(out).read_bytes()) == whole
    assert not (tmp_path / "c.tar").exists()
    assert refused(lambda: restore(settings, out)) == "would-overwrite"
    assert refused(lambda: restore(replace(elsewhere, blobs=settings.blobs), out)) == "would-overwrite"
    assert refused(lambda: restore(replace(elsewhere, keys=settings.keys), out)) == "would-overwrite"
    assert terminal.send("GET", "/v1/results").status == 200
    restore(elsewhere, out)
    assert refused(lambda: restore(elsewhere, out)) == "would-overwrite"


def test_from_a_damaged_or_foreign_backup_nothing_is_restored(terminal, settings, elsewhere, tmp_path):
    item, digest, _ = with_material(terminal)
    terminal.push(item)
    out = tmp_path / "b.tar"
    backup(settings, out)
    whole, keys = out.read_bytes(), keys_beside(out).read_bytes()
    with tarfile.open(out) as archive:
        places = [(member.offset_data, member.size) for member in archive]
    broken = tmp_path / "broken.tar"
    keys_beside(broken).write_bytes(keys)
    for place, size in places:
        for at in (0, size // 2, size - 1):
            damaged = bytearray(whole)
            damaged[place + at] ^= 1
            broken.write_bytes(damaged)
            assert refused(lambda: restore(elsewhere, broken)) in ("backup-damaged", "backup-newer", "keys-differ")
    for length in (0, 100, len(whole) // 2, places[-1][0]):
        broken.write_bytes(whole[:length])
        assert refused(lambda: restore(elsewhere, broken)) == "backup-damaged"
    assert refused(lambda: restore(elsewhere, tmp_path / "none.tar", keys_beside(out))) == "backup-missing"
    keys_beside(broken).unlink()
    assert refused(lambda: restore(elsewhere, out, keys_beside(broken))) == "keys-missing"
    keys_beside(broken).write_bytes(keys + b" ")
    assert refused(lambda: restore(elsewhere, out, keys_beside(broken))) == "keys-differ"
    assert not elsewhere.keys_path().exists()
    assert open_blobs(elsewhere.blobs).empty()
    restore(elsewhere, out)
    assert open_blobs(elsewhere.blobs).get(digest)


def test_a_material_that_is_gone_is_told_and_the_rest_is_saved(terminal, settings, elsewhere, tmp_path):
    items = [with_material(terminal) for _ in range(3)]
    terminal.push(*(item for item, _, _ in items))
    folder = open_blobs(settings.blobs)
    folder.path(items[0][1]).unlink()
    folder.path(items[1][1]).write_bytes(b"rotten")
    made = backup(settings, tmp_path / "b.tar")
    assert (made.materials, sorted(made.missing)) == (1, sorted([items[0][1], items[1][1]]))
    assert restore(elsewhere, tmp_path / "b.tar").missing == made.missing


@pytest.fixture
def kiosk(settings, capsys):
    """The command line's own entry, in this process: status, output, words on standard error."""

    def run(*arguments, db=settings.db_url, blobs=settings.blobs, keys=settings.keys):
        capsys.readouterr()
        status = main(["backend", *arguments, "--db", db, "--blobs", blobs, "--keys", keys])
        said = capsys.readouterr()
        return status, said.out, said.err

    before = os.umask(0o077)
    yield run
    os.umask(before)


def test_the_commands_save_restore_and_change_keys_beside_a_running_backend(
    terminal, server, settings, kiosk, tmp_path
):
    terminal.push(terminal.case())
    out = str(tmp_path / "b.tar")
    status, said, _ = kiosk("backup", "--out", out)
    assert (status, json.loads(said)["missing"]) == (0, [])
    status, _, words = kiosk("backup", "--out", out)
    assert (status, "is there already" in words) == (2, True)
    before = server.backend.keys.signing_id
    _, said, _ = kiosk("rotate-keys")
    assert json.loads(said)["epoch"] == 2
    assert server.backend.keys.signing_id == json.loads(said)["signing_key"] != before
    assert kiosk("revoke", "--terminal", terminal.id)[0] == 0
    assert terminal.send("GET", "/v1/results").code == "terminal-revoked"
    assert "no terminal of this name" in kiosk("revoke", "--terminal", "330102-NOBODY")[2]


def test_a_restored_folder_is_the_owners_alone(terminal, settings, elsewhere, kiosk, tmp_path):
    item, *_ = with_material(terminal)
    terminal.push(item)
    backup(settings, tmp_path / "b.tar")
    new = {"db": elsewhere.db_url, "blobs": elsewhere.blobs, "keys": elsewhere.keys}
    status, said, _ = kiosk("restore", "--from", str(tmp_path / "b.tar"), **new)
    assert (status, json.loads(said)["materials"]) == (0, 1)
    for folder in (elsewhere.keys_path().parent, tmp_path / "new-blobs"):
        assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}
    for words in (["backup"], ["restore"]):
        assert "say " in kiosk(*words, **new)[2]
