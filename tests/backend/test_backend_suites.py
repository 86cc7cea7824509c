"""Terminals of both crypto suites at one backend, and of one suite at a backend of the other."""

from __future__ import annotations

import json
import random
import secrets
import uuid
from dataclasses import replace

import msgspec
import pytest

from kiosk import suites, wire
from kiosk.backend import Backend, BackendError, Settings
from kiosk.backend.keys import BackendKeys, rotate
from kiosk.journal import auditing
from kiosk.journal.journal import Journal
from kiosk.journal.records import CaseRecord, SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.keys import learn
from kiosk.sync.policy import SyncFailure
from kiosk.sync.transport import HttpTransport
from tests.backend.conftest import Server, Terminal, case_payload

BOTH = suites.NAMES


@pytest.fixture
def serve(tmp_path, clock):
    """A backend of the named suites; none: as its key file is."""
    servers = []

    def begin(*names, folder="backend"):
        (tmp_path / folder).mkdir(exist_ok=True)
        settings = Settings(
            str(tmp_path / folder / "b.db"), str(tmp_path / folder / "blobs"), clock=clock, suites=names
        )  # fmt: skip
        servers.append(Server(settings))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


class Room:
    """One terminal of a suite: journal, key, client."""

    def __init__(self, folder, url, clock, suite):
        self.folder, self.clock = folder, clock
        self.journal = Journal.open(folder, bytes(32), clock=clock, durable=False)
        self.client = SyncClient(
            self.journal, HttpTransport(url), TerminalKey.load_or_create(folder, suite),
            policy=Policy(attempt=20.0), clock=clock, rng=random.Random(1), log=self.journal,
        )  # fmt: skip

    def close(self):
        self.client.close()
        self.journal.close()

    def commit(self):
        enrolment, case_id = self.client.enrolment, str(uuid.uuid4())
        key = wire.unb64(enrolment.sealing_key)
        part = seal(secrets.token_bytes(500), key, item_info(enrolment.terminal_id, case_id, 1))

        def build(numbers):
            number = f"{numbers.take('case')}"
            payload = case_payload(_number(enrolment.area_code, self.clock(), int(number)), case_id=case_id)
            sealed = seal(msgspec.json.encode(payload), key, item_info(enrolment.terminal_id, case_id))
            material = SealedMaterial(__import__("hashlib").sha256(part).hexdigest(), "signature", part)
            return CaseRecord(
                case_id, payload.case_no, payload.service_id, "1.0.0", "approved", "provisional", "face",
                self.clock(), False, sealed, (material,),
            )  # fmt: skip

        self.journal.commit(build)
        return case_id


def _number(area, now, serial):
    from kiosk.domain import codes

    return codes.case_no(area, now.date(), serial)


@pytest.fixture
def make_room(tmp_path, clock):
    rooms = []

    def make(url, suite):
        rooms.append(Room(tmp_path / f"terminal{len(rooms)}", url, clock, suite))
        return rooms[-1]

    yield make
    for room in rooms:
        room.close()


def enrolled(server, clock, suite):
    """A terminal that signs by hand, of this suite."""
    terminal = Terminal(server.port, clock, suites.by_name(suite).new_signing_pair()[0])
    answer = terminal.enrol(server.backend.issue_code("330102", "By Hand"))
    assert answer.status == 200, answer.body
    return terminal


@pytest.mark.parametrize("suite", BOTH)
def test_from_enrolment_to_the_result_and_the_next_key(suite, serve, make_room, clock):
    server = serve(suite)
    room = make_room(server.url, suite)
    enrolment = room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    assert enrolment.suite == suite
    assert {suites.suite_name(wire.unb64(key)) for key in (enrolment.sealing_key, enrolment.signing_key)} == {suite}
    room.client.cycle()
    room.commit()
    report = room.client.cycle(urgent=True)
    assert (report.online, report.acknowledged, report.results, report.cause) == (True, 1, 1, "")
    # both ends change their keys with a case waiting
    room.commit()
    room.client.change_key()
    rotate(server.backend.settings.keys_path(), clock())
    report = room.client.cycle(urgent=True)
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.client.enrolment.sealing_key_id == server.backend.keys.sealing_id != enrolment.sealing_key_id
    assert room.client.enrolment.suite == suite
    room.commit()
    assert room.client.cycle(urgent=True).acknowledged == 1
    room.client.cycle()
    receipts = server.backend.logs.receipts(enrolment.terminal_id)
    own = TerminalKey.load_or_create(room.folder)
    log = room.journal._read(lambda connection: auditing.verify(connection, receipts, own.public))
    assert (log.ok, log.key_epoch, log.problems) == (True, 2, ())
    assert log.confirmed_to > 0
    assert room.journal.verify().ok


def test_one_backend_serves_terminals_of_both_suites(serve, make_room):
    server = serve(*BOTH)
    rooms = {suite: make_room(server.url, suite) for suite in BOTH}
    for suite, room in rooms.items():
        assert room.client.enrol(server.backend.issue_code("330102", suite)).suite == suite
        room.client.cycle()
        room.commit()
        report = room.client.cycle(urgent=True)
        assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert server.backend.gauges()["kiosk_cases"] == 2
    assert server.backend.gauges()["kiosk_materials"] == 2


def test_a_backend_is_given_a_second_suite_and_keeps_the_first(serve, clock):
    first = serve("international")
    terminal = enrolled(first, clock, "international")
    code = first.backend.issue_code("330102", "Late")
    late = Terminal(first.port, clock, suites.by_name("shangmi").new_signing_pair()[0])
    assert late.enrol(code).code == "suite-not-served"
    both = serve("international", "shangmi")
    terminal.port = late.port = both.port
    assert [result.status for result in terminal.push(terminal.case())] == ["accepted"]
    assert late.enrol(code).status == 200, "the code was not spent by the refusal"
    assert [result.status for result in late.push(late.case())] == ["accepted"]
    assert [epoch.public.epoch for epoch in both.backend.keys.epochs] == [1, 1]
    rotate(both.backend.settings.keys_path(), clock())
    assert [(epoch.suite, epoch.public.epoch) for epoch in both.backend.keys.epochs] == [
        ("international", 1), ("shangmi", 1), ("international", 2), ("shangmi", 2),
    ]  # fmt: skip
    as_the_file_is = serve()
    assert len(as_the_file_is.backend.keys.epochs) == 4


@pytest.mark.parametrize("suite", BOTH)
def test_a_terminal_of_the_other_suite_is_told_so_in_words(suite, serve, make_room):
    server = serve(next(name for name in BOTH if name != suite))
    room = make_room(server.url, suite)
    room.client._code = server.backend.issue_code("330102", "East Gate")
    report = room.client.cycle()
    assert (report.online, report.cause) == (False, "suite-not-served")
    assert "keys.suite" in report.advice
    assert room.client.enrolment is None


def test_a_data_folder_of_one_suite_under_a_profile_of_the_other(tmp_path):
    TerminalKey.load_or_create(tmp_path, "shangmi")
    with pytest.raises(SyncFailure) as caught:
        TerminalKey.load_or_create(tmp_path, "international")
    assert caught.value.cause == "suite-differs"
    assert "shangmi" in caught.value.advice
    assert TerminalKey.load_or_create(tmp_path).suite == "shangmi", "whoever only reads takes it as it is"


def test_a_terminal_does_not_change_its_suite_by_changing_its_key(serve, clock):
    server = serve(*BOTH)
    terminal = enrolled(server, clock, "shangmi")
    old, new = terminal.private, suites.by_name("international").new_signing_pair()[0]
    names = wire.b64(wire.public_of(old)), wire.b64(wire.public_of(new))
    message = wire.key_change_bytes(terminal.id, *names)
    change = wire.KeyChange(names[1], wire.sign(old, message), wire.sign(new, message))
    refused = terminal.send("POST", "/v1/terminal-key", change)
    assert (refused.status, refused.code) == (422, "suite-differs")
    assert terminal.send("GET", "/v1/results").status == 200


@pytest.mark.parametrize("suite", BOTH)
def test_nobody_signs_for_a_terminal_by_the_other_suite(suite, serve, clock):
    """A key of the other suite, a signature of the right form: the terminal's own key says what it is checked by."""
    server = serve(*BOTH)
    terminal = enrolled(server, clock, suite)
    stranger = next(name for name in BOTH if name != suite)
    own, terminal.private = terminal.private, suites.by_name(stranger).new_signing_pair()[0]
    assert terminal.send("GET", "/v1/results").code == "bad-signature"
    terminal.private = own
    assert terminal.send("GET", "/v1/results").status == 200


def test_each_terminal_is_answered_and_told_keys_of_its_own_suite(serve, clock):
    server = serve(*BOTH)
    rotate(server.backend.settings.keys_path(), clock())
    for suite in BOTH:
        terminal = enrolled(server, clock, suite)
        asked = wire.Asked(terminal.id, "GET", "/v1/keys", secrets.token_hex(16))
        answer = terminal.send("GET", "/v1/keys", nonce=asked.nonce)
        known = wire.unb64(terminal.enrolment.signing_key)
        wire.verify_reply(known, asked, answer.status, answer.headers, answer.body)
        epochs = msgspec.json.decode(answer.body, type=wire.KeysReply).epochs
        assert [epoch.epoch for epoch in epochs] == [1, 2]
        assert {suites.suite_name(wire.unb64(epoch.signing_key)) for epoch in epochs} == {suite}


@pytest.mark.parametrize("part", ["signing_key", "sealing_key"])
def test_a_terminal_is_not_led_into_the_other_suite_by_a_next_key(part, serve, make_room):
    """Even where the key that it knows stands for it: nobody seals to less than the profile says."""
    server = serve(*BOTH)
    room = make_room(server.url, "shangmi")
    enrolment = room.client.enrol(server.backend.issue_code("330102", "East Gate"))
    old, foreign = server.backend.keys.of("shangmi")[0], server.backend.keys.of("international")[0]
    made = replace(old.public, epoch=2, **{part: getattr(foreign.public, part)})
    made = replace(made, endorsement=wire.sign(old.signing_private, made.canonical()))

    class Answering:
        def call(self, *_args):
            return wire.KeysReply([old.public, made])

    with pytest.raises(SyncFailure) as caught:
        learn(Answering(), enrolment)
    assert caught.value.cause == "bad-keys"


def test_keys_of_two_suites_in_one_epoch_stop_the_start(serve, clock):
    server = serve(*BOTH)
    path = server.backend.settings.keys_path()
    found = json.loads(path.read_text())
    ours, theirs = found["epochs"]
    for name in ("signing_private", "sealing_private"):
        mixed = {**ours, name: theirs[name], "public": {**ours["public"]}}
        public = name.replace("private", "key")
        mixed["public"][public] = theirs["public"][public]
        path.write_text(json.dumps({"epochs": [mixed, theirs]}))
        with pytest.raises(BackendError) as caught:
            BackendKeys(path, clock)
        assert caught.value.code == "keys-damaged"


def test_what_was_sealed_before_a_terminal_changed_its_suite_is_still_opened(serve, clock):
    """Enrolled anew with the other suite by hand: its old queue was sealed to the backend's other key."""
    server = serve(*BOTH)
    terminal = enrolled(server, clock, "shangmi")
    other = server.backend.keys.of("international")[0]
    own = terminal.enrolment
    terminal.enrolment = replace(own, sealing_key=other.public.sealing_key)
    item = terminal.case()
    terminal.enrolment = own
    assert [result.status for result in terminal.push(item)] == ["accepted"]


def test_what_lies_at_the_backend_of_a_shangmi_case_is_sealed(serve, clock, tmp_path):
    server = serve("shangmi")
    terminal = enrolled(server, clock, "shangmi")
    terminal.push(terminal.case())
    for file in (tmp_path / "backend").rglob("*"):
        if file.is_file():
            assert "王小明".encode() not in file.read_bytes()


def test_a_backend_without_the_suites_package_says_so(tmp_path, clock, monkeypatch):
    from kiosk.suites import shangmi

    monkeypatch.setitem(__import__("sys").modules, "gmssl_pyx", None)
    shangmi._gmssl.cache_clear()
    try:
        with pytest.raises(BackendError) as caught:
            Backend(Settings(str(tmp_path / "b.db"), str(tmp_path / "blobs"), clock=clock, suites=("shangmi",)))
    finally:
        shangmi._gmssl.cache_clear()
    assert caught.value.code == "suite-missing"
    assert "gmssl-pyx" in caught.value.advice
