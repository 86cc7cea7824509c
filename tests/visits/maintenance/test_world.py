"""Technicians before a terminal whose fault lies outside the cabinet: from the planted fault to the proven repair.

Every fault is real, and mended outside while the script waits (world_inside.py, world_outside.py): a cable, a name
server, a certificate, a proxy without its backend, a full disk, a wall clock, pcscd, a profile. Proven is what the room
says after a look of its own, and what the terminal has written down of it.

Only with KIOSK_PEER_MAINTENANCE=1 (about seven minutes); KIOSK_PEER_MAINTENANCE_OUT=DIR keeps pictures and reports.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.faults.real_clock import WallClock
from tests.wire import pcsc_room

ROOT, HERE = Path(__file__).resolve().parents[3], Path(__file__).parent
NAMESPACES = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
UP = 'ip link set lo up && exec "$@"'
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
TOOLS = {"unshare": "util-linux", "ip": "iproute2"}
SECONDS = 560
STAFF = "0417"

pytestmark = [
    pytest.mark.skipif(not os.environ.get("KIOSK_PEER_MAINTENANCE"), reason="KIOSK_PEER_MAINTENANCE plays technicians"),
    pytest.mark.timeout(600),
]


@dataclass(frozen=True)
class Played:
    """What one scene left."""

    status: int
    said: str
    out: Path
    report: dict[str, Any]
    log: list[dict[str, Any]]
    proofs: list[tuple[str, ...]]  # subject, test, outcome, code

    def rows(self, event: str) -> list[dict[str, Any]]:
        return [row for row in self.log if row["event"] == event]

    def touches(self, name: str) -> int:
        return int(next(visit for visit in self.report["visits"] if Path(visit["script"]).stem == name)["touches"])


@cache
def lacking() -> str:
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool, path=PATH)]
    if missing:
        return f"needs the Debian packages {', '.join(missing)}"
    tried = subprocess.run([*NAMESPACES, "--mount-proc", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this machine allows no namespaces"


def folder(tmp_path: Path) -> Path:
    """A new one for each test."""
    kept = os.environ.get("KIOSK_PEER_MAINTENANCE_OUT")
    out = Path(kept) / tmp_path.name if kept else tmp_path / "out"
    out.mkdir(parents=True, exist_ok=True)
    return out


def play(tmp_path: Path, scene: str, *scripts: Path, more: dict[str, str] | None = None, alone: bool = True) -> Played:
    """``alone``: in namespaces of its own."""
    out = folder(tmp_path)
    child = [sys.executable, "-m", "tests.visits.maintenance.world_inside", scene, str(out), *map(str, scripts)]
    within = [*NAMESPACES, "--mount-proc", "sh", "-c", UP, "sh"] if alone else []
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software", "PATH": PATH}
    ended = subprocess.run(
        [*within, *child], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
        env=environment | (more or {}),
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert (out / "after.json").exists(), said
    after = json.loads((out / "after.json").read_text("utf-8"))
    report = json.loads((out / "report.json").read_text("utf-8"))
    proofs = [tuple(proof[each] for each in ("subject", "test", "outcome", "code")) for proof in after["proofs"]]
    played = Played(ended.returncode, said, out, report, after["log"], proofs)
    errors = [(visit["script"], visit["error"]) for visit in report["visits"] if visit["error"]]
    assert errors == [], said
    assert played.status == 0, said
    for visit in report["visits"]:
        print(f"{Path(visit['script']).stem}: {visit['touches']} touches, {visit['seconds']:.0f} s")
    return played


def script(name: str) -> Path:
    return HERE / f"world_{name}.toml"


def citizen(tmp_path: Path, meeting: str) -> Path:
    """A pension is confirmed while something outside has just broken: the case waits in the terminal."""
    text = (HERE.parent / "pension.toml").read_text("utf-8")
    made = tmp_path / f"citizen_{meeting}.toml"
    first = f'[[step]]\nmeet = "{meeting}"\nwithin = 90\n\n[[step]]\n'
    made.write_text(text.replace("[[step]]\n", first, 1), encoding="utf-8")
    return made


NETWORK = {
    "name": ("name_breaks", [("name", "unknown"), ("name", "no-answer"), ("none", "right-signed")]),
    "route": ("cable_is_pulled", [("name", "by-no-cable"), ("route", "no-route"), ("none", "right-signed")]),
    "tls": ("certificate_expires", [("tls", "date-expired"), ("tls", "other-host"), ("tls", "chain-pinned"),
                                    ("none", "right-signed")]),
    "backend": ("backend_stops", [("backend", "unwell"), ("none", "right-signed")]),
}  # fmt: skip


@pytest.mark.parametrize("which", NETWORK)
def test_the_line_breaks_at_this_step_is_mended_and_what_waited_is_sent(tmp_path: Path, which: str) -> None:
    if why := lacking():
        pytest.skip(why)
    meeting, steps = NETWORK[which]
    played = play(tmp_path, "network", citizen(tmp_path, meeting), script(which))
    assert [(row["failed"], row["code"]) for row in played.rows("network.tested")] == steps
    lines = [
        (outcome, code) for subject, test, outcome, code in played.proofs if (subject, test) == ("network", "line")
    ]
    assert lines == [("passed", "line-whole") if step == "none" else ("failed", f"line-{step}") for step, _ in steps]
    assert played.proofs[-1] == ("clock", "time", "passed", "clock-right")
    assert ("network", "certificate", "passed", "certificate-holds") in played.proofs
    assert played.report["journal"] == {"committed": 1, "acknowledged": 1, "queued": 0, "quarantined": 0}
    assert played.report["backend"] == {"cases": 1, "duplicates": 0}


def test_a_full_disk_is_told_and_room_is_proven(tmp_path: Path) -> None:
    if why := lacking() or ("" if shutil.which("mkfs.ext4", path=PATH) else "needs the Debian package e2fsprogs"):
        pytest.skip(why)
    played = play(tmp_path, "disk", script("disk"), HERE.parent / "pension.toml")
    room = [proof[2:] for proof in played.proofs if proof[:2] == ("disk", "room")]
    assert room == [("failed", "disk-full"), ("passed", "disk-room")]
    noted = [(row["outcome"], row["by"]) for row in played.rows("proof.noted") if row["subject"] == "disk"]
    assert noted == [("failed", STAFF), ("passed", STAFF)]
    assert played.report["journal"]["acknowledged"] == 1, "the visit after the repair"


def test_a_wrong_clock_is_told_and_the_right_time_is_proven(tmp_path: Path) -> None:
    if not shutil.which("gcc"):
        pytest.skip("needs the Debian packages gcc, libc6-dev")
    clock = WallClock(folder(tmp_path))
    clock.make()
    played = play(tmp_path, "clock", script("clock"), more=clock.environment, alone=False)
    first, last = played.rows("network.tested")
    assert first["failed"] in ("backend", "clock")
    assert (last["failed"], last["code"]) == ("none", "right-signed")
    assert played.proofs[-1] == ("clock", "time", "passed", "clock-right")


def test_the_card_service_is_gone_and_a_card_proves_that_it_is_back(tmp_path: Path) -> None:
    if why := pcsc_room.lacking():
        pytest.skip(why)
    played = play(tmp_path, "pcscd", script("pcscd"), alone=False)
    assert ("card_reader", "service", "passed") in [proof[:3] for proof in played.proofs]
    assert played.proofs[-1][2] == "passed"


def test_a_bad_profile_goes_by_itself_a_worse_one_by_hand_and_a_good_one_stays(tmp_path: Path) -> None:
    played = play(
        tmp_path, "profile", script("profile_bad"), script("profile_nobody"), script("profile_good"), alone=False
    )
    events = [(row["event"].removeprefix("profile."), row.get("reason", "")) for row in played.log
              if row["event"].startswith("profile.")]  # fmt: skip
    assert events == [
        ("tried", ""), ("rolled_back", "not-confirmed"), ("tried", ""), ("rolled_back", "asked"),
        ("tried", ""), ("confirmed", ""),
    ]  # fmt: skip
    assert ("receipt_printer", "internal", "passed", "self-test-passed") in played.proofs
    steps = [(row["failed"], row["code"]) for row in played.rows("network.tested")]
    assert steps[0] == ("connect", "refused")
    assert steps[-1][0] == "none"
    final, before = (tomllib.loads((played.out / name).read_text("utf-8")) for name in ("terminal.toml", "first.toml"))
    assert final["terminal"].pop("phone") == "0352-12346"
    assert before["terminal"].pop("phone") == "0352-12345"
    assert final == before
    assert not (played.out / "terminal.toml.trial").exists()
