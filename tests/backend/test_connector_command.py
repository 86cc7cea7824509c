"""Connectors from outside: results called back, the operator's command, the thread that a backend starts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kiosk import cli
from kiosk.backend import Backend
from kiosk.backend.connectors.callback import LARGEST, Callbacks, signature
from kiosk.backend.connectors.lines import Sheet
from kiosk.backend.connectors.mapping import builtin
from kiosk.backend.connectors.runner import ConnectorsRunner
from kiosk.backend.connectors.view import moment
from kiosk.domain.life import Deed
from tests.backend.connector_room import SERVICE, Room
from tests.unit.connectors.connector_world import ITEM, OFFICE

SECRET = "0123456789abcdef"
PATH = "/d/civil/results"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("room"))
    yield made
    made.close()


@pytest.fixture
def room(shared: Room) -> Room:
    return shared.fresh()


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind: the gate for terminals."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_a_result_is_called_back_by_whoever_has_the_secret(room: Room) -> None:
    connectors = room.connectors()
    connectors.all["civil"] = replace(connectors.all["civil"], mapped=builtin("office_json"), secret=SECRET)
    case = room.take()
    room.act(case.case_id, Deed.FORWARDED)
    connectors.run()
    client = TestClient(Callbacks(elsewhere, connectors, room.clock))
    body = json.dumps({
        "resultGuid": "r1", "projectNo": case.case_no, "resultType": "1", "resultDate": moment(room.clock.now),
        "resultExplain": "不符合条件",
    }).encode()  # fmt: skip

    def post(body: bytes = body, path: str = PATH, shift: int = 0, secret: str = SECRET) -> Any:
        stamp = str(int(room.clock.now.timestamp()) + shift)
        signed = {"Kiosk-Timestamp": stamp, "Kiosk-Signature": signature(secret, stamp, PATH, body)}
        return client.post(path, content=body, headers=signed)

    for strange in (post(secret="another"), post(shift=-301), post(path="/d/other/results"), client.post(PATH)):
        assert (strange.status_code, strange.json()) == (401, {"code": "not-signed"})
    assert post(b"x" * (LARGEST + 1)).status_code == 413
    assert client.get(PATH).status_code == 405
    assert client.get("/v1/results").status_code == 418, "terminals' own go on to the gate"
    assert [event.deed for event in room.backend.lives.known(case.case_id).events][-1] is Deed.FORWARDED
    assert post().json() == {"code": "taken", "new": 1, "again": 0, "differs": 0}
    assert post().json() == {"code": "taken", "new": 0, "again": 1, "differs": 0}
    assert post(b"{").json()["new"] == 1, "garbage is kept, too"
    assert [event.deed for event in room.backend.lives.known(case.case_id).events][-1] is Deed.REFUSED
    assert connectors.gauges()['kiosk_connector_aside{connector="civil"}'] == 1


def test_the_thread_sends_what_happens_and_ends_when_it_is_told(room: Room) -> None:
    connectors = room.connectors()
    room.take()
    came = threading.Event()

    def tell(sheet: Sheet) -> None:
        came.set()

    room.civil.trouble = tell
    runner = ConnectorsRunner(connectors)
    runner.start()
    assert came.wait(20)
    runner.stop()
    assert len(room.civil.sheets) == 1


def test_the_operator_looks_repairs_and_sends_again(
    room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "connectors.yaml"
    office = json.dumps(OFFICE)
    file.write_text(
        f"civil:\n  mapping: office_csv\n  folder: drop\n  since: '2026-06-01'\n  office: {office}\n"
        f"  items: {{ {SERVICE}: '{ITEM}' }}\n",
        encoding="utf-8",
    )
    case = room.take()
    fields = [replace(each, value="1") if each.key == "phone" else each for each in case.fields]
    wrong = room.take(fields=fields)
    for each in (case, wrong):
        room.act(each.case_id, Deed.FORWARDED)
    settings = room.settings
    backend = Backend(replace(settings, connectors=str(file)))
    backend.connectors.run()
    assert backend.gauges()['kiosk_connector_dead{connector="civil"}'] == 1
    assert 'kiosk_connector_lag_seconds{connector="civil"} ' in backend.metrics.text(backend.connectors.gauges())

    def command(*more: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        where = ["--db", settings.db_url, "--blobs", settings.blobs, "--keys", settings.keys]
        status = cli.main(["backend", "connectors", *where, "--connectors", str(file), *more])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert command("--act", "check")[1] == [
        {"connector": "civil", "mapping": "office_csv", "kind": "csv", "open_lists": ["result_type"]}
    ]
    status, (line,) = command()
    assert (status, line["dead"], line["line"]) == (1, 1, "up")
    (letter,) = command("--act", "dead")[1]
    assert (letter["case"], letter["code"]) == (wrong.case_id, "bad-mobile")
    assert command("--act", "show", "--letter", letter["letter"])[1][0]["rows"][0]["name"] == "王某某"
    monkeypatch.setattr("sys.stdin", iter(["application.phone=\n"]))
    assert command("--act", "repair", "--letter", letter["letter"], "--by", "孙工")[0] == 0
    assert command("--act", "show", "--letter", "none")[0] == 2
    room.clock.now = datetime.now(UTC) + timedelta(minutes=1)  # the command goes by the machine's clock
    backend.connectors.run()
    backend.close()
    assert command()[0] == 0
    written = sorted(path.read_text(encoding="utf-8-sig") for path in (tmp_path / "drop" / "out").glob("*.csv"))
    assert [sum(each.case_no in text for text in written) for each in (case, wrong)] == [1, 1], written
    assert any(f"{wrong.case_no},高龄津贴申领,王某某" in text for text in written)
