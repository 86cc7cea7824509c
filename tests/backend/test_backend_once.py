"""A request's nonce is spent with what the request does, or alone: no answer comes before, and none a second time."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import func, select

from kiosk import wire
from kiosk.backend.core import SWEEP, item_store
from kiosk.backend.store import tables, terminals
from tests.backend.conftest import Answer, ask

STORES = ("sqlite", "postgresql")


def nonces(server):
    """How many are kept."""
    return server.backend._store.read(lambda c: c.scalar(select(func.count()).select_from(tables.nonces)))


def material():
    data = secrets.token_bytes(2000)
    return f"/v1/materials/{hashlib.sha256(data).hexdigest()}", data


def code(answer: Answer) -> str:
    """Of a refusal; empty for what went through."""
    return str(answer.json.get("code", "")) if answer.body else ""


def pushed(*items):
    return "POST", "/v1/items", msgspec.json.encode(wire.PushRequest(list(items)))


@pytest.fixture
def requests(terminal):
    """What writes, what has nothing to write, and what is refused: each of them a request that is good once."""
    place, data = material()
    known = terminal.case()
    terminal.push(known)
    return {
        "written": ("PUT", place, data), "pushed": pushed(terminal.case()), "known": pushed(known),
        "a part": ("PATCH", f"{material()[0]}?offset=0&size=2000", data[:10]), "empty": pushed(),
        "another hash": ("PUT", place, b"other"), "no batch": ("POST", "/v1/items", b"{"),
        "no such method": ("DELETE", "/v1/items", b""), "no such place": ("PUT", "/v1/materials/x", b"x"),
        "read": ("GET", "/v1/results", b""),
    }  # fmt: skip


def test_every_request_is_answered_once(terminal, server, requests):
    for name, (method, target, body) in requests.items():
        headers, before = terminal.headers(method, target, body), nonces(server)
        assert code(ask(server.port, method, target, body, headers)) != "replayed", name
        assert nonces(server) == before + 1, name
        assert ask(server.port, method, target, body, headers).code == "replayed", name


def test_two_that_come_together_meet_in_the_transaction(terminal, server, requests, monkeypatch):
    """Neither has seen the other's nonce when it looks; what the second sets about is undone."""
    monkeypatch.setattr(terminals, "nonce_spent", lambda *_: False)
    for name, (method, target, body) in requests.items():
        headers = terminal.headers(method, target, body)
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(ask, server.port, method, target, body, headers) for _ in range(4)]
        assert [code(call.result()) for call in calls].count("replayed") == 3, name
    assert server.backend.gauges()["kiosk_cases"] == 2
    assert server.backend.gauges()["kiosk_materials"] == 1


def test_what_fails_half_way_has_spent_it_too(terminal, server, monkeypatch):
    def bug(*_):
        raise ZeroDivisionError

    request = pushed(terminal.case())
    headers = terminal.headers(*request)
    with monkeypatch.context() as patch:
        patch.setattr(item_store, "take_in", bug)
        assert ask(server.port, *request, headers).status == 500
    assert ask(server.port, *request, headers).code == "replayed"


def test_a_terminal_that_is_withdrawn_meanwhile_is_told_so_and_its_next_body_is_not_read(terminal, server):
    place, data = material()
    terminal.push()
    server.backend.revoke(terminal.id)
    assert terminal.send("PUT", place, data).code == "terminal-revoked"
    headers = terminal.headers("PUT", place, data) | {"Content-Length": "1000000"}
    assert ask(server.port, "PUT", place, b"", headers).code == "terminal-revoked", "of all its bytes none was awaited"


def test_nonces_that_have_run_out_are_cleared_away(terminal, server, settings, clock):
    for _ in range(3):
        terminal.push()
    assert nonces(server) >= 3
    clock.now += 2 * settings.window + SWEEP
    terminal.push()
    assert nonces(server) == 1


def test_an_item_that_came_between_the_two_looks_is_known_all_the_same(terminal, server, monkeypatch):
    """Nobody looks a second time unless a unique key says so; then it is judged like any other."""
    many = [terminal.case() for _ in range(12)]
    first = terminal.push(*many)
    real, looks = item_store.known, []

    def too_early(connection, ids):
        looks.append(1)
        return {} if len(looks) == 1 else real(connection, ids)

    monkeypatch.setattr(item_store, "known", too_early)
    other = replace(many[1], hash=hashlib.sha256(b"other").hexdigest(), sealed=wire.b64(b"other"))
    again = terminal.push(many[0], *many[2:], terminal.case(), other)
    assert [result.status for result in again] == ["duplicate"] * 11 + ["accepted", "rejected"]
    words = [result.ack.canonical() for result in again[:11]]
    assert words == [first[n].ack.canonical() for n in (0, *range(2, 12))], "signed anew, in other company"
    assert server.backend.gauges()["kiosk_cases"] == 13
