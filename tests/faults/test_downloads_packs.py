"""Packs and policies from backend to terminal: what is taken, what is refused, and that the last good one stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk import wire
from kiosk.backend import BackendError
from kiosk.domain.window import Window
from kiosk.services import signing
from kiosk.sync import Policy, downloads, taking
from tests.faults.publishing_room import PENSION, PublishingRoom, pack_text
from tests.faults.sync_world import AREA


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PublishingRoom]:
    with PublishingRoom(tmp_path, keys=2) as made:
        yield made


def version_of_builtin(room: PublishingRoom) -> str:
    return room.terminal.version()


def test_a_pack_is_published_taken_told_and_used_by_the_next_start(room):
    own = version_of_builtin(room)
    room.publish(packs=[room.pack("9.0.0")])
    report = room.cycle()
    assert (report.online, report.cause) == (True, "")
    assert room.terminal.version() == "9.0.0" != own
    assert room.terminal.told.changes == 1
    assert room.terminal.events("manifest", "artefact")[-1] == ("artefact.taken", "9.0.0")
    used = room.terminal.in_use().origins[PENSION]
    assert used.origin.startswith("all ")
    rows = len(room.terminal.events(""))
    room.line.traffic.requests = 0
    room.cycle()
    assert len(room.terminal.events("")) == rows, "a pass with nothing new writes nothing"
    assert room.terminal.told.changes == 1
    room.terminal.restart()
    room.cycle()
    assert room.terminal.version() == "9.0.0"
    assert room.terminal.told.changes == 1


def policy_of(room: PublishingRoom) -> str:
    found = room.terminal.in_use().policy
    return "" if found is None else found.version


def test_the_narrower_scope_counts_and_what_is_dropped_is_given_up(room):
    scopes = ("all", AREA, room.id)
    for version, to in enumerate(scopes):
        room.publish(to, policy=room.policy(str(version), volume=str(version)))
        room.cycle()
        assert policy_of(room) == str(version)
    for version, to in ((1, scopes[2]), (0, scopes[1]), ("", scopes[0])):
        room.publish(to, drop=["policy"])
        room.cycle()
        assert policy_of(room) == str(version)
    assert room.terminal.events("artefact")[-1][0] == "artefact.dropped"
    assert sorted(file.name for file in (room.terminal.data / "downloads").iterdir()) == [taking.USED]


def test_going_back_to_an_earlier_version_is_a_newer_manifest(room):
    for version in ("1", "2", "1"):
        room.publish(policy=room.policy(version, volume=version))
        room.cycle()
        assert policy_of(room) == version


BAD = (  # as unit/services/test_pack_broken.py breaks them by the hundred
    ("pack-invalid", lambda text: text.replace("offline:", "offlime:")),
    ("pack-invalid", lambda text: text[: len(text) // 2]),
    ("pack-invalid", lambda text: text.replace("outcome: referred", "outcome: refered", 1)),
    ("pack-invalid", lambda text: text.replace("{place.", "{plaze.", 1)),
    ("pack-invalid", lambda text: text.replace("when: age", "when: ((age", 1)),
    ("pack-invalid", lambda text: text.replace("category: ", "category: *", 1)),
    ("pack-invalid", lambda text: text.replace("minutes: ", "minutes: !!python/object:os.system ", 1)),
    ("other-version", lambda text: text.replace('"9.1.0"', '"9.1.1"', 1)),
)


def test_a_pack_that_does_not_load_is_refused_once_and_the_last_good_one_stays(room):
    """What the operator's command would not have published: somebody with the key has gone around it."""
    room.publish(packs=[room.pack("9.0.0")])
    room.cycle()
    made = room.publish(packs=[])
    for number, (_, change) in enumerate(BAD, 1):
        data = change(pack_text("9.1.0")).encode()
        assert data != pack_text("9.1.0").encode()
        artefact = signing.sign_artefact("pack", PENSION, "9.1.0", data, room.keys[0])
        room.force(replace(made, version=made.version + number, artefacts=[artefact]), data)
        for _ in range(2):
            room.cycle()
        assert room.terminal.version() == "9.0.0"
    refused = [("artefact.refused", reason) for reason, _ in BAD]
    assert room.terminal.events("artefact.refused") == refused
    room.terminal.restart()
    room.cycle()
    assert (room.terminal.version(), room.terminal.events("artefact.refused")) == ("9.0.0", refused)
    room.publish(packs=[room.pack("9.2.0")])
    room.cycle()
    assert room.terminal.version() == "9.2.0"
    assert taking.refused(room.terminal.journal) == []


def test_the_built_in_version_with_other_bytes_is_refused(room):
    """A case cites name and version: they mean one thing."""
    own = version_of_builtin(room)
    data = pack_text(own).replace("当场办好", "马上办好", 1).encode()
    made = room.publish(packs=[])
    artefact = signing.sign_artefact("pack", PENSION, own, data, room.keys[0])
    room.force(replace(made, version=made.version + 1, artefacts=[artefact]), data)
    room.cycle()
    assert room.terminal.events("artefact.refused") == [("artefact.refused", "version-taken")]


def test_a_version_that_was_published_cannot_be_published_with_other_bytes(room):
    room.publish(packs=[room.pack("9.0.0")])
    with pytest.raises(BackendError) as refused:
        room.publish(packs=[room.pack("9.0.0", filler=10)])
    assert refused.value.code == "version-taken"
    room.cycle()
    assert room.terminal.version() == "9.0.0"


def test_bytes_under_a_wrong_hash_are_thrown_away_and_asked_for_again(room, monkeypatch):
    good = room.house.backend.published.part

    def wrong(terminal: Any, digest: str, offset: int, size: int) -> bytes:
        return bytes(len(good(terminal, digest, offset, size)))

    room.publish(packs=[room.pack("9.0.0")])
    monkeypatch.setattr(room.house.backend.published, "part", wrong)
    report = room.cycle()
    assert report.cause == "artefact-wrong-hash"
    assert report.online
    assert room.terminal.events("artefact") == [("artefact.refused", "wrong-hash")]
    assert list((room.terminal.data / "downloads").iterdir()) == []
    monkeypatch.undo()
    room.cycle()
    assert room.terminal.version() != "9.0.0", "a backend that goes on so would fill line and log"
    room.time.move(downloads.WRONG_SECONDS)
    room.cycle()
    assert room.terminal.version() == "9.0.0"


def test_a_large_one_goes_on_where_it_was_cut_off_and_nothing_is_sent_twice(room, monkeypatch):
    file = room.pack("9.0.0", filler=400_000)
    room.publish(packs=[file])
    asked: list[int] = []
    good = room.house.backend.published.part

    def part(terminal: Any, digest: str, offset: int, size: int) -> bytes:
        asked.append(offset)
        if len(asked) == 2:
            room.time.move(downloads.SECONDS + 1)  # slow: the pass has other things to do
        return good(terminal, digest, offset, size)

    monkeypatch.setattr(room.house.backend.published, "part", part)
    report = room.cycle()
    assert report.next_at <= room.time.terminal(), "it goes on at once"
    assert room.terminal.version() != "9.0.0"
    room.terminal.restart()
    while room.terminal.version() != "9.0.0":
        room.cycle()
    assert asked == sorted(set(asked))
    assert len(asked) >= 3


def test_large_ones_wait_for_the_hours_of_pictures_and_small_ones_do_not(tmp_path):
    hours = Policy(pictures=Window.parse("01:00-05:00"))  # it is 20:00 in Beijing
    with PublishingRoom(tmp_path, hours) as room:
        room.publish(packs=[room.pack("9.0.0", filler=200_000)], policy=room.policy("1", draft_days="3"))
        room.cycle()
        assert room.terminal.version() != "9.0.0"
        assert room.terminal.in_use().policy.version == "1"
        room.time.move(6 * 3600)
        room.cycle()
        assert room.terminal.version() == "9.0.0"


def test_a_part_of_an_artefact_of_others_is_not_to_be_had(room):
    made = room.publish(room.id, packs=[room.pack("9.0.0")])
    room.cycle()
    other = room.new_terminal("other")
    try:
        exchange, enrolment = other.client._exchange, other.client.enrolment
        digest = made.artefacts[0].sha256
        with pytest.raises(Exception, match="not-found"):
            exchange.call(enrolment, "GET", f"/v1/artefacts/{digest}", b"", bytes)
        found = exchange.call(enrolment, "GET", "/v1/manifests", b"", wire.ManifestsReply)
        assert found.manifests == []
        assert other.version() != "9.0.0"
    finally:
        other.close()
