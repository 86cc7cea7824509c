"""Any words are a port of the printer's or scanner's, or a bad port; what a queue's device URI promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.device import DeviceError
from devices.drivers.cups import errors
from devices.drivers.cups.behind import DumbBehind, IppBehind, behind
from devices.drivers.cups.driver import CupsPrinter
from devices.drivers.cups.server import QueuePort
from devices.drivers.sane.port import SanePort

WORDS = st.text(st.characters(codec="utf-8"), max_size=60) | st.from_regex(r"(cups|sane):[/a-z0-9#:\[\]@?% .-]{0,30}")


def parsed(parse: Callable[[str], object], port: str) -> object | None:
    """What was parsed, or None for a bad port."""
    try:
        return parse(port)
    except DeviceError as error:
        return None if error.code == "bad-port" else error


@given(WORDS)
def test_a_queue_has_a_name_without_room_for_anything_else(port: str) -> None:
    where = parsed(QueuePort.parse, port)
    if where is None:
        return
    assert isinstance(where, QueuePort)
    assert where.queue
    assert not set(where.queue) & set("/# \t")
    assert 0 < where.number < 65536


@given(WORDS)
def test_a_scanner_has_a_name_that_is_no_option(port: str) -> None:
    where = parsed(SanePort.parse, port)
    if where is None:
        return
    assert isinstance(where, SanePort)
    assert where.device
    assert not where.device.startswith("-")
    assert not where.config or where.config.startswith("/")


@pytest.mark.parametrize(
    ("port", "server", "number", "queue"),
    [
        ("cups:KioskA4", "", 631, "KioskA4"),
        ("cups://print-server/KioskA4", "print-server", 631, "KioskA4"),
        ("cups://127.0.0.1:8631/KioskA4", "127.0.0.1", 8631, "KioskA4"),
        ("cups:///run/cups/cups.sock#KioskA4", "/run/cups/cups.sock", 631, "KioskA4"),
    ],
)
def test_a_port_names_server_and_queue(port: str, server: str, number: int, queue: str) -> None:
    assert QueuePort.parse(port) == QueuePort(server, number, queue)


@pytest.mark.parametrize("port", ["", "cups:", "cups://host/", "ipp://host/Kiosk", "cups:a b", "cups://host:x/Kiosk"])
def test_what_names_no_queue_is_a_bad_port(port: str) -> None:
    with pytest.raises(DeviceError) as error:
        CupsPrinter(port)
    assert error.value.code == "bad-port"


@pytest.mark.parametrize(
    ("uri", "confirms", "probe"),
    [
        ("ipp://printer/ipp/print", "printer", "ipp"),
        ("ipps://printer/ipp/print", "backend", "connect"),
        ("dnssd://Laser._ipp._tcp.local/", "backend", "none"),
        ("socket://printer", "none", "connect"),
        ("usb://HP/LaserJet?serial=1", "none", "none"),
    ],
)
def test_how_far_a_printer_can_be_asked_follows_from_its_uri(uri: str, confirms: str, probe: str) -> None:
    printer = behind(uri, "kiosk")
    assert (printer.confirms, printer.probe) == (confirms, probe)
    assert isinstance(printer, IppBehind if probe == "ipp" else DumbBehind)


@pytest.mark.parametrize("status", [0x0401, 0x0402, 0x0403])
def test_every_refusal_of_rights_is_port_denied(status: int) -> None:
    assert errors.refused(status, "", "Kiosk").code == "port-denied"
