"""Which manifests are believed: rolled back, frozen, forked, foreign, from the past or the future, by another key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import wire
from kiosk.services import signing
from kiosk.sync import manifest
from tests.faults.publishing_room import PublishingRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PublishingRoom]:
    with PublishingRoom(tmp_path, keys=2) as made:
        yield made


def used(room: PublishingRoom) -> str:
    found = room.terminal.in_use().policy
    return "" if found is None else found.version


def taken(room: PublishingRoom, version: str = "1") -> wire.Manifest:
    """A policy of this version is in use."""
    made = room.publish(policy=room.policy(version, volume="30"))
    room.cycle()
    assert used(room) == version
    return made


def refused(room: PublishingRoom, reason: str) -> bool:
    """It is refused, told once in the log however often it comes, and what was in use stays."""
    before = used(room)
    for _ in range(3):
        report = room.cycle()
        assert report.online
        assert report.cause == f"manifest-{reason}"
    assert room.terminal.trouble() == reason
    room.terminal.restart()
    room.cycle()
    rows = [row for row in room.terminal.events("manifest.refused") if row[1] == reason]
    return len(rows) == 1 and used(room) == before


def test_an_older_manifest_is_refused_until_a_newer_one_comes(room):
    old = taken(room)
    taken(room, "2")
    room.slip(old)
    assert refused(room, "rolled-back")
    taken(room, "3")
    assert room.terminal.trouble() == ""


def test_the_same_version_with_other_contents_is_refused(room, monkeypatch):
    made = taken(room)
    room.give(monkeypatch, room.signed(replace(made, artefacts=[])))
    assert refused(room, "forked")


def test_whatever_is_changed_in_it_is_found_by_the_signature(room, monkeypatch):
    made = taken(room)
    (artefact,) = made.artefacts
    order = wire.Command("c-1", "restart", made.not_before, made.expires_at)
    changes: list[dict[str, Any]] = [
        {"scope": f"terminal.{room.id}"}, {"version": made.version + 1}, {"artefacts": []}, {"commands": [order]},
        {"expires_at": "2099-01-01T00:00:00+00:00"}, {"signature": "", "version": made.version + 1},
        {"artefacts": [replace(artefact, signature=made.signature)]},
    ]  # fmt: skip
    for change in changes:
        room.give(monkeypatch, replace(made, **change))
        room.cycle()
        assert room.terminal.trouble() == "signature", change
        room.terminal.restart()
    monkeypatch.undo()
    for _ in range(manifest.FORGOTTEN_AFTER):
        room.cycle()
    assert room.terminal.trouble() == "", "the backend does not insist any more"
    assert used(room) == "1"
    assert room.terminal.told.deeds == []


def test_a_manifest_for_others_is_refused(room, monkeypatch):
    made = taken(room)
    for scope in ("area.440300", "everybody", "terminal.another"):
        room.give(monkeypatch, room.signed(replace(made, version=made.version + 1, scope=scope, artefacts=[])))
        assert refused(room, "foreign"), scope


def test_one_that_has_run_out_is_refused(room):
    made = taken(room)
    ended = (room.time.true - timedelta(seconds=1)).isoformat()
    room.force(replace(made, version=made.version + 1, expires_at=ended, artefacts=[]))
    assert refused(room, "expired")


def test_one_that_runs_out_while_it_is_in_force_changes_nothing_that_is_used(room):
    """The operator is silent, or somebody keeps his word back: told, and no harm done."""
    taken(room)
    room.time.move(91 * 86400)
    report = room.cycle()
    assert (report.online, report.cause) == (True, "")
    assert used(room) == "1"


def test_of_one_that_has_run_out_nothing_more_is_taken_up(room):
    """Withheld until then, an old policy or command is not to be had from whoever holds the backend."""
    room.publish(policy=room.policy("1", volume="30"), days=1)
    made = room.publish(room.id, command="collect-diagnostics", days=1, hours=96)
    later = (room.time.backend() + timedelta(days=2)).isoformat()
    room.force(replace(made, commands=[replace(each, not_before=later) for each in made.commands]))
    room.line.fate = lambda _method, target, *_: "lost-request" if "/artefacts/" in target else "arrives"
    room.cycle()
    assert len(room.terminal.client._downloads._manifests.in_force()) == 2
    room.line.fate = lambda *_: "arrives"
    room.time.move(3 * 86400)
    assert room.cycle().online
    assert (used(room), room.terminal.told.deeds) == ("", [])
    room.publish(policy=room.policy("2", volume="40"))
    room.cycle()
    assert used(room) == "2"


def test_one_from_the_future_waits_for_its_time_and_is_not_sent_again_meanwhile(room):
    room.publish(policy=room.policy("1", volume="30"), after=24)
    report = room.cycle()
    assert (report.cause, used(room), room.terminal.trouble()) == ("", "", "")
    assert room.terminal.client._downloads._manifests.known() != "0.0.0"
    room.time.move(24 * 3600)
    room.cycle()
    assert used(room) == "1"


def test_a_clock_that_is_wrong_here_neither_ends_nor_begins_anything(room):
    """Times are judged by the backend's signed clock."""
    room.time.terminal_off = timedelta(days=365 * 50)
    taken(room)
    room.time.terminal_off = timedelta(days=-365 * 50)
    taken(room, "2")


def test_a_key_that_nobody_knows_is_refused_and_the_next_key_of_the_profile_is_taken(room):
    made = taken(room)
    stranger = signing.make_key(room.folder / "stranger.key")
    forged = replace(made, version=made.version + 1, artefacts=[], key_id=stranger.id, signature="")
    room.slip(replace(forged, signature=stranger.sign(forged.canonical())))
    assert refused(room, "unknown-key")
    newer = replace(made, version=1, artefacts=[])  # a newer key may count anew
    room.force(newer, key=1)
    room.cycle()
    assert (room.terminal.trouble(), used(room)) == ("", "")
    room.force(replace(made, version=made.version + 5))
    assert refused(room, "old-key")


def test_a_publisher_with_a_new_key_signs_again_what_was_published_before(room):
    taken(room)
    room.publish(key=1)
    report = room.cycle()
    assert (report.cause, used(room)) == ("", "1")


def test_another_identity_begins_with_nothing(room):
    """What a terminal was told under another name, or in another area, is not for it any more."""
    made = taken(room)
    keys, journal = room.terminal.keys, room.terminal.journal
    assert manifest.kept(journal, "all", "all", keys) == made
    assert manifest.kept(journal, "all", "area.440300", keys) is None
    assert manifest.kept(journal, "area", "area.330102", keys) is None


def test_a_terminal_without_a_publishing_key_asks_for_nothing(tmp_path):
    with PublishingRoom(tmp_path, keys=0) as room:
        asked: list[str] = []
        room.line.fate = lambda _method, target, *_: asked.append(target) or "arrives"
        room.cycle()
        assert asked
        assert not any("manifests" in target for target in asked)


def test_a_backend_that_was_put_back_from_a_backup_goes_on_counting_up(room):
    """The version is the time: what was published since the backup is passed by the next publication."""
    old = taken(room)
    taken(room, "2")
    room.slip(old)  # the backup's
    room.cycle()
    assert room.terminal.trouble() == "rolled-back"
    taken(room, "3")
    assert room.terminal.trouble() == ""
