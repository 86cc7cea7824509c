"""Where a terminal's secrets lie: the same whatever the source, and never in two minds after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk import cli, wire
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.keys import FolderKeySource, load_or_create_key
from kiosk.keystore import notes, store
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import beside
from kiosk.profile import KeysProfile
from kiosk.sync.identity import FILE, NEXT, TerminalKey, public_key_in
from kiosk.sync.policy import SyncFailure
from tests.unit.keystore.conftest import Tpm

KILLED = -9
pytestmark = pytest.mark.timeout(240)  # tpm2-tools are a dozen processes for each key that is read


@pytest.fixture(params=["file", "credential", "tpm"])
def source(request):
    if request.param != "file":
        request.getfixturevalue(request.param)
    return store.source(request.param)


def whole(data):
    """Every secret by its name, read as the terminal reads it."""
    return {path.name: store.load(path) for path in notes.secrets_in(data)}


def stored(folder):
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


# -- the contract of a source


def test_what_is_kept_comes_back_and_only_there(source, tmp_path):
    path, secret = tmp_path / "folder" / "journal.key", bytes(range(97))
    path.parent.mkdir()
    assert store.load(path) is None
    assert store.create(path, lambda: secret, source) == secret
    assert store.load(path) == secret
    assert [one.name for one in store.forms(path)] == [source.name]
    (kept,) = path.parent.iterdir()
    assert kept == beside(path, source)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (secret in stored(path.parent)) == (source.name == "file")
    source.remove(path)
    assert store.load(path) is None
    assert not list(path.parent.iterdir())


def test_a_journal_is_opened_with_a_key_from_anywhere(source, tmp_path):
    folder = tmp_path / "data" / "journal"
    key = load_or_create_key(folder, source)
    with Journal.open(folder, key, durable=False) as journal:
        head = journal.head()
    assert load_or_create_key(folder) == key, "whoever knows the folder alone finds it"
    beside(folder / "journal.key", source).unlink()
    with pytest.raises(JournalDamaged) as caught:
        load_or_create_key(folder, source)
    assert caught.value.code == "journal-key-lost"
    assert head.seq > 0


def test_a_terminals_key_is_made_changed_and_followed_in_its_source(source, tmp_path):
    suite = "shangmi"  # its keys are the longer ones
    key = TerminalKey.load_or_create(tmp_path / "t", suite, source)
    assert TerminalKey.load_or_create(tmp_path / "t", suite) == key
    new = key.begin_change()
    assert new.suite == suite
    assert key.pending() == new
    assert [one.name for one in store.forms(tmp_path / "t" / NEXT)] == [source.name]
    new.complete_change()
    assert TerminalKey.load_or_create(tmp_path / "t").public == new.public != key.public
    assert public_key_in(tmp_path / "t") == new.public
    assert new.pending() is None
    new.begin_change()
    new.drop_change()
    assert [path.name for path in (tmp_path / "t").iterdir()] == [f"{FILE}{source.suffix}"]


# -- moving


@pytest.mark.parametrize("to", ["credential", "tpm"])
def test_keys_move_there_and_back(to, data, request, capsys):
    request.getfixturevalue(to)
    if to == "credential":
        TerminalKey.load_or_create(data).begin_change()
    before = {name: secret for name, secret in whole(data).items() if secret is not None}
    assert set(before) >= {"journal.key", "terminal.key"}
    for target in (to, "file"):
        assert cli.main(["keys", "move", "--to", target, "--data", str(data), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["source"] == target
        assert {name: secret for name, secret in whole(data).items() if secret is not None} == before
        assert set(notes.sources_in(data).values()) == {target}
        for secret in before.values():
            assert (secret in stored(data)) == (target == "file")
    assert cli.main(["keys", "move", "--to", "file", "--data", str(data)]) == 0
    assert "already" in capsys.readouterr().out


MOVE = """
import sys
from pathlib import Path
from kiosk.keystore import notes, store
for path in notes.secrets_in(Path(sys.argv[1])):
    store.move(path, store.source("credential"))
"""
POINTS = {"keys.kept": 3, "keys.taken": 3, "keys.moved": 2, "durable.written": 1, "durable.named": 1}
CRASHES = [f"{point}@{hit}" for point, hits in POINTS.items() for hit in range(1, hits + 1)]


@pytest.mark.parametrize("point", CRASHES)
def test_a_move_is_killed_at_any_moment_and_done_by_the_next(point, data, credential):
    TerminalKey.load_or_create(data).begin_change()
    before = whole(data)
    command = [sys.executable, "-c", MOVE, str(data)]
    name, _, hit = point.partition("@")
    environment = {**os.environ, "KIOSK_FAILPOINTS": f"{name}=kill@{hit}"}
    assert subprocess.run(command, env=environment, check=False).returncode == KILLED
    assert whole(data) == before, "the terminal may start now"
    assert cli.main(["keys", "move", "--to", "credential", "--data", str(data)]) == 0
    assert whole(data) == before
    assert notes.sources_in(data) == dict.fromkeys(before, "credential")
    assert not any(secret in stored(data) for secret in before.values())


def test_the_key_changes_although_a_move_was_cut_short(data, credential):
    """The two keys lie in different forms, one of them in both: the old one is not left behind to be taken for ours."""
    key = TerminalKey.load_or_create(data)
    new = key.begin_change()
    store.move(data / NEXT, store.source("credential"))
    store.source("credential").put(data / FILE, key.private)
    new.complete_change()
    assert TerminalKey.load_or_create(data).public == new.public
    assert [one.name for one in store.forms(data / FILE)] == ["credential"]


def test_no_move_while_the_terminal_runs(data, credential, capsys):
    with Journal.open(data / "journal", load_or_create_key(data / "journal"), durable=False):
        assert cli.main(["keys", "move", "--to", "credential", "--data", str(data)]) == 1
    assert "journal-in-use" in capsys.readouterr().err
    assert set(notes.sources_in(data).values()) == {"file"}


def test_a_move_is_written_into_the_audit_log_once(data, credential):
    with Journal.open(data / "journal", load_or_create_key(data / "journal"), durable=False) as journal:
        notes.note_sources(journal, data)
    for _ in range(2):
        assert cli.main(["keys", "move", "--to", "credential", "--data", str(data)]) == 0
    sql = "SELECT details FROM audit WHERE event = 'keys.source' ORDER BY seq"
    both = ("journal.key", "terminal.key")
    with Journal.open(data / "journal", load_or_create_key(data / "journal"), durable=False) as journal:
        rows = [json.loads(row[0]) for row in journal._read(lambda connection: connection.execute(sql).fetchall())]
    said = [(row["secret"], row["source"]) for row in rows]
    assert said == [(name, source) for source in ("file", "credential") for name in both]


def test_a_copy_for_the_safe_brings_the_keys_back(data, tpm, tmp_path, capsys, monkeypatch):
    before, copy = whole(data), tmp_path / "safe.json"
    assert cli.main(["keys", "move", "--to", "tpm", "--copy", str(copy), "--data", str(data)]) == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    assert cli.main(["keys", "move", "--to", "tpm", "--copy", str(copy), "--data", str(data)]) == 1
    assert "copy-exists" in capsys.readouterr().err
    with Tpm(tmp_path, "new") as another:  # the board was replaced
        monkeypatch.setenv("TPM2TOOLS_TCTI", another.tcti)
        with pytest.raises(JournalError) as caught:
            load_or_create_key(data / "journal")
        assert caught.value.code == "tpm-another"
        assert cli.main(["keys", "restore", "--copy", str(copy), "--data", str(data)]) == 0
        assert whole(data) == before
        assert cli.main(["keys", "move", "--to", "tpm", "--data", str(data)]) == 0
        assert whole(data) == before


def test_no_copy_takes_a_key_away_that_is_here_as_a_file(data, tmp_path, capsys):
    """Another terminal's copy, or one of the time before the key was changed: what is here may be all that opens."""
    before, copy = whole(data), tmp_path / "safe.json"
    other = {"journal.key": bytes(32), "terminal.key": before["terminal.key"]}
    for found, code in (
        (other, "key-there"),
        ({"terminal.key": bytes(range(32))}, "key-there"),
        ({"journal.key": bytes(31)}, "bad-copy"),
        ({"terminal.key": bytes(33)}, "bad-copy"),
        ({}, "bad-copy"),
    ):
        copy.write_text(json.dumps({name: wire.b64(secret) for name, secret in found.items()}))
        assert cli.main(["keys", "restore", "--copy", str(copy), "--data", str(data), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["error"]["code"] == code
        assert whole(data) == before
    copy.write_text(json.dumps({name: wire.b64(secret) for name, secret in before.items() if secret}))
    (data / FILE).write_bytes(b"cut")
    assert cli.main(["keys", "restore", "--copy", str(copy), "--data", str(data)]) == 0
    assert whole(data) == before, "what is damaged is put back"


def test_a_form_that_cannot_be_had_any_more_is_made_anew(data, credential):
    """A move was cut short, and then the credential was replaced: the file that is still there counts."""
    before = whole(data)
    for path in notes.secrets_in(data):
        if path.exists():
            store.source("credential").put(path, path.read_bytes())
    credential.write_bytes(b"n" * 32)
    assert cli.main(["keys", "move", "--to", "credential", "--data", str(data)]) == 0
    assert whole(data) == before
    assert set(notes.sources_in(data).values()) == {"credential"}


# -- the TPM


def test_a_key_bound_to_measured_state_is_closed_when_that_has_changed(tpm, tmp_path):
    path = tmp_path / "journal.key"
    store.create(path, lambda: b"k" * 32, store.source("tpm", "sha256:16"))
    assert store.load(path) == b"k" * 32
    tpm.run("tpm2_pcrextend", "16:sha256=" + "ab" * 32)
    with pytest.raises(KeyUnavailable) as caught:
        store.load(path)
    assert caught.value.code == "tpm-measured"
    tpm.run("tpm2_pcrreset", "16")
    assert store.load(path) == b"k" * 32


def test_nothing_stays_in_the_tpm_and_every_read_fits(tpm, tmp_path):
    path = tmp_path / "journal.key"
    store.create(path, lambda: b"k" * 32, store.source("tpm"))
    for _ in range(2):
        store.load(path)
    for kind in ("transient", "loaded-session", "persistent"):
        assert tpm.run("tpm2_getcap", f"handles-{kind}").strip() == b"", kind


def test_a_tpm_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("TPM2TOOLS_TCTI", f"swtpm:path={tmp_path / 'none'}")
    with pytest.raises(KeyUnavailable) as caught:
        store.create(tmp_path / "journal.key", lambda: b"k" * 32, store.source("tpm"))
    assert caught.value.code in ("tpm-failed", "tpm-tools-missing")
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeyUnavailable) as caught:
        store.create(tmp_path / "journal.key", lambda: b"k" * 32, store.source("tpm"))
    assert caught.value.code == "tpm-tools-missing"
    assert "tpm2-tools" in caught.value.advice


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"format": 2}', b"[]", b"\xff"])
def test_a_damaged_file_of_the_tpms_is_told(damage, tmp_path):
    (tmp_path / "journal.key.tpm").write_bytes(damage)
    with pytest.raises(KeyUnavailable) as caught:
        store.load(tmp_path / "journal.key")
    assert caught.value.code == "tpm-damaged"


# -- the credential


def test_another_credential_or_none_opens_nothing(tmp_path, credential, monkeypatch):
    path = tmp_path / "terminal.key"
    store.create(path, lambda: b"k" * 32, store.source("credential"))
    right = credential.read_bytes()
    credential.write_bytes(bytes(32))
    with pytest.raises(KeyUnavailable, match="not wrapped") as caught:
        store.load(path)
    assert caught.value.code == "credential-differs"
    for wrong in (b"", b"short"):
        credential.write_bytes(wrong)
        with pytest.raises(KeyUnavailable, match="instead of 32"):
            store.load(path)
    credential.write_bytes(right)
    held = path.with_name("terminal.key.wrapped")
    held.rename(tmp_path / "journal.key.wrapped")
    with pytest.raises(KeyUnavailable):
        store.load(tmp_path / "journal.key")  # one secret is not passed off as another
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(KeyUnavailable) as caught:
        store.load(tmp_path / "journal.key")
    assert caught.value.code == "credential-missing"
    (tmp_path / "terminal.key.wrapped").write_bytes((tmp_path / "journal.key.wrapped").read_bytes())
    with pytest.raises(SyncFailure) as failed:
        TerminalKey.load_or_create(tmp_path)
    assert "systemd" in failed.value.advice


# -- told


def told(data, **wanted):
    return {check.name: (check.state, check.finding) for check in notes.check(data, KeysProfile(**wanted))}


def test_the_doctor_says_where_keys_lie_and_what_does_not_fit(data, credential):
    suite = TerminalKey.load_or_create(data).suite
    found = told(data, suite=suite)
    assert found["keys"] == ("ok", "journal.key: file, terminal.key: file; who copies the disk has them: "
                             "see kiosk/keystore/README.md")  # fmt: skip
    assert found["crypto suite"] == ("ok", suite)
    state, finding = told(data, suite=suite, source="credential")["keys"]
    assert state == "attention"
    assert "the profile says credential" in finding
    state, finding = told(data, suite="shangmi")["crypto suite"]
    assert (state, suite in finding, "shangmi" in finding) == ("broken", True, True)
    store.source("credential").put(data / FILE, TerminalKey.load_or_create(data).private)
    assert "terminal.key: file+credential" in told(data, suite=suite)["keys"][1]
    assert cli.main(["keys", "move", "--to", "credential", "--data", str(data)]) == 0
    assert told(data, suite=suite, source="credential")["keys"][0] == "ok"
    credential.unlink()
    state, finding = told(data, suite=suite, source="credential")["keys"]
    assert (state, "cannot be read" in finding) == ("broken", True)


def test_the_doctor_says_what_a_tpms_key_is_bound_to(tmp_path, tpm):
    key = TerminalKey.load_or_create(tmp_path)
    for pcrs, words in (("sha256:16", "bound to sha256:16"), ("", "bound to no measured state")):
        assert store.move(tmp_path / FILE, store.source("tpm", pcrs)) == ("file" if pcrs else "tpm")
        assert store.move(tmp_path / FILE, store.source("tpm", pcrs)) == ""
        assert words in told(tmp_path, source="tpm")["keys"][1]
    assert TerminalKey.load_or_create(tmp_path) == key


def test_the_next_key_is_bound_as_the_one_before(tmp_path, tpm):
    key = TerminalKey.load_or_create(tmp_path, wanted=store.source("tpm", "sha256:16"))
    new = key.begin_change()
    new.complete_change()
    assert store.source_of(tmp_path / FILE) == store.source("tpm", "sha256:16")
    assert TerminalKey.load_or_create(tmp_path).public == new.public


def test_the_command_says_what_is_here_and_no_secret(data, capsys):
    assert cli.main(["keys", "--data", str(data), "--json"]) == 0
    out = capsys.readouterr().out
    rows = json.loads(out)["keys"]
    assert [(row["name"], row["source"]) for row in rows] == [("journal.key", "file"), ("terminal.key", "file")]
    assert rows[1]["suite"] == TerminalKey.load_or_create(data).suite
    assert cli.main(["keys", "change", "--data", str(data), "--json"]) == 0
    name = json.loads(capsys.readouterr().out)["id"]
    assert cli.main(["keys", "--data", str(data / "journal")]) == 0
    out = capsys.readouterr().out
    assert f"terminal.key.next  file  {rows[1]['suite']}  {name}" in out
    assert not any(secret.hex() in out for secret in whole(data).values())


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["--data", "nowhere"], 2, "no-keys"),
        (["move", "--to", "usb"], 1, "no-such-source"),
        (["move", "--to", "file", "--pcrs", "sha256:7"], 1, "no-such-source"),
        (["restore"], 1, "bad-copy"),
        (["restore", "--copy", "/dev/null"], 1, "bad-copy"),
    ],
)
def test_the_command_refuses_in_words(arguments, status, code, data, capsys, monkeypatch):
    monkeypatch.chdir(data.parent)
    monkeypatch.delenv("TPM2TOOLS_TCTI", raising=False)
    where = [] if "--data" in arguments else ["--data", str(data)]
    assert cli.main(["keys", *arguments, *where, "--json"]) == status
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], bool(error["advice"])) == (code, True)
    assert Path(data / FILE).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_read_is_not_used_by_the_terminal_and_told_by_the_doctor(mode, data):
    file = data / "journal" / "journal.key"
    key = FolderKeySource(data / "journal").load()
    file.chmod(mode)
    with pytest.raises(JournalError) as caught:
        FolderKeySource(data / "journal").load()
    assert caught.value.code == "key-exposed"
    assert "chmod 600" in caught.value.advice
    (found,) = [each for each in notes.check(data, KeysProfile()) if each.name == "keys"]
    assert (found.state, found.finding) == ("broken", "others may read journal.key")
    assert load_or_create_key(data / "journal") == key, "who reads a copy on a disk without owners can"
    file.chmod(0o600)
    assert FolderKeySource(data / "journal").load() == key
    assert [each.state for each in notes.check(data, KeysProfile()) if each.name == "keys"] == ["ok"]
