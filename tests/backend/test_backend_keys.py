"""Keys change while everything goes on: the backend's by epoch, a terminal's endorsed by the one it had."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from sqlalchemy import select

from kiosk import wire
from kiosk.backend import Backend, BackendError
from kiosk.backend.keys import BackendKeys, rotate
from kiosk.backend.store import tables

STORES = ("sqlite", "postgresql")


def change_to(terminal, private, *, endorsed_by=None, proved_by=None, terminal_id=""):
    """The message with which ``terminal`` asks for the key ``private``."""
    old, new = wire.b64(wire.public_of(terminal.private)), wire.b64(wire.public_of(private))
    message = wire.key_change_bytes(terminal_id or terminal.id, old, new)
    endorsement = wire.sign(endorsed_by or terminal.private, message)
    return wire.KeyChange(new, endorsement, wire.sign(proved_by or private, message))


def going_by(terminal, key_id):
    """Makes the terminal say which of the backend's keys it knows."""
    signed = terminal.headers
    terminal.headers = lambda *args, **more: {**signed(*args, **more), wire.KEY_HEADER: key_id}


def epochs_of(terminal):
    return msgspec.json.decode(terminal.send("GET", "/v1/keys").body, type=wire.KeysReply).epochs


# -- the backend's


def test_what_was_sealed_under_an_old_key_is_taken_after_two_changes(terminal, server, settings, clock):
    late = [terminal.case(), terminal.case()]
    first = server.backend.keys.sealing_id
    for _ in range(2):
        clock.move(days=400)
        rotate(settings.keys_path(), clock())
    terminal.enrolment = replace(terminal.enrolment, sealing_key=epochs_of(terminal)[-1].sealing_key)
    results = terminal.push(late[0], terminal.case(), late[1])
    assert [result.status for result in results] == ["accepted"] * 3
    found = server.backend._store.read(
        lambda connection: connection.execute(select(tables.items.c.sealing_key_id)).scalars().all()
    )
    assert sorted(found) == sorted([first, first, server.backend.keys.sealing_id])
    assert server.backend.keys.sealing_id != first


def test_a_terminal_that_knows_the_old_key_is_answered_with_it_and_told_of_the_new_one(
    terminal, server, settings, clock
):
    old = server.backend.keys.current
    rotate(settings.keys_path(), clock())
    going_by(terminal, old.signing_id)
    asked = wire.Asked(terminal.id, "POST", "/v1/items", "a" * 32)
    answer = terminal.send("POST", "/v1/items", wire.PushRequest([terminal.case()]), nonce=asked.nonce)
    wire.verify_reply(old.signing_public, asked, answer.status, answer.headers, answer.body)
    (result,) = msgspec.json.decode(answer.body, type=wire.PushReply).results
    assert result.ack.key_id == old.signing_id
    wire.verify(old.signing_public, result.ack.canonical(), result.ack.signature)
    block = terminal.reserve()
    wire.verify(old.signing_public, block.canonical(), block.signature)
    newest = server.backend.keys.signing_id
    assert answer.headers[wire.NEWEST_KEY_HEADER.lower()] == newest != old.signing_id


def test_each_key_is_endorsed_by_the_one_before(terminal, server, settings, clock):
    first = server.backend.keys.current
    for _ in range(3):
        rotate(settings.keys_path(), clock())
    going_by(terminal, first.signing_id)
    epochs = epochs_of(terminal)
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    known = wire.unb64(terminal.enrolment.signing_key)
    for epoch in epochs[1:]:
        wire.verify(known, epoch.canonical(), epoch.endorsement)
        known = wire.unb64(epoch.signing_key)
    assert known == server.backend.keys.signing_public


def test_nothing_is_hinted_to_who_knows_the_newest_key_or_names_none(terminal, server, settings, clock):
    rotate(settings.keys_path(), clock())
    assert wire.NEWEST_KEY_HEADER.lower() not in terminal.send("GET", "/v1/results").headers
    going_by(terminal, server.backend.keys.signing_id)
    assert wire.NEWEST_KEY_HEADER.lower() not in terminal.send("GET", "/v1/results").headers


def test_a_terminal_enrolled_after_a_change_gets_the_new_keys(new_terminal, server, settings, clock):
    rotate(settings.keys_path(), clock())
    late = new_terminal()
    assert late.enrolment.sealing_key == server.backend.keys.current.public.sealing_key
    assert [result.status for result in late.push(late.case())] == ["accepted"]


def test_a_damaged_key_file_stops_the_start_and_not_who_runs(terminal, server, settings, clock):
    rotate(settings.keys_path(), clock())
    whole = settings.keys_path().read_text()
    kept = server.backend.keys.signing_id
    found = json.loads(whole)
    for damage in ("{", "{}", whole.replace('"epoch": 2', '"epoch": 3'), json.dumps({"epochs": found["epochs"][::-1]}),
                   json.dumps({"epochs": [found["epochs"][0], found["epochs"][0]]})):  # fmt: skip
        settings.keys_path().write_text(damage)
        with pytest.raises(BackendError) as caught:
            Backend(settings)
        assert caught.value.code == "keys-damaged"
        assert server.backend.keys.signing_id == kept
        assert terminal.send("GET", "/v1/results").status == 200


def test_an_endorsement_by_another_key_is_seen(settings, server, clock):
    rotate(settings.keys_path(), clock())
    found = json.loads(settings.keys_path().read_text())
    second = found["epochs"][1]["public"]
    epoch = wire.KeyEpoch(**second)
    found["epochs"][1]["public"]["endorsement"] = wire.sign(wire.new_signing_pair()[0], epoch.canonical())
    settings.keys_path().write_text(json.dumps(found))
    with pytest.raises(BackendError, match="keys-damaged"):
        BackendKeys(settings.keys_path(), clock)


def test_a_file_from_before_there_were_epochs_is_the_first_epoch(settings, server, clock, tmp_path):
    epoch = server.backend.keys.current
    values = {"sealing_private": epoch.sealing_private, "sealing_public": epoch.sealing_public,
              "signing_private": epoch.signing_private, "signing_public": epoch.signing_public}  # fmt: skip
    path = tmp_path / "old.keys.json"
    path.touch(0o600)
    path.write_text(json.dumps({name: wire.b64(value) for name, value in values.items()}))
    keys = BackendKeys(path, clock)
    assert (keys.sealing_id, keys.signing_id) == (epoch.sealing_id, epoch.signing_id)
    rotate(path, clock())
    assert [each.public.epoch for each in keys.epochs] == [1, 2]
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_is_nothing_to_rotate_where_no_backend_has_been(tmp_path, clock):
    with pytest.raises(BackendError, match="keys-missing"):
        rotate(tmp_path / "none.json", clock())
    assert not list(tmp_path.iterdir())


# -- a terminal's


def test_a_terminal_changes_its_key_and_the_old_one_is_worth_nothing(terminal, server):
    old, new = terminal.private, wire.new_signing_pair()[0]
    changed = terminal.send("POST", "/v1/terminal-key", change_to(terminal, new))
    assert (changed.status, changed.json["key_epoch"]) == (200, 2)
    assert terminal.send("GET", "/v1/results").code == "bad-signature"
    terminal.private = new
    assert [result.status for result in terminal.push(terminal.case())] == ["accepted"]
    terminal.private = old
    assert terminal.send("POST", "/v1/terminal-key", change_to(terminal, wire.new_signing_pair()[0])).status == 401


def test_a_change_whose_answer_was_lost_is_asked_again_with_the_new_key(terminal):
    new = wire.new_signing_pair()[0]
    message = change_to(terminal, new)
    assert terminal.send("POST", "/v1/terminal-key", message).status == 200
    terminal.private = new
    for _ in range(2):
        again = terminal.send("POST", "/v1/terminal-key", message)
        assert (again.status, again.json["key_epoch"]) == (200, 2)


def test_each_change_is_kept_as_evidence(terminal, server):
    keys = [terminal.private, *(wire.new_signing_pair()[0] for _ in range(3))]
    for new in keys[1:]:
        assert terminal.send("POST", "/v1/terminal-key", change_to(terminal, new)).status == 200
        terminal.private = new
    query = select(tables.terminal_keys).order_by(tables.terminal_keys.c.epoch)
    kept = server.backend._store.read(lambda connection: connection.execute(query).all())
    assert [row.epoch for row in kept] == [1, 2, 3, 4]
    assert [row.public_key for row in kept] == [wire.b64(wire.public_of(key)) for key in keys]
    for before, after in pairwise(kept):
        message = wire.key_change_bytes(terminal.id, before.public_key, after.public_key)
        wire.verify(wire.unb64(before.public_key), message, after.endorsement)


def test_a_change_that_one_of_the_two_keys_has_not_signed_is_refused(terminal, new_terminal):
    new, foreign = wire.new_signing_pair()[0], wire.new_signing_pair()[0]
    for message in (
        change_to(terminal, new, endorsed_by=foreign), change_to(terminal, new, proved_by=foreign),
        change_to(terminal, new, terminal_id=new_terminal().id),
        replace(change_to(terminal, new), public_key=wire.b64(wire.public_of(foreign))),
        replace(change_to(terminal, new), public_key="AAAA"),
    ):  # fmt: skip
        refused = terminal.send("POST", "/v1/terminal-key", message)
        assert (refused.status, refused.code) == (422, "not-endorsed")
    assert terminal.send("GET", "/v1/results").status == 200, "nothing has changed"


def test_nobody_takes_a_key_that_somebody_has_or_had(terminal, new_terminal):
    other = new_terminal()
    before, now = other.private, wire.new_signing_pair()[0]
    assert other.send("POST", "/v1/terminal-key", change_to(other, now)).status == 200
    for taken in (before, now):
        assert terminal.send("POST", "/v1/terminal-key", change_to(terminal, taken)).code == "key-taken"
    other.private = now
    assert other.send("POST", "/v1/terminal-key", change_to(other, before)).code == "key-taken", "nor goes back to it"


def test_one_terminal_cannot_change_the_key_of_another(terminal, new_terminal):
    other, new = new_terminal(), wire.new_signing_pair()[0]
    message = change_to(other, new)
    assert terminal.send("POST", "/v1/terminal-key", message).code == "not-endorsed"
    assert terminal.send("POST", "/v1/terminal-key", message, terminal_id=other.id).code == "bad-signature"
    assert other.send("GET", "/v1/results").status == 200


def test_a_withdrawn_terminal_changes_nothing(terminal, server):
    server.backend.revoke(terminal.id)
    refused = terminal.send("POST", "/v1/terminal-key", change_to(terminal, wire.new_signing_pair()[0]))
    assert refused.code == "terminal-revoked"
