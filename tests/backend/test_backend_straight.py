"""What is answered without the framework is answered and noted down as through it."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest

from kiosk import wire
from kiosk.backend.problems import Refusal
from tests.backend.conftest import Answer, Server, Terminal, ask

HEADERS = {"content-type", "content-length", "kiosk-time", "kiosk-reply-signature", "cache-control"}


def packed(terminal: Terminal, *items: wire.SealedItem) -> Answer:
    body = msgspec.msgpack.encode(
        wire.PackedPush([wire.PackedItem(each.id, each.kind, each.hash, wire.unb64(each.sealed)) for each in items])
    )
    headers = terminal.headers("POST", "/v1/items", body) | {"Content-Type": wire.PACKED}
    return ask(terminal.port, "POST", "/v1/items", body, headers)


def noted(capsys: pytest.CaptureFixture[str], server: Server) -> tuple[str, int]:
    """Route and status of the last request, as the log has them; the metrics have them too."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    route, status = next((line["route"], line["status"]) for line in reversed(lines) if line["event"] == "request")
    assert f'kiosk_requests_total{{route="{route}",status="{status}"}}' in server.backend.metrics.text({})
    return route, status


def shown(answer: Answer) -> dict[str, str]:
    return {name: answer.headers.get(name, "") for name in ("content-type", "cache-control")}


@pytest.mark.parametrize("trouble", ["", "too-many-items", "terminal-revoked", "store-busy", "fault"])
def test_a_batch_either_way(server: Server, terminal: Terminal, capsys, monkeypatch, trouble: str) -> None:
    items = [terminal.case()]
    if trouble == "too-many-items":
        items *= wire.MAX_BATCH + 1
    elif trouble:

        def refuse(*_: object, **__: object) -> None:
            raise ValueError("13800000000") if trouble == "fault" else Refusal(trouble)

        monkeypatch.setattr(server.backend, "push", refuse)
    capsys.readouterr()
    slowly = terminal.send("POST", "/v1/items", wire.PushRequest(items))
    told = noted(capsys, server)
    straight = packed(terminal, *items)
    assert (straight.status, shown(straight), set(straight.headers) >= HEADERS) == (slowly.status, shown(slowly), True)
    assert noted(capsys, server) == told == ("/v1/items", slowly.status)
    if trouble:
        assert straight.code == slowly.code == trouble


@pytest.mark.parametrize(("body", "status"), [(b"sealed", 200), (b"other", 422), (b"", 422)])
def test_a_material_that_is_refused_is_noted_under_its_route(
    server: Server, terminal: Terminal, capsys, body: bytes, status: int
) -> None:
    capsys.readouterr()
    target = f"/v1/materials/{hashlib.sha256(b'sealed').hexdigest()}"
    assert terminal.send("PUT", target, body).status == status
    assert noted(capsys, server) == ("/v1/materials/{digest}", status)
