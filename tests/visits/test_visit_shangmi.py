"""One citizen, the whole way, with the ShangMi suite at both ends: SM2, SM3, SM4 from the commit to the result."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk import suites, wire
from kiosk.backend.keys import BackendKeys
from kiosk.domain.beijing import beijing_now
from kiosk.journal import reading
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.sealing import item_info, unseal
from kiosk.sync.identity import TerminalKey

HERE = Path(__file__).parent
pytestmark = pytest.mark.timeout(300)


def test_a_visit_is_acknowledged_and_only_the_backends_sm2_key_opens_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk.cli", "demo", "--headless", "--suite", "shangmi", "--visit",
         str(HERE / "pension.toml"), "--out", str(out)],
        capture_output=True, text=True, timeout=280, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["journal"] == {"committed": 1, "acknowledged": 1, "queued": 0, "quarantined": 0}
    assert report["backend"] == {"cases": 1, "duplicates": 0}

    assert TerminalKey.load_or_create(out / "data").suite == "shangmi"
    keys = BackendKeys(out / "backend" / "backend.db.keys.json", beijing_now)
    assert {epoch.suite for epoch in keys.epochs} == {"shangmi"}
    journal = out / "data" / "journal"
    with reading.reading(journal, load_or_create_key(journal)) as connection:
        (kept,) = connection.execute("SELECT value FROM meta WHERE key = 'sync.enrolment'").fetchone()
        exported = io.BytesIO()
        reading.export(connection, exported)
    enrolment, items = json.loads(kept), map(json.loads, exported.getvalue().splitlines())
    (item,) = [one for one in items if one["kind"] == "case"]
    assert enrolment["suite"] == "shangmi"
    said = [item["ack"].get(name, "") for name in ("received_at", "key_id", "signature", "path")]
    ack = wire.Ack(item["id"], item["hash"], enrolment["terminal_id"], *said)
    wire.verify_ack(wire.unb64(enrolment["signing_key"]), ack)
    sealed = wire.unb64(item["sealed"])
    place = item_info(enrolment["terminal_id"], item["id"])
    case = wire.read_case(unseal(sealed, keys.current.sealing_private, place))
    assert case.case_no == report["visits"][0]["case_no"]
    with pytest.raises(suites.NotOpened):
        suites.by_name("international").unseal(sealed, bytes(32), place)
