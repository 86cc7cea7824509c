"""Vendor mode of XFS4IoT: the technician waits for every application that is there, and for no other."""

from __future__ import annotations

from typing import Any

import pytest

from devices.contracts.device import DeviceError
from devices.drivers.xfs4iot.vendor_mode import Mode, XfsVendorMode
from devices.simulators.xfs4iot import XfsTwin
from tests.contract.xfs4iot.xfs_room import soon


def test_vendor_mode_is_entered_when_every_application_has_let_go(made: Any, twin: XfsTwin) -> None:
    kiosk: XfsVendorMode = made("vendor_mode")
    other: XfsVendorMode = made("vendor_mode")
    heard: list[Mode] = []
    kiosk.watch(heard.append)
    assert kiosk.refresh(soon()) is Mode.INACTIVE
    for application, name in ((kiosk, "kiosk"), (other, "monitor")):
        application.register(name, soon())
    twin.act("technician-enters", {})
    for application in (kiosk, other):
        assert application.wait_for(Mode.ENTER_PENDING, soon())
    kiosk.acknowledge_enter(soon())
    assert kiosk.refresh(soon()) is Mode.ENTER_PENDING, "the other one has not let go yet"
    other.acknowledge_enter(soon())
    assert kiosk.wait_for(Mode.ACTIVE, soon())
    kiosk.request_exit(soon())
    for application in (kiosk, other):
        assert application.wait_for(Mode.EXIT_PENDING, soon())
        application.acknowledge_exit(soon())
    assert kiosk.wait_for(Mode.INACTIVE, soon())
    assert heard == [Mode.INACTIVE, Mode.ENTER_PENDING, Mode.ACTIVE, Mode.EXIT_PENDING, Mode.INACTIVE]


def test_an_application_that_hangs_up_does_not_hold_up_the_technician(made: Any, twin: XfsTwin) -> None:
    kiosk: XfsVendorMode = made("vendor_mode")
    other: XfsVendorMode = made("vendor_mode")
    for application, name in ((kiosk, "kiosk"), (other, "monitor")):
        application.register(name, soon())
    kiosk.request_enter(soon())
    kiosk.acknowledge_enter(soon())
    other.close()
    assert kiosk.wait_for(Mode.ACTIVE, soon())


def test_an_acknowledge_out_of_turn_is_refused(made: Any) -> None:
    kiosk: XfsVendorMode = made("vendor_mode")
    with pytest.raises(DeviceError) as caught:
        kiosk.acknowledge_enter(soon())
    assert caught.value.code == "sequence"
