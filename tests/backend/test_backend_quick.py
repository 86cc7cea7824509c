"""A batch is read and written by msgspec; what msgspec cannot read goes the framework's way, with the same answers."""

from __future__ import annotations

import json

import msgspec

from kiosk import wire
from kiosk.backend import quick
from tests.backend.conftest import ask


def test_both_ways_give_the_same_answers(terminal):
    good = terminal.case()
    terminal.push(good)
    other = terminal.case(case_id=good.id)  # the same id, other bytes
    strange = b'{"id": "\\ud800", "kind": "case", "hash": "", "sealed": ""}'  # text without bytes: not msgspec's
    quickly = terminal.send("POST", "/v1/items", wire.PushRequest([good, other]))
    body = b'{"items": [%b, %b, %b]}' % (msgspec.json.encode(good), msgspec.json.encode(other), strange)
    slowly = terminal.send("POST", "/v1/items", body)
    assert slowly.json["results"][:2] == quickly.json["results"]
    assert [result["status"] for result in quickly.json["results"]] == ["duplicate", "conflict"]
    assert slowly.headers["content-type"] == quickly.headers["content-type"]


def test_the_quick_way_is_taken(terminal, monkeypatch):
    """Or the two above would be one."""

    item = terminal.case()  # whose number is reserved the usual way

    def never(*_args, **_more):
        raise AssertionError

    monkeypatch.setattr("fastapi.routing.serialize_response", never)
    assert [result.status for result in terminal.push(item)] == ["accepted"]


def test_what_is_not_said_to_be_json_is_none(terminal):
    body = msgspec.json.encode(wire.PushRequest([terminal.case()]))
    for said in ("text/plain", "application/octet-stream", "application/jsonx", ""):
        headers = terminal.headers("POST", "/v1/items", body) | {"Content-Type": said}
        answer = ask(terminal.port, "POST", "/v1/items", body, headers)
        assert (answer.status, answer.code) == (422, "bad-fields"), said
    headers = terminal.headers("POST", "/v1/items", body) | {"Content-Type": "application/json; charset=utf-8"}
    assert json.loads(ask(terminal.port, "POST", "/v1/items", body, headers).body)["results"][0]["status"] == "accepted"
    assert quick._JSON.match("application/vnd.kiosk+json")
