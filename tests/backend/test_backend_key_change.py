"""Client and backend change keys while cases wait: nothing is lost, whichever answer is and wherever it stops."""

from __future__ import annotations

import secrets
from types import SimpleNamespace

import pytest

from kiosk import wire
from kiosk.backend.keys import rotate
from kiosk.backend.problems import Refusal
from kiosk.sync import Policy, SyncClient, TerminalKey, exchange
from kiosk.sync.identity import FILE, NEXT
from kiosk.sync.keys import learn
from kiosk.sync.policy import SyncFailure
from kiosk.sync.transport import HttpTransport
from tests.backend.conftest import NOON, Answer, _raw
from tests.backend.test_backend_sync import Room


class LoggedRoom(Room):
    """A terminal that sends the end of its audit log too, as `kiosk run` does."""

    def open(self, url: str) -> None:
        super().open(url)
        self.client.close()
        key = TerminalKey.load_or_create(self.folder)
        self.client = SyncClient(
            self.journal, HttpTransport(url), key, policy=self.policy, clock=self.clock, log=self.journal
        )

    @property
    def public(self) -> str:
        return wire.b64(TerminalKey.load_or_create(self.folder).public)


@pytest.fixture
def room(tmp_path, clock, server, faulty_wire):
    made = LoggedRoom(tmp_path / "terminal", faulty_wire.url, clock, Policy(attempt=10.0))
    made.client.enrol(server.backend.issue_code("330102", "East Gate"))
    assert made.client.cycle().online
    yield made
    made.close()


def through(faulty_wire):
    faulty_wire.fault = lambda _method, _target, answer: answer


def lose(faulty_wire, target):
    """Answers from ``target`` are lost, until `through`."""
    faulty_wire.fault = lambda _method, asked, answer: None if asked == target else answer


def public_at_the_backend(server, room):
    return server.backend.find_terminal(room.client.enrolment.terminal_id).public_key


# -- the backend's keys


def test_the_backends_new_keys_are_learnt_and_used_and_what_waited_is_taken(room, server, settings, clock):
    before = room.client.enrolment
    room.commit()
    for _ in range(2):
        rotate(settings.keys_path(), clock())
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    learnt = room.client.enrolment
    assert learnt.sealing_key_id == server.backend.keys.sealing_id != before.sealing_key_id
    assert learnt.signing_key_id == server.backend.keys.signing_id != before.signing_key_id
    assert learnt.terminal_id == before.terminal_id
    room.commit()
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.journal.verify().ok


def test_what_was_learnt_is_kept_and_asked_for_once(room, settings, clock, faulty_wire):
    rotate(settings.keys_path(), clock())
    room.client.cycle()
    learnt = room.client.enrolment
    room.close()
    room.open(faulty_wire.url)
    assert room.client.enrolment == learnt
    seen = len(faulty_wire.seen)
    assert room.client.cycle().online
    assert "GET /v1/keys" not in faulty_wire.seen[seen:]


def test_a_lost_answer_leaves_the_old_keys_which_still_serve(room, server, settings, clock, faulty_wire):
    before = room.client.enrolment
    rotate(settings.keys_path(), clock())
    lose(faulty_wire, "/v1/keys")
    assert not room.client.cycle().online
    assert room.client.enrolment == before
    through(faulty_wire)
    room.commit()
    report = room.client.cycle(urgent=True)
    assert (report.online, report.acknowledged) == (True, 1)
    assert room.client.enrolment.signing_key_id == server.backend.keys.signing_id


def test_a_forged_hint_costs_one_question_and_changes_nothing(room, faulty_wire):
    before = room.client.enrolment
    hint = f"\r\n{wire.NEWEST_KEY_HEADER}: {'0' * 16}\r\n\r\n".encode()
    faulty_wire.fault = lambda _method, target, answer: (
        answer.replace(b"\r\n\r\n", hint, 1) if target.startswith("/v1/results") else answer
    )
    seen = len(faulty_wire.seen)
    room.client.cycle()
    assert faulty_wire.seen[seen:].count("GET /v1/keys") <= 1
    assert room.client.enrolment == before


@pytest.mark.parametrize("wrong", ["unknown", "unendorsed", "short"])
def test_keys_that_do_not_follow_from_the_known_one_are_not_taken(room, server, settings, clock, wrong):
    old = server.backend.keys.current
    rotate(settings.keys_path(), clock())
    first, second = (epoch.public for epoch in server.backend.keys.epochs)
    sealing = wire.b64(b"short") if wrong == "short" else second.sealing_key
    signer = wire.new_signing_pair()[0] if wrong == "unendorsed" else old.signing_private
    made = wire.KeyEpoch(2, sealing, second.signing_key, second.since)
    made = wire.KeyEpoch(2, sealing, second.signing_key, second.since, wire.sign(signer, made.canonical()))
    epochs = [made] if wrong == "unknown" else [first, made]

    class Answering:
        """What a backend says whose key is ours, and whose newer keys are not what they should be."""

        def call(self, *_args):
            return wire.KeysReply(epochs)

    with pytest.raises(SyncFailure) as caught:
        learn(Answering(), room.client.enrolment)
    assert caught.value.cause == "bad-keys"


# -- the terminal's own


def test_a_terminal_changes_its_key_with_cases_waiting(room, server):
    old = room.public
    room.commit()
    room.client.change_key()
    assert room.public == old, "until the backend has taken it"
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.public == public_at_the_backend(server, room) != old
    assert not (room.folder / NEXT).exists()
    assert (room.folder / FILE).stat().st_mode & 0o777 == 0o600
    room.commit()
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert [receipt.key_epoch for receipt in server.backend.logs.receipts(room.client.enrolment.terminal_id)][-1] == 2


@pytest.mark.parametrize("restart", [False, True])
def test_the_answer_to_a_change_is_lost(room, server, faulty_wire, restart):
    old = room.public
    room.commit()
    room.client.change_key()
    lose(faulty_wire, "/v1/terminal-key")
    assert not room.client.cycle().online
    assert room.public == old != public_at_the_backend(server, room), "the backend goes by the new one already"
    through(faulty_wire)
    if restart:
        room.close()
        room.open(faulty_wire.url)
    report = room.client.cycle(urgent=True)
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.public == public_at_the_backend(server, room) != old


def test_it_stops_after_the_backend_and_the_log_have_the_new_key(room, server, faulty_wire, monkeypatch):
    def stop(_key):
        raise KeyboardInterrupt

    room.commit()
    room.client.change_key()
    with monkeypatch.context() as patched:
        patched.setattr(TerminalKey, "complete_change", stop)
        with pytest.raises(KeyboardInterrupt):
            room.client.cycle()
    room.close()
    room.open(faulty_wire.url)
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.public == public_at_the_backend(server, room)
    assert room.journal.verify().ok


def test_a_key_that_is_not_to_be_had_is_given_up_and_cases_go_on(room, server, new_terminal):
    old = room.public
    room.client.change_key()
    other = new_terminal()
    (room.folder / NEXT).write_bytes(other.private)
    room.commit()
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "key-taken")
    assert room.public == old == public_at_the_backend(server, room)
    room.client.change_key()
    assert room.client.cycle().cause == ""
    assert room.public != old


def test_nobody_on_the_way_talks_it_out_of_the_key_that_the_backend_goes_by(room, server, faulty_wire, monkeypatch):
    """Whatever the refusal is, and even where the backend's own key has signed it."""
    keys = server.backend.keys
    nonces = []

    def token_hex(count):
        nonces.append(secrets.token_hex(count))
        return nonces[-1]

    def instead(method, target, answer):
        if target != "/v1/terminal-key":
            return answer
        body, now = Refusal("too-large").answer(NOON).body, NOON.isoformat()
        asked = wire.Asked(room.client.enrolment.terminal_id, method, target, nonces[-1])
        signature = wire.sign(keys.signing_private, wire.reply_bytes(asked, 413, now, body))
        headers = {wire.REPLY_TIME_HEADER: now, wire.REPLY_SIGNATURE_HEADER: signature}
        return _raw(Answer(413, headers | {"Content-Length": str(len(body))}, body))

    monkeypatch.setattr(exchange, "secrets", SimpleNamespace(token_hex=token_hex))
    room.client.change_key()
    faulty_wire.fault = instead
    room.client.cycle()
    through(faulty_wire)
    room.commit()
    report = room.client.cycle(urgent=True)
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.public == public_at_the_backend(server, room)
