"""A terminal that has gone wild is slowed down; it slows nobody else, and nobody can slow it by replaying it."""

from __future__ import annotations

from dataclasses import replace

import pytest


class Seconds:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def settings(settings, seconds):
    return replace(settings, rate=2.0, burst=5, monotonic=seconds)


def test_who_asks_too_often_waits_and_then_goes_on(terminal, seconds):
    assert [terminal.send("GET", "/v1/results").status for _ in range(6)] == [200] * 5 + [429]
    refused = terminal.send("GET", "/v1/results")
    assert (refused.code, refused.json["retryable"]) == ("too-many-requests", True)
    seconds.now += 1.1
    assert [terminal.send("GET", "/v1/results").status for _ in range(3)] == [200, 200, 429]
    seconds.now += 3600
    assert [terminal.send("GET", "/v1/results").status for _ in range(6)] == [200] * 5 + [429], "no more than a burst"


def test_one_terminals_flood_is_not_anothers(new_terminal):
    wild, calm = new_terminal(), new_terminal()
    assert [wild.send("GET", "/v1/results").status for _ in range(7)][-1] == 429
    assert calm.send("GET", "/v1/results").status == 200


def test_replayed_forged_and_unsigned_requests_do_not_count_against_the_terminal(terminal, new_terminal, server):
    nonce, thief = "e" * 32, new_terminal()
    assert terminal.send("GET", "/v1/results", nonce=nonce).status == 200
    for _ in range(8):
        assert terminal.send("GET", "/v1/results", nonce=nonce).code == "replayed"
        assert thief.send("GET", "/v1/results", terminal_id=terminal.id).code == "bad-signature"
    assert terminal.send("GET", "/v1/results").status == 200
