"""Lights behind XFS4IoT go on and off, and what is told of them was read back."""

from __future__ import annotations

from typing import Any

from devices.contracts.device import Level
from devices.contracts.sensors import Light, LightState
from devices.drivers.xfs4iot.lights import XfsLights
from devices.simulators.xfs4iot import XfsTwin
from tests.contract.xfs4iot.xfs_room import soon


def test_lights_go_on_and_off_and_are_read_back(made: Any, twin: XfsTwin) -> None:
    lights: XfsLights = made("lights")
    assert lights.set_light(Light.READER, True, soon()) is LightState.ON
    assert lights.lights(soon()) == {
        Light.READER: LightState.ON,
        Light.PRINTER: LightState.OFF,
        Light.HELP: LightState.NOT_SUPPORTED,
        Light.STATUS: LightState.OFF,
    }
    assert lights.set_light(Light.HELP, True, soon()) is LightState.NOT_SUPPORTED
    assert lights.self_test(Level.EXTERNAL, soon()).passed is True
    twin.act("lights-stuck", {})
    assert lights.set_light(Light.PRINTER, True, soon()) is LightState.OFF, "what was asked for is not what is"
    assert lights.self_test(Level.EXTERNAL, soon()).passed is False
    twin.act("ok", {})
    lights.reset(soon())
    assert set(lights.lights(soon()).values()) == {LightState.OFF, LightState.NOT_SUPPORTED}
