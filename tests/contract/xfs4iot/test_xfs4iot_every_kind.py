"""Every device behind XFS4IoT says who it is and how it is, in both editions, and bears being opened twice."""

from __future__ import annotations

from typing import Any

import pytest

from devices.contracts.device import Device, DeviceError, State
from devices.drivers.xfs4iot.driver import KINDS, make
from devices.simulators.xfs4iot import XfsTwin
from tests.contract.xfs4iot.xfs_room import SERVICES, soon


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_is_a_device_that_says_who_it_is_and_what_was_not_verified(made: Any, twin: XfsTwin, kind: str) -> None:
    device = made(kind)
    assert isinstance(device, Device)
    assert (device.info.kind, device.info.driver, device.info.port) == (kind, "xfs4iot", twin.address(SERVICES[kind]))
    assert (device.info.model, device.info.serial) == (f"Twin {device.interface}", "724")
    assert device.capabilities["edition"] == twin.state()["edition"]
    assert "twin only" in device.capabilities["verified"]
    assert device.poll(soon()).usable


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_device_state_is_told_as_it_is(made: Any, twin: XfsTwin, kind: str) -> None:
    device = made(kind)
    for state in State:
        if state is State.UNKNOWN:
            continue  # a service has no word for it: see the codec's tests
        twin.act("device", {"state": state.value})
        status = device.poll(soon())
        assert status.state is state
        assert status.usable is (state in (State.ONLINE, State.DEVICE_BUSY))
        needs_somebody = state not in (State.ONLINE, State.DEVICE_BUSY, State.STARTING)
        assert any(fault.blocking for fault in status.faults) is needs_somebody


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_reset_open_and_close_may_be_repeated(made: Any, kind: str) -> None:
    device = made(kind)
    for _ in range(2):
        device.open(soon())
        device.reset(soon())
    device.close()
    device.close()
    device.open(soon())
    assert device.poll(soon()).state is State.ONLINE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_another_devices_service_is_refused(twin: XfsTwin, kind: str) -> None:
    other = "Lights1" if kind != "lights" else "Camera1"
    device = make(kind, twin.address(other))
    with pytest.raises(DeviceError) as caught:
        device.open(soon())
    assert (caught.value.code, caught.value.retryable) == ("wrong-service", False)


def test_an_error_event_is_a_fault_until_the_device_is_well_again(made: Any, twin: XfsTwin) -> None:
    device = made("still_camera")
    twin.act("device", {"state": "hardwareError"})
    twin.act("error-event", {"action": "maintenance", "service": "Camera1"})
    device.poll(soon())
    faults = {fault.code: fault.action.value for fault in device.poll(soon()).faults}
    assert faults == {"hardware-error": "reset", "error-event": "callTechnician"}
    twin.act("ok", {})
    assert device.poll(soon()).faults == ()
    assert device.statistics()["unsolicited"] == 1
