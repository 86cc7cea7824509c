"""What is attached to this machine, as the kernel names it: for a technician who has to say which port is which.

Nothing is opened. ``root`` is ``/``, or a folder that looks like it.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.health.readiness import Check, attention, good

ROOT = Path("/")
SAM_V = ("0400", "c35a")  # an ID card reader with a USB plug of its own
_PATTERNS = (
    ("serial line", "ttyUSB*"),
    ("serial line", "ttyACM*"),
    ("camera", "video*"),
    ("printer", "usb/lp*"),
)


@dataclass(frozen=True, slots=True)
class Port:
    """A device file, and the lasting name under which it may stand in a profile (the same where there is none)."""

    kind: str
    path: str
    name: str


def ports(root: Path = ROOT) -> list[Port]:
    """Serial lines with a USB plug, cameras, and printers held by usblp."""
    found = list(_named(root, "serial line", "dev/serial/by-id"))
    found += _named(root, "camera", "dev/v4l/by-id")
    known = {port.path for port in found}
    for kind, pattern in _PATTERNS:
        for path in sorted((root / "dev").glob(pattern)):
            if (name := _inside(root, path)) not in known:
                found.append(Port(kind, name, name))
    return found


def examine(root: Path = ROOT) -> Check:
    """One line that lists them, with the names a profile takes."""
    found = [f"{port.kind} {port.name}" for port in ports(root)]
    found += [f"ID card reader usb:{':'.join(SAM_V)}" for ids in _usb(root) if ids == SAM_V]
    if found:
        return good("attached", ", ".join(found))
    return attention(
        "attached",
        "no serial line, camera or USB printer is seen by this machine",
        "Plug the devices in and switch them on. What is on the network, or behind CUPS, SANE or pcscd, is not listed.",
    )


def similar(port: str, root: Path = ROOT) -> str:
    """Where a port is not there: what could be meant instead, in words; empty where nothing is of its kind."""
    if port.startswith("sane:"):
        return "`scanimage -L` lists the scanners of this machine."
    kind = _kind(port)
    others = [other.name for other in ports(root) if kind and other.kind == kind]
    if not kind:
        return ""
    if others:
        return f"This machine has {', '.join(others)}."
    if kind == "printer":
        return "This machine has no printer at a USB plug that the kernel's usblp has taken (`modprobe usblp`)."
    return f"This machine has no {kind} at all."


def owner(port: str, root: Path = ROOT) -> str:
    """Where a port may not be opened: whose it is, who asks, and the command that mends it."""
    if not port.startswith("/"):
        return ""
    try:
        found = (root / port.lstrip("/")).stat()
    except OSError:
        return ""
    group, user = _name(grp.getgrgid, found.st_gid), _name(pwd.getpwuid, os.geteuid())
    if not stat.S_IMODE(found.st_mode) & stat.S_IWGRP:
        return f"{port} is open to its owner {_name(pwd.getpwuid, found.st_uid)} alone: a udev rule has to change that."
    inside = found.st_gid in {os.getegid(), *os.getgroups()}
    if inside:
        return f"{port} belongs to the group {group}, and {user} is in it: log in again, or look for an access rule."
    return f"{port} belongs to the group {group}: run `usermod -aG {group} {user}` as root, then log in again."


def holders(port: str, root: Path = ROOT) -> str:
    """Where a port is in use: by which processes, as far as this user may see them, or how to learn it."""
    if not port.startswith("/"):
        return ""
    target = os.path.realpath(root / port.lstrip("/"))
    names = []
    for process in sorted((root / "proc").glob("[0-9]*")):
        if any(_points(link, target) for link in _links(process / "fd")):
            names.append(f"{_text(process / 'comm') or 'a process'} ({process.name})")
    return f"In use by {', '.join(names)}." if names else f"`fuser {port}`, as root, names the program."


def _named(root: Path, kind: str, folder: str) -> Iterator[Port]:
    for link in sorted((root / folder).glob("*")):
        target = link.resolve()
        yield Port(kind, _inside(root.resolve(), target), f"/{folder}/{link.name}")


def _inside(root: Path, path: Path) -> str:
    """The path as it stands on the machine whose root this is."""
    return "/" + os.path.relpath(path, root)


def _kind(port: str) -> str:
    if port.startswith(("/dev/tty", "/dev/serial/")):
        return "serial line"
    if port.startswith(("/dev/video", "/dev/v4l/")):
        return "camera"
    return "printer" if port.startswith("/dev/usb/lp") else ""


def _usb(root: Path) -> Iterator[tuple[str, str]]:
    for device in sorted((root / "sys/bus/usb/devices").glob("*")):
        if vendor := _text(device / "idVendor"):
            yield vendor, _text(device / "idProduct")


def _links(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:  # another user's process, or one that has just ended
        return


def _points(link: Path, target: str) -> bool:
    try:
        return os.readlink(link) == target
    except OSError:
        return False


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _name(look: Callable[[int], tuple[Any, ...]], number: int) -> str:
    """A user's or a group's name; its number where it has none."""
    try:
        return str(look(number)[0])
    except KeyError:
        return str(number)
