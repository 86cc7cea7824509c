"""Any words are a port of the printer's or scanner's, or a bad port; nothing else comes of them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.device import DeviceError
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
