"""A material's row is written beside its bytes: what is acknowledged rests on bytes and name, never on a row alone."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

import pytest

from kiosk.backend import blobs
from kiosk.backend.backup import backup, restore
from kiosk.backend.blobs import BlobFolder
from kiosk.backend.problems import Refusal


class Disk:
    """Which files and folders were synced, and whether it takes any more."""

    def __init__(self, monkeypatch) -> None:
        self.files: list[str] = []
        self.folders: list[str] = []
        self.fails = False
        write_new, sync_path = blobs.write_new, blobs.sync_path

        def write(path, data):
            if self.fails:
                raise OSError
            write_new(path, data)
            self.files.append(path.parent.name)

        def sync(path):
            if self.fails:
                raise OSError
            sync_path(path)
            self.folders.append(path.name)

        monkeypatch.setattr(blobs, "write_new", write)
        monkeypatch.setattr(blobs, "sync_path", sync)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


@pytest.fixture
def upload(terminal):
    """Sends a new material; its hash, its bytes and the answer."""

    def send(data: bytes = b""):
        data = data or secrets.token_bytes(5000)
        digest = hashlib.sha256(data).hexdigest()
        return digest, data, terminal.send("PUT", f"/v1/materials/{digest}", data)

    return send


def here(terminal, digest):
    return terminal.send("GET", f"/v1/materials/{digest}").json["status"]


def test_bytes_are_synced_before_the_upload_is_answered_and_names_before_its_item_is(terminal, upload, disk):
    sent = [upload() for _ in range(3)]
    folders = {digest[:2] for digest, *_ in sent}
    assert {answer.json["status"] for *_, answer in sent} == {"accepted"}
    assert sorted(disk.files) == sorted(digest[:2] for digest, *_ in sent)
    assert disk.folders == []
    (result,) = terminal.push(replace(terminal.case(), attachments=[digest for digest, *_ in sent]))
    assert result.status == "accepted"
    assert set(disk.folders) == folders | {"blobs"}
    synced = len(disk.folders)
    assert terminal.push(replace(terminal.case(), attachments=[sent[0][0]]))[0].status == "accepted"
    assert len(disk.folders) == synced, "what is on the disk is there"


def test_where_the_names_cannot_be_synced_nothing_is_acknowledged(terminal, server, upload, disk):
    digest, *_ = upload()
    item = replace(terminal.case(), attachments=[digest])
    disk.fails = True
    with pytest.raises(AssertionError, match="store-busy"):
        terminal.push(item)
    assert server.backend.gauges()["kiosk_cases"] == 0
    disk.fails = False
    assert [result.status for result in terminal.push(item)] == ["accepted"]


def test_a_row_without_its_bytes_is_no_material(terminal, server, upload, disk):
    """A power cut, or a full disk, between the two: it is asked for, and comes once more."""
    disk.fails = True
    digest, data, answer = upload()
    assert (answer.status, answer.code) == (503, "store-busy")
    assert server.backend.gauges()["kiosk_materials"] == 1, "the row is there"
    disk.fails = False
    assert here(terminal, digest) == "partial"
    item = replace(terminal.case(), attachments=[digest])
    assert [(each.status, each.reason) for each in terminal.push(item)] == [("retry", "attachment-missing")]
    assert upload(data)[2].json["status"] == "duplicate"
    assert here(terminal, digest) == "duplicate"
    assert [result.status for result in terminal.push(item)] == ["accepted"]
    assert server.backend._blobs.get(digest) == data


def test_a_draft_is_no_material_and_leaves_nothing_behind(tmp_path, monkeypatch):
    """The name is given to what is whole and synced alone."""
    folder, data = BlobFolder(tmp_path / "blobs"), secrets.token_bytes(5000)
    digest = hashlib.sha256(data).hexdigest()
    half, seen = blobs.write_new, []

    def cut(path, whole):
        half(path, whole[:100])
        seen.append(folder.certain([digest]))
        raise OSError

    monkeypatch.setattr(blobs, "write_new", cut)
    with pytest.raises(blobs.BlobsBusy):
        folder.keep(digest, data, lambda: seen.append("noted"))
    assert sorted(map(str, seen)) == ["noted", "set()"]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
    folder.close()


def test_what_no_item_needs_is_not_missing_from_a_backup(terminal, server, settings, upload, disk, tmp_path):
    digest, *_ = upload()
    terminal.push(replace(terminal.case(), attachments=[digest]))
    disk.fails = True
    upload()
    disk.fails = False
    unused, *_ = upload()
    made = backup(settings, tmp_path / "b.tar")
    assert (made.materials, made.missing) == (2, [])
    elsewhere = replace(
        settings, db_url=f"sqlite:///{tmp_path}/new.db", blobs=f"{tmp_path}/new", keys=f"{tmp_path}/k.json"
    )
    restore(elsewhere, tmp_path / "b.tar")
    assert BlobFolder(tmp_path / "new").certain([digest, unused]) == {digest, unused}


def test_bytes_that_do_not_fit_never_get_the_name(tmp_path):
    """The hash is reckoned while they go to the disk."""
    folder, seen = BlobFolder(tmp_path / "blobs"), []
    digest = hashlib.sha256(b"other").hexdigest()

    def check():
        raise Refusal("hash-mismatch")

    with pytest.raises(Refusal):
        folder.keep(digest, secrets.token_bytes(5000), lambda: seen.append("noted"), check)
    assert seen == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
    folder.put(digest, b"other")
    with pytest.raises(Refusal):
        folder.keep(digest, b"not it", lambda: seen.append("noted"), check)
    assert (seen, folder.get(digest)) == ([], b"other")
    folder.close()
