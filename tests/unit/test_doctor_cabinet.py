"""kiosk doctor before a whole cabinet of twins: it finds each trouble, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from kiosk.cli import main
from kiosk.demo.run import Demo
from tests.crash.terminal_world import TerminalProcess, world
from tests.unit.doctor_room import TEST_PROFILE


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("doctor")
    with world(folder) as demo:
        yield demo


def examined(
    demo: Demo, capsys: pytest.CaptureFixture[str], *, camera: bool = True
) -> tuple[int, dict[str, dict[str, str]]]:
    """The doctor's exit status and checks by name, for the profile of this cabinet; without camera no picture is waited
    for."""
    folder = demo.papers.parent
    file = folder / "kiosk.toml"
    drivers = {"id_reader": "sdt", "page_printer": "ipp", "receipt_printer": "escpos"}
    if camera:
        drivers["camera"] = "camera"
    tables = [f'[devices.{kind}]\ndriver = "{driver}"\nport = "{demo.ports[kind]}"' for kind, driver in drivers.items()]
    file.write_text(TEST_PROFILE.format(url=demo.ports["network"]) + "\n".join(tables), encoding="utf-8")
    capsys.readouterr()
    status = main(["doctor", "--profile", str(file), "--json"])
    out = capsys.readouterr().out
    return status, {check["name"]: check for check in json.loads(out)["checks"]}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_it_examines_a_whole_cabinet(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    folder = demo.papers.parent
    (folder / "staff.secret").touch(mode=0o600)
    (folder / "staff.secret").write_text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", encoding="ascii")
    status, checks = examined(demo, capsys)
    assert status == 0, checks
    assert {name: checks[name]["state"] for name in ("id_reader", "page_printer", "receipt_printer", "camera")} == (
        dict.fromkeys(("id_reader", "page_printer", "receipt_printer", "camera"), "ok")
    )
    assert checks["journal"]["state"] == "attention"  # no terminal has run here yet
    assert "not enrolled" in checks["backend"]["finding"]
    assert not (folder / "data" / "journal").exists(), "looking made a journal"

    secret = folder / "staff.secret"
    secret.unlink()  # the terminal's profile makes its own
    life = TerminalProcess(demo, folder)
    try:
        assert life.wait(lambda words: "ready" in words)
        status, checks = examined(demo, capsys)
        assert status == 0, checks
        assert "in use by a running terminal" in checks["journal"]["finding"]
        assert (checks["id_reader"]["state"], checks["page_printer"]["state"]) == ("attention", "ok")
        assert life.stop() == 0
    finally:
        if life.process.poll() is None:
            life.kill()

    status, checks = examined(demo, capsys)
    assert status == 0, checks
    assert "signed" in checks["backend"]["finding"]
    assert checks["clock"]["state"] == "ok"
    assert checks["numbers"]["state"] == "ok"
    for device, action, name, undo in TROUBLES:
        demo.control.do(device, action)
        try:
            status, checks = examined(demo, capsys, camera=False)
        finally:
            demo.control.do(device, undo)
        assert status == 1
        broken_now = {name for name, check in checks.items() if check["state"] == "broken"}
        assert broken_now == {name}, checks
        assert checks[name]["advice"]


TROUBLES: tuple[tuple[str, str, str, str], ...] = (
    ("id_reader", "unplug", "id_reader", "ok"),
    ("page_printer", "paper-out", "page_printer", "ok"),
    ("receipt_printer", "cover-open", "receipt_printer", "ok"),
    ("network", "portal", "backend", "on"),
    ("network", "off", "backend", "on"),
)
