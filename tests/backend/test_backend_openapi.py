"""/openapi.json says everything a terminal's maker has to know; /metrics says how it stands."""

from __future__ import annotations

import random

import msgspec

ROUTES = {
    "/v1/enrol": "post", "/v1/items": "post", "/v1/materials/{digest}": "put", "/v1/blocks": "post",
    "/v1/results": "get", "/v1/checkpoints": "post",
}  # fmt: skip


def test_every_route_names_its_signature_and_its_refusals(terminal):
    schema = terminal.send("GET", "/openapi.json").json
    assert set(schema["components"]["securitySchemes"]) == {
        "Kiosk-Terminal", "Kiosk-Timestamp", "Kiosk-Nonce", "Kiosk-Signature",
    }  # fmt: skip
    for path, method in ROUTES.items():
        operation = schema["paths"][path][method]
        assert len(operation["security"][0]) == 4
        assert {"200", "400", "401", "408", "413", "422", "503"} <= set(operation["responses"])
        for status, answer in operation["responses"].items():
            if status != "200":
                assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


def test_metrics_count_what_was_pushed(terminal):
    item = terminal.case()
    terminal.push(item)
    terminal.push(item)
    text = terminal.send("GET", "/metrics").body.decode()
    for line in ('kiosk_items_total{status="accepted"} 1', 'kiosk_items_total{status="duplicate"} 1', "kiosk_cases 1",
                 "kiosk_terminals 1", "kiosk_case_conflicts 0", "# TYPE kiosk_cases gauge"):  # fmt: skip
        assert line in text.splitlines()


def test_no_body_however_strange_makes_the_backend_fail(terminal):
    """Valid messages with seeded damage: values swapped for others of any kind, and bytes flipped."""
    rng = random.Random(7)
    strange = [None, True, -1, 10**40, 1.5, "", "\u0000", "x" * 5000, [], {}, [[]], {"a": 1}]
    whole = {"items": [msgspec.to_builtins(terminal.case())]}
    for _ in range(150):
        message = msgspec.json.decode(msgspec.json.encode(whole))
        item = message["items"][0]
        item[rng.choice(sorted(item))] = rng.choice(strange)
        body = bytearray(msgspec.json.encode(message))
        if rng.random() < 0.3:
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        assert terminal.send("POST", "/v1/items", bytes(body)).status in (200, 400, 422)
    for _ in range(60):
        body = msgspec.json.encode({"kind": rng.choice(strange), "count": rng.choice(strange), "request_id": "a"})
        assert terminal.send("POST", "/v1/blocks", body).status in (200, 400, 422)
        assert terminal.send("POST", "/v1/enrol", msgspec.json.encode({"code": "a", "public_key": rng.choice(strange)})
                             ).status in (400, 401, 403, 422, 429)  # fmt: skip
