"""Whatever stands in /openapi.json under /v1: nobody reaches it but a terminal of ours, asking for itself, once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

import pytest

from kiosk import wire
from tests.backend.conftest import ask

PLACES = {"digest": "a" * 64, "case": "a-case"}


@pytest.fixture
def operations(terminal):
    """(method, target) of every operation that wants a signature, the enrolment apart."""
    paths = terminal.send("GET", "/openapi.json").json["paths"]
    found = [(method.upper(), path.format(**PLACES)) for path, methods in paths.items() for method in methods]
    found = [(method, path) for method, path in found if path.startswith("/v1/") and path != "/v1/enrol"]
    assert len(found) >= 8
    return found


def test_without_a_signature_or_with_half_of_one(terminal, operations):
    for method, target in operations:
        body = b"" if method == "GET" else b"{}"
        whole = terminal.headers(method, target, body)
        for without in (wire.TERMINAL_HEADER, wire.TIMESTAMP_HEADER, wire.NONCE_HEADER, wire.SIGNATURE_HEADER, None):
            headers = {name: value for name, value in whole.items() if name != without} if without else {}
            answer = ask(terminal.port, method, target, body, headers)
            assert (answer.status, answer.code) == (401, "unsigned"), (method, target, without)


def test_with_the_signature_of_a_stranger_or_of_another_terminal(terminal, new_terminal, operations):
    other = new_terminal()
    for method, target in operations:
        assert terminal.send(method, target, b"{}", terminal_id="330102-NOBODY").code == "unknown-terminal"
        assert other.send(method, target, b"{}", terminal_id=terminal.id).code == "bad-signature"


def test_a_second_time(terminal, operations):
    for method, target in operations:
        nonce = secrets.token_hex(16)
        first = terminal.send(method, target, b"{}", nonce=nonce)
        assert first.status not in (401, 403), (method, target)
        again = terminal.send(method, target, b"{}", nonce=nonce)
        assert (again.status, again.code) == (401, "replayed"), (method, target)


def test_what_was_signed_for_one_place_is_worth_nothing_at_another(terminal, operations):
    for method, target in operations:
        headers = terminal.headers(method, target, b"{}")
        for other_method, other_target in operations:
            if (other_method, other_target) != (method, target):
                answer = ask(terminal.port, other_method, other_target, b"{}", headers)
                assert answer.code == "bad-signature", (method, target, other_method, other_target)


def test_too_late(terminal, operations, clock):
    caught = [(method, target, terminal.headers(method, target, b"{}")) for method, target in operations]
    clock.move(minutes=6)
    for method, target, headers in caught:
        assert ask(terminal.port, method, target, b"{}", headers).code == "clock"


def test_withdrawn(terminal, operations, server):
    server.backend.revoke(terminal.id)
    for method, target in operations:
        answer = terminal.send(method, target, b"{}")
        assert (answer.status, answer.code) == (403, "terminal-revoked")


def test_one_terminal_sees_and_moves_nothing_of_another(terminal, new_terminal):
    """An upload that is under way, a material that is here, a log: all are found under the name of who signed."""
    other, data = new_terminal(), b"x" * 100
    digest = hashlib.sha256(data).hexdigest()
    place = f"/v1/materials/{digest}"
    assert terminal.send("PATCH", f"{place}?offset=0&size=100", data[:60]).json["offset"] == 60
    assert other.send("GET", place).json["offset"] == 0
    assert other.send("PATCH", f"{place}?offset=60&size=100", data[60:]).code == "offset-differs"
    assert terminal.send("PATCH", f"{place}?offset=60&size=100", data[60:]).json["status"] == "accepted"
    assert (other.send("GET", place).json["status"], other.send("GET", place).json["offset"]) == ("partial", 0)
    mine = wire.Checkpoint(terminal.id, "a" * 64, 1, "b" * 64, 0, "", 1, "2026-06-01T12:00:00+00:00")
    signed = replace(mine, signature=wire.sign(other.private, mine.canonical()))
    assert other.send("POST", "/v1/checkpoints", signed).code == "bad-fields"
