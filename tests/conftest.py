"""Tests run on a machine of their own making: no screen, no network but loopback, nothing of the user's environment.

The guard makes a non-loopback address look the way it looks with the cable pulled: unreachable, its name unknown. It
holds for the test process; a child process that needs the same promise is given loopback addresses by its test.
"""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import socket
import sys
import time
from typing import Any

import pytest

OFFSCREEN = {
    "QT_QPA_PLATFORM": "offscreen",
    "QT_QUICK_BACKEND": "software",
    "PYTHONUTF8": "1",
    # The terminals stand in China. A POSIX rule instead of a zone's name: it needs no time zone data.
    "TZ": "CST-8",
}
FOREIGN = ("QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "QML2_IMPORT_PATH", "QML_IMPORT_PATH")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
LOOPBACK_NAMES = {"", "localhost", "ip6-localhost", "ip6-loopback"}


def _make_environment_hermetic() -> None:
    for name in list(os.environ):
        asked = name.startswith(("KIOSK_CRASH_", "KIOSK_PEER_", "KIOSK_FUZZ_", "KIOSK_EMUPOS_"))  # how long, with what
        ours = name.startswith("KIOSK_") and not asked
        if ours or name in FOREIGN or name.lower() in PROXIES:
            del os.environ[name]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred children import the same modules
    os.environ.update(OFFSCREEN)
    time.tzset()


def _is_loopback(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)
    if name.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guard_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = arguments[1]
        # Only Internet addresses are tuples of a host's name first; a Unix socket's is a path.
        if isinstance(address, tuple) and isinstance(address[0], str) and not _is_loopback(address[0]):
            code = errno.EADDRNOTAVAIL if event == "socket.bind" else errno.ENETUNREACH
            raise OSError(code, f"{os.strerror(code)} (tests have loopback only)")
    elif event == "socket.getaddrinfo" and arguments[0] is not None and not _is_loopback(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known (tests have loopback only)")


_make_environment_hermetic()
gc.set_threshold(20_000, 20, 20)  # an eighth of the time; whoever counts what is left over collects by itself
sys.addaudithook(_guard_network)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hardware", action="store_true", help="also run the tests that need a real device")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--hardware"):
        return
    absent = pytest.mark.skip(reason="needs a real device: run with --hardware")
    for item in items:
        if "hardware" in item.keywords:
            item.add_marker(absent)
