"""Which stick is written to, which is refused and why; and that what is written is whole. The machine's own /sys and
mounts are stood in for by folders; one test mounts for real, in a namespace of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.health.stick import MountedStick, Partition, StickError, partitions, the_stick

SAFE = "rw,nosuid,nodev,noexec,relatime"


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., tuple[Partition, ...]]:
    """``disks``: name to whether it hangs on USB, and its partitions. ``mounts``: lines of /proc/self/mounts."""

    def make(disks: dict[str, tuple[bool, tuple[str, ...]]], mounts: str) -> tuple[Partition, ...]:
        (tmp_path / "sys" / "block").mkdir(parents=True)
        for name, (usb, parts) in disks.items():
            home = tmp_path / "sys" / "devices" / ("usb1/1-2" if usb else "pci0/ata1") / name
            home.mkdir(parents=True)
            for part in parts:
                (home / part).mkdir()
                (home / part / "partition").write_text("1\n")
            (tmp_path / "sys" / "block" / name).symlink_to(home)
        file = tmp_path / "mounts"
        file.write_text(mounts)
        return partitions(tmp_path / "sys", file)

    return make


def refusal(found: tuple[Partition, ...]) -> str:
    with pytest.raises(StickError) as told:
        the_stick(found)
    return told.value.code


def test_a_stick_is_what_hangs_on_usb(machine: Callable[..., tuple[Partition, ...]]) -> None:
    found = machine(
        {"sda": (False, ("sda1",)), "sdb": (True, ("sdb1",)), "sdc": (True, ())},
        f"/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /run/media/U\\040盘 vfat {SAFE} 0 0\n",
    )
    assert [part.name for part in found] == ["sdb1", "sdc"]
    assert found[0].mounted == Path("/run/media/U 盘")


def test_the_machines_own_disk_is_no_stick_even_on_usb(machine: Callable[..., tuple[Partition, ...]]) -> None:
    assert refusal(machine({"sda": (True, ("sda1", "sda2"))}, f"/dev/sda2 / ext4 {SAFE} 0 0\n")) == "no-stick"


@pytest.mark.parametrize(
    ("mounts", "code"),
    [
        ("", "not-mounted"),
        ("/dev/sdb1 /media/x vfat rw,nosuid,nodev,relatime 0 0\n", "unsafe-mount"),
        ("/dev/sdb1 /media/x vfat rw,relatime 0 0\n", "unsafe-mount"),
        ("/dev/sdb1 /media/x vfat ro,nosuid,nodev,noexec 0 0\n", "read-only"),
        (f"/dev/sdb1 /media/x vfat {SAFE} 0 0\n/dev/sdb2 /media/y vfat {SAFE} 0 0\n", "several-sticks"),
    ],
)
def test_what_is_refused_and_why(machine: Callable[..., tuple[Partition, ...]], mounts: str, code: str) -> None:
    assert refusal(machine({"sdb": (True, ("sdb1", "sdb2"))}, mounts)) == code


def at(folder: Path) -> MountedStick:
    return MountedStick(Partition("sdb1", folder, frozenset(SAFE.split(","))))


def test_a_mount_that_is_gone_is_never_written_beside(tmp_path: Path) -> None:
    """The folder under it would take the file, and the stick would have nothing."""
    with pytest.raises(StickError) as told:
        at(tmp_path).write("a.zip", b"x")
    assert told.value.code == "gone"
    assert list(tmp_path.iterdir()) == []


def test_no_name_leads_elsewhere(tmp_path: Path) -> None:
    for name in ("../a", "/etc/a", "", ".a", "a/b", "A"):
        with pytest.raises(ValueError, match="name"):
            at(tmp_path).write(name, b"x")


def test_it_is_pulled_out_only_once_it_is_unmounted(tmp_path: Path) -> None:
    part = Partition("sdb1", tmp_path, frozenset(SAFE.split(",")))
    assert at(tmp_path).release() is False
    assert MountedStick(part, lambda one: one.name == "sdb1").release() is True


MOUNTED = """
import os, subprocess, sys
from pathlib import Path
from kiosk import durable
from kiosk.health.stick import MountedStick, Partition, StickError
folder = Path(sys.argv[1])
def mount(options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)
def stick():
    line = [l.split(" ") for l in open("/proc/self/mounts") if l.split(" ")[1] == str(folder)][-1]
    return MountedStick(Partition("sdb1", folder, frozenset(line[3].split(","))))
def code(work):
    try:
        work()
    except StickError as error:
        return error.code
mount("nosuid,nodev,noexec,size=1m")
assert stick().write("a.zip", b"x" * 5000) == "a.zip"
assert (folder / "a.zip").read_bytes() == b"x" * 5000
assert os.listdir(folder) == ["a.zip"]
assert code(lambda: stick().write("b.zip", bytes(2 << 20))) == "full"
open_one = stick()
subprocess.run(["mount", "-o", "remount,ro,nosuid,nodev,noexec", folder], check=True)
assert code(lambda: open_one.write("c.zip", b"x")) == "read-only"
assert code(stick) == "read-only"
subprocess.run(["umount", folder], check=True)
assert code(lambda: open_one.write("d.zip", b"x")) == "gone"
mount("size=1m")
assert code(stick) == "unsafe-mount"
subprocess.run(["umount", folder], check=True)

# what a stick holds leads nowhere: its links are written over, and what is in the way is told
secret = folder.parent / "secret"
secret.write_bytes(b"the terminal's own")
mount("nosuid,nodev,noexec,size=1m")
for name in ("e.zip", "e.zip.part"):
    (folder / name).symlink_to(secret)
assert stick().write("e.zip", b"x") == "e.zip"
assert secret.read_bytes() == b"the terminal's own" and not (folder / "e.zip").is_symlink()
for name in ("f.zip", "g.zip.part"):
    (folder / name).mkdir()
os.mkfifo(folder / "h.zip.part")
assert code(lambda: stick().write("f.zip", b"x")) == "write-failed"
assert code(lambda: stick().write("g.zip", b"x")) == "write-failed"
assert stick().write("h.zip", b"x") == "h.zip"

# changed for another between the look and the write, and in the middle of it: nothing is called written
asked = stick()
subprocess.run(["umount", folder], check=True)
mount("size=1m")
assert code(lambda: asked.write("i.zip", b"x")) == "unsafe-mount"
assert os.listdir(folder) == []
subprocess.run(["umount", folder], check=True)
mount("nosuid,nodev,noexec,size=1m")
def change(point):
    if point == "durable.written":
        subprocess.run(["umount", "-l", folder], check=True)
        mount("nosuid,nodev,noexec,size=1m")
durable.hit = change
assert code(lambda: stick().write("j.zip", b"x")) == "gone"
assert os.listdir(folder) == []
print("done")
"""


def test_a_real_mount_takes_it_refuses_it_fills_up_and_goes(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        pytest.skip("needs root and unshare (util-linux): a mount of its own")
    folder = tmp_path / "stick"
    folder.mkdir()
    command = [unshare, "-m", sys.executable, "-c", MOUNTED, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine allows no mounts in a namespace")
    assert done.stdout == "done\n", done.stderr
