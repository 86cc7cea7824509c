"""What a tree of processes uses, read from /proc (Linux; proc(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """A tree of processes at one moment.

    ``cpu`` is seconds since they were started, with those of children that have ended and were waited for.
    ``memory`` is the sum of proportional set sizes in bytes: pages that are shared are counted once in all, so it moves
    when another program with the same libraries comes or goes. ``anonymous`` is what they asked for themselves.
    """

    cpu: float
    memory: int
    anonymous: int
    descriptors: int
    threads: int
    processes: tuple[tuple[int, str, int], ...]  # pid, name, proportional set size in bytes


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    cpu: float
    threads: int
    name: str


def tree(root: int) -> list[int]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            children.setdefault(stat.parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def usage(root: int, without: frozenset[int] = frozenset()) -> Usage:
    """What the tree under ``root`` uses now, less the trees under the processes of ``without``."""
    apart = {pid for other in without for pid in tree(other)}
    members = [pid for pid in tree(root) if pid not in apart]
    stats = {pid: stat for pid in members if (stat := _stat(pid)) is not None}
    sizes = {pid: _sizes(pid) for pid in stats}
    return Usage(
        cpu=sum(stat.cpu for stat in stats.values()),
        memory=sum(size["Pss"] for size in sizes.values()),
        anonymous=sum(size["Anonymous"] for size in sizes.values()),
        descriptors=sum(_descriptors(pid) for pid in stats),
        threads=sum(stat.threads for stat in stats.values()),
        processes=tuple((pid, stat.name, sizes[pid]["Pss"]) for pid, stat in stats.items()),
    )


def _stat(pid: int) -> _Stat | None:
    """None for a process that has ended meanwhile."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may hold brackets and blanks itself.
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    # Own and waited-for children's, user and system: fields 14 to 17 of proc(5).
    ticks = sum(int(field) for field in fields[11:15])
    return _Stat(parent=int(fields[1]), cpu=ticks / TICK, threads=int(fields[17]), name=head.partition("(")[2])


def _sizes(pid: int) -> dict[str, int]:
    """Bytes by the kernel's names; nothing for a process that has ended meanwhile."""
    sizes = {"Pss": 0, "Anonymous": 0}
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return sizes
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name in sizes:
            sizes[name] = int(value.split()[0]) * 1024
    return sizes


def _descriptors(pid: int) -> int:
    try:
        return len(os.listdir(PROC / str(pid) / "fd"))
    except OSError:
        return 0
