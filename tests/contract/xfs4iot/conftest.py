"""A twin of a whole machine in each edition, and drivers made for it.

Every message of both sides is held against the public schema of 2021-1 where its file is there (``tests.xfs_schema``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from devices.drivers.xfs4iot.driver import XfsDevice, make
from devices.drivers.xfs4iot.protocol import Edition
from devices.simulators.xfs4iot import XfsTwin
from devices.transports.websocket import WebSocketLine
from tests.contract.xfs4iot.xfs_room import SERVICES, soon
from tests.xfs_schema import CheckedLine


@pytest.fixture(params=[edition.value for edition in Edition])
def twin(request: pytest.FixtureRequest) -> Iterator[XfsTwin]:
    twin = XfsTwin("machine", edition=request.param)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def made(twin: XfsTwin) -> Iterator[Any]:
    """Makes a driver for a kind, its messages held against the schema where that is the edition spoken."""
    devices: list[XfsDevice] = []

    def make_one(kind: str, *, opened: bool = True) -> Any:
        address = twin.address(SERVICES[kind])
        line = WebSocketLine(address)
        first = twin.state()["edition"] == Edition.PAYLOAD.value
        device = make(kind, address, line=CheckedLine(line) if first else line)
        devices.append(device)
        if opened:
            device.open(soon())
        return device

    yield make_one
    for device in devices:
        device.close()
