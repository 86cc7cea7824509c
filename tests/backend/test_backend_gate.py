"""Nobody is listened to whose signature does not hold, and nothing is answered without one of ours."""

from __future__ import annotations

import secrets
from dataclasses import replace

import msgspec
import pytest

from kiosk import wire
from tests.backend.conftest import ask

EMPTY = wire.PushRequest([])


def ask_of(terminal, method, target, body=b"", headers=None):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", terminal.port, timeout=20)
    connection.request(method, target, body or None, headers or {})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, msgspec.json.decode(data) if data else None


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/v1/items"), ("POST", "/v1/blocks"), ("GET", "/v1/results"), ("PUT", f"/v1/materials/{'a' * 64}"),
     ("POST", "/v1/enrol"), ("GET", "/v1/anything")],
)  # fmt: skip
def test_an_unsigned_request_is_refused_before_it_is_read(terminal, method, target):
    status, problem = ask_of(terminal, method, target, b"{ not json" if method != "GET" else b"")
    assert (status, problem["code"]) == (401, "unsigned")


def test_a_request_is_good_once(terminal):
    body = msgspec.json.encode(EMPTY)
    headers = terminal.headers("POST", "/v1/items", body)
    assert ask_of(terminal, "POST", "/v1/items", body, headers)[0] == 200
    status, problem = ask_of(terminal, "POST", "/v1/items", body, headers)
    assert (status, problem["code"]) == (401, "replayed")


def test_a_replay_is_known_after_a_restart(terminal, server, settings, clock):
    headers = terminal.headers("GET", "/v1/results")
    assert ask_of(terminal, "GET", "/v1/results", headers=headers)[0] == 200
    again = type(server)(settings)
    try:
        terminal.port = again.port
        assert ask_of(terminal, "GET", "/v1/results", headers=headers)[1]["code"] == "replayed"
    finally:
        again.stop()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_request_is_refused_and_told_the_time(terminal, clock, minutes):
    stamp = int(clock().timestamp()) + minutes * 60
    answer = terminal.send("POST", "/v1/items", EMPTY, timestamp=stamp)
    assert (answer.status, answer.code) == (401, "clock")
    assert answer.json["server_time"] == clock().isoformat()


def test_a_captured_request_is_useless_after_the_window(terminal, clock):
    headers = terminal.headers("GET", "/v1/results")
    clock.move(minutes=20)
    assert ask_of(terminal, "GET", "/v1/results", headers=headers)[1]["code"] == "clock"


def test_a_changed_body_target_or_method_is_refused(terminal):
    body = msgspec.json.encode(EMPTY)
    headers = terminal.headers("POST", "/v1/items", body)
    for method, target, sent in (
        ("POST", "/v1/items", body + b" "), ("POST", "/v1/blocks", body), ("POST", "/v1/items?a=1", body),
        ("PUT", "/v1/items", body),
    ):  # fmt: skip
        assert ask_of(terminal, method, target, sent, headers)[1]["code"] == "bad-signature"


def test_a_terminal_cannot_speak_for_another(new_terminal):
    one, other = new_terminal(), new_terminal()
    assert one.send("POST", "/v1/items", EMPTY, terminal_id=other.id).code == "bad-signature"


def test_a_stranger_is_refused(terminal):
    assert terminal.send("POST", "/v1/items", EMPTY, terminal_id="330102-NOBODY").code == "unknown-terminal"


def test_a_withdrawn_terminal_is_refused(terminal, server):
    server.backend.revoke(terminal.id)
    answer = terminal.send("POST", "/v1/items", EMPTY)
    assert (answer.status, answer.code) == (403, "terminal-revoked")


def test_every_reply_is_signed_for_its_own_request(terminal, server):
    public = server.backend.keys.signing_public
    for message in (EMPTY, b"not json"):
        asked = wire.Asked(terminal.id, "POST", "/v1/items", secrets.token_hex(16))
        answer = terminal.send("POST", "/v1/items", message, nonce=asked.nonce)
        assert wire.verify_reply(public, asked, answer.status, answer.headers, answer.body)
        for other in (
            {"nonce": secrets.token_hex(16)}, {"terminal_id": "330102-OTHER"}, {"method": "PUT"},
            {"target": "/v1/items?since=1"}, {"target": "/v1/blocks"},
        ):  # fmt: skip
            with pytest.raises(wire.BadSignature):
                wire.verify_reply(public, replace(asked, **other), answer.status, answer.headers, answer.body)
        with pytest.raises(wire.BadSignature):
            wire.verify_reply(public, asked, 204, answer.headers, answer.body)


def test_what_another_terminal_was_told_for_the_same_nonce_is_no_answer(new_terminal, server):
    """Who is on the way sees the nonce, and may have a terminal of his own to ask with it."""
    one, other = new_terminal(), new_terminal()
    asked = wire.Asked(one.id, "GET", "/v1/results", secrets.token_hex(16))
    answer = other.send(asked.method, asked.target, nonce=asked.nonce)
    assert answer.status == 200
    with pytest.raises(wire.BadSignature):
        wire.verify_reply(server.backend.keys.signing_public, asked, 200, answer.headers, answer.body)


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [("POST", "/v1/terminal-key", b"x" * 70_000, 413), ("POST", "/v1/enrol", b"{", 422), ("GET", "/healthz", b"", 200)],
)
def test_what_anyone_can_have_said_is_not_signed_as_if_it_were_an_answer(terminal, method, target, body, status):
    """Whoever hands it on to the terminal whose nonce it was would have its cases set aside, or its new key dropped."""
    nonce = secrets.token_hex(16)
    stranger = terminal.headers("POST", "/v1/items", b"", nonce=nonce)
    answer = ask(terminal.port, method, target, body, stranger)
    assert (answer.status, wire.REPLY_SIGNATURE_HEADER.lower() in answer.headers) == (status, False)
    answer = ask(terminal.port, "POST", "/v1/items", b"changed", stranger)
    assert (answer.status, wire.REPLY_SIGNATURE_HEADER.lower() in answer.headers) == (401, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"items": 5}',
     b'{"items": [7]}', b'{"items": [{"id": 1}]}', b"\xff\xfe", b"[" * 5000],
)  # fmt: skip
def test_bad_input_is_the_senders_fault_and_is_not_repeated(terminal, body):
    answer = terminal.send("POST", "/v1/items", body)
    assert answer.status in (400, 422)
    assert answer.json.keys() == {"code", "message", "advice", "retryable", "server_time"}


def test_text_that_has_no_bytes_is_the_senders_fault(terminal):
    body = b'{"items": [{"id": "\\ud800", "kind": "\\ud800", "hash": "\\ud800", "sealed": "\\ud800"}]}'
    answer = terminal.send("POST", "/v1/items", body)
    assert answer.json["results"][0]["reason"] == "bad-id"
    assert terminal.send("POST", "/v1/blocks", b'{"kind": "case", "count": 1, "request_id": "\\ud800"}').status == 422
    assert terminal.send("GET", "/v1/results?since=%ff%d8").status == 422


def test_a_body_beyond_the_limit_is_refused_unread(terminal):
    headers = terminal.headers("POST", "/v1/blocks", b"")
    status, problem = ask_of(terminal, "POST", "/v1/blocks", b"x" * 70_000, headers)
    assert (status, problem["code"]) == (413, "too-large")


def test_unknown_places_and_methods_have_the_same_kind_of_answer(terminal):
    assert ask_of(terminal, "GET", "/nowhere")[1]["code"] == "not-found"
    assert terminal.send("DELETE", "/v1/items").code == "method"


def test_healthz_and_metrics_are_open(terminal):
    assert ask_of(terminal, "GET", "/healthz")[1]["status"] == "ok"
