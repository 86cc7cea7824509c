"""Downloads that break off, are torn or killed: what was in use stays in use, and the next pass mends it.

A policy stands for all that is downloaded here: it is checked in no time, where a pack takes a good part of a second.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.health import failpoints
from kiosk.sync import commands, downloads, taking
from kiosk.sync.artefacts import ArtefactFolder
from tests.faults.publishing_room import PublishingRoom, Taker
from tests.faults.sync_world import Died, Fuse


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PublishingRoom]:
    with PublishingRoom(tmp_path, keys=2) as made:
        yield made


def version(terminal: Taker) -> str:
    """Of the policy, as a start would have it; "" for none."""
    found = terminal.in_use().policy
    return "" if found is None else found.version


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_is_told_and_keeps_nothing_else_back(room, monkeypatch, code):
    room.publish(policy=room.policy("9", volume="30"))
    case = room.terminal.commit()

    def full(*_: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(ArtefactFolder, "add", full)
    room.terminal.journal.audit("visit.started")
    report = room.cycle()
    assert (report.online, report.cause, report.acknowledged) == (True, "downloads-not-kept", 1)
    assert room.terminal.client._state.receipt.seq >= room.terminal.journal.head().seq - 1, "the log's end was sent"
    assert case in room.terminal.certain
    monkeypatch.undo()
    room.cycle()
    assert version(room.terminal) == "9"


def test_a_line_that_breaks_at_a_download_lets_the_end_of_the_log_be_sent(room):
    room.publish(policy=room.policy("9", volume="30"))
    fate = lambda _method, target, *_: "lost-request" if "/artefacts/" in target else "arrives"  # noqa: E731
    room.line.fate = fate
    room.terminal.journal.audit("visit.started")
    end = room.terminal.journal.head().seq
    report = room.cycle()
    assert report.online
    assert report.cause in ("refused", "reset", "deadline", "dns", "unreachable", "stalled", "tls")
    assert room.terminal.client._state.receipt.seq > end


def test_a_file_that_is_torn_on_the_disk_is_not_used_and_is_fetched_again(room):
    room.publish(policy=room.policy("9", volume="30"))
    room.cycle()
    folder = ArtefactFolder(room.terminal.data / "downloads")
    artefact = taking.used(folder)[0].artefact
    file = folder.path(artefact)
    data = file.read_bytes()
    flipped = bytes([data[0] ^ 1]) + data[1:]
    for number, torn in enumerate([data[:-1], data + b"x", flipped, b"", None]):
        file.unlink()
        if torn is not None:
            file.write_bytes(torn)
        found = room.terminal.in_use()
        assert found.troubles == {"policy": "damaged"}
        assert found.policy is None
        room.cycle()
        assert version(room.terminal) == "9"
        assert room.terminal.told.changes == 2 + number


def test_a_list_of_what_is_used_that_cannot_be_read_is_made_anew(room):
    room.publish(policy=room.policy("9", volume="30"))
    room.cycle()
    (room.terminal.data / "downloads" / taking.USED).write_bytes(b'[{"artefact"')
    assert version(room.terminal) == ""
    room.terminal.restart()
    room.cycle()
    assert version(room.terminal) == "9"


def test_a_key_that_is_taken_out_of_the_profile_is_believed_no_more(room):
    room.publish(policy=room.policy("9", volume="30"))
    room.cycle()
    room.terminal.keys = room.terminal.keys[1:]
    assert room.terminal.in_use().troubles == {"policy": "unknown-key"}


def test_another_programs_check_is_not_believed(room, monkeypatch):
    """After an update it is checked once more: the new program may ask for more."""
    room.publish(policy=room.policy("9", volume="30"))
    room.cycle()
    monkeypatch.setattr(taking, "__version__", "999")
    assert version(room.terminal) == "9"
    monkeypatch.setattr(taking, "check", lambda *_: "policy-invalid")
    assert room.terminal.in_use().troubles == {"policy": "policy-invalid"}


POINTS = (*downloads.FAILPOINTS, "durable.written", "durable.named")


@pytest.mark.parametrize("point", [name for name in POINTS if not name.startswith("command")])
def test_killed_at_any_point_it_is_all_there_after_the_next_pass(room, monkeypatch, point):
    fuse = Fuse()
    fuse.into_failpoints(monkeypatch)
    room.publish(policy=room.policy("9", volume="30"))
    fuse.arm(point, 1)
    with pytest.raises(Died):
        room.cycle()
    fuse.name = ""
    room.terminal.die()
    found = room.terminal.in_use()  # before or after, never half
    assert found.troubles == {}
    for _ in range(3):
        room.cycle()
    assert version(room.terminal) == "9"
    assert room.terminal.journal.verify().ok
    assert {file.suffix for file in (room.terminal.data / "downloads").iterdir()} == {"", ".json"}


def test_the_points_named_are_all_there_are():
    assert set(failpoints.parse(",".join(f"{name}=raise" for name in POINTS))) == set(POINTS)


def test_an_artefact_that_the_backend_does_not_give_keeps_neither_others_nor_reports_back(room):
    """The newest manifest of a scope, whose time has not come, names it no more; the one in force here does."""
    room.line.fate = lambda _method, target, *_: "lost-request" if "/artefacts/" in target else "arrives"
    room.publish(packs=[room.pack("9.0.0")])
    room.cycle()
    room.publish(packs=[room.pack("9.1.0")], after=24)
    room.line.fate = lambda *_: "arrives"
    room.publish(room.id, policy=room.policy("9", volume="30"), command="collect-diagnostics")
    report = room.cycle()
    assert (report.online, report.cause) == (True, "not-found")
    assert version(room.terminal) == "9"
    assert [each.outcome for each in room.reports()] == ["done"]
    assert room.cycle().cause == "", "it is asked for again later"
    room.time.move(24 * 3600)
    room.cycle()
    assert room.terminal.version() == "9.1.0"


BROKEN = {
    "downloads.manifest.all": '{"scope": "all", "versi',
    "downloads.manifest.terminal": '{"scope": 7}',
    "downloads.trouble": "[]",
    "downloads.refused": '[{"sha256": 1}]',
    "downloads.commands": '[{"id": "x", "of a newer program": 1}]',
}


def test_a_note_that_cannot_be_read_is_put_aside_and_the_sync_goes_on(room):
    room.publish(policy=room.policy("9", volume="30"))
    room.publish(room.id, command="collect-diagnostics")
    room.cycle()
    assert room.terminal.told.deeds == ["diagnostics"]
    journal = room.terminal.journal
    for key, text in BROKEN.items():
        if key != "downloads.manifest.terminal":  # in it stands the command: its own ledger is what is gone
            journal.set_meta(key, text)
    assert set(downloads.unreadable(journal)) == BROKEN.keys() - {"downloads.manifest.terminal"}
    room.terminal.restart()
    journal = room.terminal.journal
    assert downloads.unreadable(journal) == []
    case = room.terminal.commit()
    report = room.cycle()
    assert (report.online, report.cause) == (True, "")
    assert case in room.terminal.certain
    assert version(room.terminal) == "9"
    assert room.terminal.told.deeds == ["diagnostics"], "at most once, whatever the ledger said"
    (entry,) = room.terminal.entries().values()
    assert (entry.outcome, entry.code) == ("unknown", "broken-off")
    rows = journal._connection.execute("SELECT details FROM audit WHERE event = 'downloads.set_aside'").fetchall()
    assert sorted(json.loads(details)["note"] for (details,) in rows) == [
        "commands", "manifest.all", "refused", "trouble",
    ]  # fmt: skip
    assert journal.meta("downloads.aside.commands") == BROKEN["downloads.commands"]
    room.terminal.restart()
    assert len(journal_rows(room)) == len(rows), "once"


@pytest.mark.parametrize("key", ["downloads.manifest.terminal", "downloads.manifest.area"])
def test_any_manifest_that_cannot_be_read_is_asked_for_anew(room, key):
    room.publish(room.id, policy=room.policy("9", volume="30"))
    room.cycle()
    room.terminal.journal.set_meta(key, BROKEN["downloads.manifest.terminal"])
    room.terminal.restart()
    assert room.cycle().cause == ""
    assert version(room.terminal) == "9"


def test_where_nobody_can_read_until_when_it_is_closed_it_stays_closed(room):
    journal = room.terminal.journal
    journal.set_meta(commands.CLOSED, '{"reason": "ven')
    assert commands.closed(journal, room.time.true) == commands.Closed("operator")
    room.terminal.restart()
    assert room.cycle().online
    assert commands.closed(room.terminal.journal, room.time.true) == commands.Closed("operator")


def journal_rows(room: PublishingRoom) -> list[object]:
    connection = room.terminal.journal._connection
    return connection.execute("SELECT seq FROM audit WHERE event = 'downloads.set_aside'").fetchall()
