"""A USB stick as a place to write to: only one that the machine has mounted nosuid, nodev and noexec.

This program never mounts: that takes rights which the terminal's user does not have. A udev rule and a small service of
the system do it (``README.md``), and nothing else plugged in gets that far. A stick that is mounted otherwise is
refused and told why. What is written is whole and on the stick, or it is not there.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kiosk import durable

SAFE = frozenset({"nosuid", "nodev", "noexec"})
_SAFE_FLAGS = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC
RESERVE = 1 << 16  # bytes that a file system needs beside the file itself
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_ESCAPES = re.compile(r"\\([0-7]{3})")


class StickError(Exception):
    """``code``: ``no-stick``, ``not-mounted``, ``several-sticks``, ``unsafe-mount``, ``read-only``, ``full``, ``gone``,
    ``write-failed``. The words are ``maint.report.stick.CODE``."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail
        self.advice = ADVICE[code]
        self.retryable = True


ADVICE = {
    "no-stick": "Plug a USB stick in.",
    "not-mounted": "Wait ten seconds, or plug it in again; else its file system is not known here: FAT32 is.",
    "several-sticks": "Leave one stick plugged in.",
    "unsafe-mount": "Mount it with nosuid,nodev,noexec: see the rule and service in kiosk/health/README.md.",
    "read-only": "Slide the stick's lock, or take another one.",
    "full": "Take another stick, or make room on it.",
    "gone": "Plug it in again and write once more.",
    "write-failed": "Take another stick.",
}
_ERRORS = {errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EROFS: "read-only", errno.ENODEV: "gone",
           errno.ENXIO: "gone", errno.ENOENT: "gone", errno.EIO: "gone"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partition:
    """``name``: ``sda1``. ``mounted``: where, None where it is not. ``options`` of the mount."""

    name: str
    mounted: Path | None = None
    options: frozenset[str] = frozenset()


class Stick(Protocol):
    def write(self, name: str, data: bytes) -> str:
        """Whole and durable; the file's name. StickError."""
        ...

    def release(self) -> bool:
        """Let it go: True when it is unmounted and may be pulled out, False where it stays mounted (everything is on it
        all the same)."""
        ...


def partitions(sys: Path = Path("/sys"), mounts: Path = Path("/proc/self/mounts")) -> tuple[Partition, ...]:
    """What is plugged in by USB and could take a file, by name. A disk of which any part is the machine's own system
    is none, whatever it hangs on."""
    mounted = _mounts(mounts)
    system = {_disk_of(device) for device, (where, _) in mounted.items() if where in (Path("/"), Path("/boot"))}
    found: list[Partition] = []
    for disk in sorted((sys / "block").glob("*")):
        if "/usb" not in str(disk.resolve()) or disk.name in system:
            continue
        parts = sorted(part.name for part in disk.glob(f"{disk.name}*") if (part / "partition").exists())
        for name in parts or [disk.name]:  # some sticks have no table of partitions
            where, options = mounted.get(name, (None, frozenset[str]()))
            found.append(Partition(name, where, options))
    return tuple(found)


def the_stick(found: tuple[Partition, ...], unmount: Callable[[Partition], bool] | None = None) -> MountedStick:
    """The one stick that may be written to. StickError."""
    if not found:
        raise StickError("no-stick")
    there = [part for part in found if part.mounted is not None]
    if not there:
        raise StickError("not-mounted", found[0].name)
    if len(there) > 1:
        raise StickError("several-sticks", ", ".join(part.name for part in there))
    return MountedStick(there[0], unmount)


class MountedStick:
    """Refuses a mount without ``SAFE`` options (StickError), whatever the stick holds."""

    def __init__(self, part: Partition, unmount: Callable[[Partition], bool] | None = None) -> None:
        if part.mounted is None:
            raise StickError("not-mounted", part.name)
        if lacking := SAFE - part.options:
            raise StickError("unsafe-mount", ",".join(sorted(lacking)))
        if "rw" not in part.options:
            raise StickError("read-only", part.name)
        self._part, self._folder, self._unmount = part, part.mounted, unmount

    def write(self, name: str, data: bytes) -> str:
        """See Stick. ``name`` is one of ours; a file of that name is written over."""
        if _NAME.fullmatch(name) is None:
            raise ValueError("no name for a file on a stick")
        try:
            held = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                self._there(held)
                room = os.fstatvfs(held)
                if room.f_bavail * room.f_frsize < len(data) + RESERVE:
                    raise StickError("full", self._part.name)
                durable.put(Path(f"/proc/self/fd/{held}", name), data)
                self._there(held)
            finally:
                os.close(held)
        except OSError as error:
            raise StickError(_ERRORS.get(error.errno or 0, "write-failed"), self._part.name) from error
        return name

    def _there(self, held: int) -> None:
        """What is held open is what is mounted there, and as it has to be: a stick may be changed at any moment."""
        if not os.path.ismount(self._folder) or os.fstat(held).st_dev != os.stat(self._folder).st_dev:
            raise StickError("gone", self._part.name)
        flags = os.fstatvfs(held).f_flag
        if flags & _SAFE_FLAGS != _SAFE_FLAGS:
            raise StickError("unsafe-mount", self._part.name)

    def release(self) -> bool:
        return self._unmount is not None and self._unmount(self._part)


def by_udisks(part: Partition) -> bool:
    """Unmount by udisks, where it is installed and lets this user. False: it stays mounted."""
    program = shutil.which("udisksctl")
    if program is None:
        return False
    command = [program, "unmount", "--no-user-interaction", "-b", f"/dev/{part.name}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _mounts(file: Path) -> dict[str, tuple[Path, frozenset[str]]]:
    """Where each block device is mounted last: name to place and options."""
    found: dict[str, tuple[Path, frozenset[str]]] = {}
    for line in file.read_text("utf-8", "surrogateescape").splitlines():
        device, where, _, options, *_ = line.split(" ")
        if device.startswith("/dev/"):
            found[os.path.basename(os.path.realpath(_plain(device)))] = (
                Path(_plain(where)),
                frozenset(options.split(",")),
            )
    return found


def _plain(text: str) -> str:
    return _ESCAPES.sub(lambda octal: chr(int(octal[1], 8)), text)


def _disk_of(part: str) -> str:
    """``sda1`` is of ``sda``, ``nvme0n1p2`` and ``mmcblk0p2`` of what stands before the p."""
    if found := re.fullmatch(r"(.*\d)p\d+", part):
        return found[1]
    return part.rstrip("0123456789")
