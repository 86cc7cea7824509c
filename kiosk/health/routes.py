"""Is there a way out of this machine? Cable, address and default route, as the kernel tells them. Nothing is sent.

``root`` is ``/``, or a folder that looks like it. Formats: Linux, Documentation/ABI/testing/sysfs-class-net (carrier,
operstate), net/ipv4/fib_trie.c (/proc/net/route), net/ipv6/route.c (/proc/net/ipv6_route).
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Code = Literal["ok", "no-cable", "no-interface", "no-route"]
Target = ipaddress.IPv4Address | ipaddress.IPv6Address
_UP, _REJECT = 0x1, 0x200  # RTF_UP, RTF_REJECT
_ANY_V4, _ANY_V6 = ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("::/0")


@dataclass(frozen=True, slots=True)
class Way:
    """``interface``: the one that the way takes, or else the first that is there; "" for none."""

    code: Code
    interface: str = ""

    @property
    def ok(self) -> bool:
        return self.code == "ok"


def look(target: Target | None, root: Path = Path("/")) -> Way:
    """The way to this address: the narrowest route that leads there, which need not be the default one (a network of
    one's own may have none). None: any default route.
    """
    found = interfaces(root)
    if not found:
        return Way("no-interface")
    routes = [*(_v4(root) if target is None or target.version == 4 else ()),
              *(_v6(root) if target is None or target.version == 6 else ())]  # fmt: skip
    leads = [(net, name) for net, name in routes if net in (_ANY_V4, _ANY_V6) or (target is not None and target in net)]
    if leads:
        _, name = max(leads, key=lambda each: each[0].prefixlen)
        return Way("ok" if carrier(name, root) else "no-cable", name)
    if not any(carrier(name, root) for name in found):
        return Way("no-cable", found[0])
    return Way("no-route", next(name for name in found if carrier(name, root)))


def interfaces(root: Path = Path("/")) -> list[str]:
    """Every network interface but the loopback, cables first."""
    try:
        names = sorted(entry.name for entry in (root / "sys/class/net").iterdir())
    except OSError:
        return []
    return sorted((name for name in names if name != "lo"), key=lambda name: (not name.startswith(("e", "w")), name))


def carrier(name: str, root: Path = Path("/")) -> bool:
    """Whether something is at the other end of the cable, or of the radio."""
    try:
        return (root / "sys/class/net" / name / "carrier").read_text("ascii").strip() == "1"
    except OSError:  # EINVAL: the interface is switched off
        return False


def _v4(root: Path) -> Iterator[tuple[ipaddress.IPv4Network, str]]:
    """Iface Destination Gateway Flags … Mask: hex of this machine's byte order, a heading first."""
    for fields in _lines(root / "proc/net/route", 1):
        if len(fields) > 7 and _holds(fields[3]):
            try:
                numbers = [int(fields[column], 16).to_bytes(4, sys.byteorder) for column in (1, 7)]
                where, mask = map(ipaddress.IPv4Address, numbers)
                yield ipaddress.IPv4Network(f"{where}/{mask}"), fields[0]
            except (ValueError, OverflowError):
                continue


def _v6(root: Path) -> Iterator[tuple[ipaddress.IPv6Network, str]]:
    """Destination, its length, source, its length, gateway, metric, references, uses, flags, interface."""
    for fields in _lines(root / "proc/net/ipv6_route", 0):
        if len(fields) > 9 and fields[9] != "lo" and _holds(fields[8]):
            try:
                where = ipaddress.IPv6Address(bytes.fromhex(fields[0]))
                yield ipaddress.IPv6Network(f"{where}/{int(fields[1], 16)}"), fields[9]
            except ValueError:
                continue


def _holds(flags: str) -> bool:
    try:
        found = int(flags, 16)
    except ValueError:
        return False
    return bool(found & _UP) and not found & _REJECT


def _lines(file: Path, skip: int) -> Iterator[list[str]]:
    try:
        lines = file.read_text("ascii", "replace").splitlines()
    except OSError:  # a kernel without IPv6
        return
    for line in lines[skip:]:
        yield line.split()
