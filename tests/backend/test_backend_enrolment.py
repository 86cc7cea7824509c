"""A terminal becomes one of ours by a one-time code and a key that never leaves it."""

from __future__ import annotations

import base64
import json

import pytest

from kiosk import wire
from kiosk.backend import Backend, Settings, issue_code
from kiosk.backend.problems import Refusal

STORES = ("sqlite", "postgresql")


def fresh(server, clock, terminal):
    return type(terminal)(server.port, clock)


def test_enrolling_is_idempotent(server, clock, terminal):
    code = server.backend.issue_code("330102", "North Gate")
    other = fresh(server, clock, terminal)
    first, second = other.enrol(code), other.enrol(code)
    assert first.status == second.status == 200
    assert first.json["terminal_id"] == second.json["terminal_id"] != terminal.id
    assert first.json["area_code"] == "330102"
    assert server.backend.gauges()["kiosk_terminals"] == 2


def test_a_code_serves_one_terminal_only(server, clock, terminal):
    code = server.backend.issue_code("330102", "North Gate")
    assert fresh(server, clock, terminal).enrol(code).status == 200
    refused = fresh(server, clock, terminal).enrol(code)
    assert (refused.status, refused.code) == (403, "code-used")


def test_a_code_expires(server, clock, terminal):
    code = server.backend.issue_code("330102", "North Gate")
    clock.move(hours=24, seconds=1)
    refused = fresh(server, clock, terminal).enrol(code)
    assert (refused.status, refused.code) == (403, "code-expired")


def test_a_code_may_be_typed_in_small_letters_without_dashes(server, clock, terminal):
    code = server.backend.issue_code("330102", "North Gate")
    assert fresh(server, clock, terminal).enrol(code.replace("-", " ").lower()).status == 200


def test_guessing_codes_has_to_wait(server, clock, terminal):
    guesser = fresh(server, clock, terminal)
    codes = [guesser.enrol(f"AAAA-AAAA-{number:04}").code for number in range(21)]
    assert codes == ["code-refused"] * 20 + ["too-many-codes"]
    clock.move(seconds=61)
    assert guesser.enrol("AAAA-AAAA-AAAA").code == "code-refused"


def test_wrong_codes_of_anybody_keep_nobody_with_a_right_one_out(server, clock, terminal):
    guesser = fresh(server, clock, terminal)
    assert [guesser.enrol("AAAA-AAAA-AAAA").code for _ in range(25)][-1] == "too-many-codes"
    assert fresh(server, clock, terminal).enrol(server.backend.issue_code("330102", "North Gate")).status == 200


def test_wrong_codes_are_counted_for_each_address(server):
    key = wire.b64(wire.new_signing_pair()[1])

    def wrong(address):
        with pytest.raises(Refusal) as caught:
            server.backend.enrol("AAAA-AAAA-AAAA", key, address)
        return caught.value.code

    assert [wrong("192.0.2.1") for _ in range(21)][-1] == "too-many-codes"
    assert wrong("192.0.2.2") == "code-refused"


def test_a_key_that_is_not_the_senders_own_is_refused(server, clock, terminal):
    thief = fresh(server, clock, terminal)
    code = server.backend.issue_code("330102", "North Gate")
    body = wire.EnrolRequest(code, wire.b64(wire.new_signing_pair()[1]))
    assert thief.send("POST", "/v1/enrol", body).code == "bad-signature"
    for key in ("", "AAAA", "kein base64", wire.b64(bytes(31))):
        assert thief.send("POST", "/v1/enrol", wire.EnrolRequest(code, key)).code == "bad-signature"


def test_a_key_has_one_spelling(server, clock, terminal):
    """Otherwise one key could be two terminals', and one of them stay when the other is withdrawn."""
    text = wire.b64(wire.public_of(terminal.private))
    other = f"{text[:-2]}{chr(ord(text[-2]) + 1)}="
    assert base64.b64decode(other) == base64.b64decode(text)
    request = wire.EnrolRequest(server.backend.issue_code("330102", "North Gate"), other)
    assert terminal.send("POST", "/v1/enrol", request, terminal_id="new").code == "bad-signature"
    message = wire.key_change_bytes(terminal.id, text, other)
    both = wire.sign(terminal.private, message)
    answer = terminal.send("POST", "/v1/terminal-key", wire.KeyChange(other, both, both))
    assert answer.code == "not-endorsed"


def test_keys_are_made_once_and_readable_by_the_owner_alone(settings: Settings):
    first = Backend(settings)
    second = Backend(settings)
    assert first.keys.current == second.keys.current
    assert settings.keys_path().stat().st_mode & 0o777 == 0o600
    (entry,) = json.loads(settings.keys_path().read_text())["epochs"]
    assert entry.keys() >= {"sealing_private", "signing_private"}
    first.close()
    second.close()


def test_a_code_can_be_issued_while_the_backend_runs(server, clock, terminal, settings):
    assert fresh(server, clock, terminal).enrol(issue_code(settings, "330102", "North Gate")).status == 200


def test_a_key_that_was_ever_a_terminals_is_nobodys_again(server, clock, terminal):
    """Whoever has kept an old key, or another terminal's, does not become a terminal with it."""
    old, new = terminal.private, wire.new_signing_pair()[0]
    publics = [wire.b64(wire.public_of(key)) for key in (old, new)]
    message = wire.key_change_bytes(terminal.id, *publics)
    change = wire.KeyChange(publics[1], wire.sign(old, message), wire.sign(new, message))
    assert terminal.send("POST", "/v1/terminal-key", change).status == 200
    code = server.backend.issue_code("330102", "North Gate")
    for key in (old, new):
        keeper = fresh(server, clock, terminal)
        keeper.private = key
        refused = keeper.enrol(code)
        assert (refused.status, refused.code) == (409, "key-taken")
    assert server.backend.gauges()["kiosk_terminals"] == 1
    assert fresh(server, clock, terminal).enrol(code).status == 200, "the code still serves"
