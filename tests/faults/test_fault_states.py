"""A full disk, one that went read-only, rights that are gone, clocks at 1970 and 2100, a line that loses every packet.

For each: a clear word on the screen of the real window and from ``kiosk doctor``, nothing lost, and work that goes on
once it has been put right. The faults are real: an ext4 in a file, mounted, filled and aborted; capabilities that are
dropped; nftables; the wall clock that wall_clock.c preloads. So all of it happens in a network and a mount namespace of
its own, in one run of fault_states_inside.py, whose tests appear here one by one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSIDE = Path(__file__).with_name("fault_states_inside.py")
TOOLS = {"unshare": "util-linux", "mkfs.ext4": "e2fsprogs", "nft": "nftables", "ip": "iproute2"}
SCENES = (
    "disk_full_before_a_visit", "disk_full_in_the_middle_of_a_visit", "disk_full_at_the_start",
    "disk_turns_read_only_in_the_middle_of_a_visit", "rights_are_gone_at_the_start", "clock[1970-start]",
    "clock[2100-run]", "clock[2100-start]", "clock[1970-run]", "every_packet_is_lost_in_the_middle_of_an_upload",
)  # fmt: skip
NAMESPACES = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def _missing() -> str:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = [package for tool, package in TOOLS.items() if not shutil.which(tool, path=path)]
    if lacking:
        return f"needs the Debian packages {', '.join(sorted(set(lacking)))}"
    tried = subprocess.run([*NAMESPACES, "--mount-proc", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this machine allows no namespaces"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """What came of each scene (``""`` passed, ``skipped: why``, else why not), and all that was said."""
    if why := _missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("inside")
    report = folder / "report.xml"
    pytest_inside = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
        f"--basetemp={folder / 'tmp'}", str(INSIDE),
    ]  # fmt: skip
    ended = subprocess.run(
        [*NAMESPACES, "--mount-proc", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *pytest_inside],
        cwd=ROOT, capture_output=True, text=True, timeout=1450, check=False,
        env=os.environ | {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"},
    )  # fmt: skip
    assert report.exists(), ended.stdout + ended.stderr
    found = {}
    for case in ET.parse(report).iter("testcase"):
        trouble = next((each for each in case if each.tag in ("failure", "error", "skipped")), None)
        name = case.attrib["name"].removeprefix("test_")
        found[name] = "" if trouble is None else f"{trouble.tag}: {trouble.attrib.get('message', '')}"
    return found, ended.stdout[-6000:]


@pytest.mark.parametrize("scene", SCENES)
def test_it_is_told_and_nothing_is_lost(outcome: tuple[dict[str, str], str], scene: str) -> None:
    found, said = outcome
    assert scene in found, said
    if found[scene].startswith("skipped"):
        pytest.skip(found[scene])
    assert found[scene] == "", said
