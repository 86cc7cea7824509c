"""Guide lights of an ATM-class machine (XFS4IoT Lights): the lights' part of ``devices.contracts.sensors.Sensors``.

Services lay a light out in two ways, and show in their capabilities which: 2021-1 has one state for each light, later
editions one for each position of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Level, TestResult
from devices.contracts.sensors import Light, LightState
from devices.drivers.xfs4iot.driver import XfsDevice
from devices.drivers.xfs4iot.shapes import dig, word

NAMES: Mapping[Light, str] = {
    Light.READER: "cardReader",
    Light.PRINTER: "receiptPrinter",
    Light.STATUS: "statusInService",
}  # the standard knows no light for help: a service's own may be named in the profile
COLOURS = ("green", "white", "blue", "cyan", "yellow", "magenta", "red")  # the first that a light has
_ON = frozenset({"slow", "medium", "quick", "continuous"})


class XfsLights(XfsDevice):
    """``names`` says which light of the service is which of ours, where it differs from ``NAMES``."""

    kind = "lights"
    interface = "Lights"
    key = "lights"

    def __init__(self, port: str, *, names: Mapping[Light, str] | None = None, **options: Any) -> None:
        super().__init__(port, **options)
        self._names = {**NAMES, **(names or {})}

    def lights(self, deadline: Deadline) -> Mapping[Light, LightState]:
        """Every light, as the service says. Raises DeviceError."""
        told = dig(self._ask_status(deadline), self.key)
        return {light: self._state(light, told) for light in Light}

    def set_light(self, light: Light, on: bool, deadline: Deadline) -> LightState:
        """Switch a light and read it back; NOT_SUPPORTED where there is none. May be repeated. Raises DeviceError."""
        if not self._has(light):
            return LightState.NOT_SUPPORTED
        name = self._names[light]
        self._session.request("Lights.SetLight", {name: self._wish(dig(self._abilities, name), on)}, deadline=deadline)
        return self.lights(deadline)[light]

    def reset(self, deadline: Deadline) -> None:
        """All lights out: the standard has no reset for them."""
        for light in Light:
            self.set_light(light, False, deadline)

    def _told(self) -> Mapping[str, str]:
        return {"lights": " ".join(light.value for light in Light if self._has(light))}

    def _try_out(self, level: Level, deadline: Deadline) -> TestResult:
        """Each light on and off again; EXTERNAL believes what the service reads back, INTERACTIVE asks a person."""
        odd = []
        for light in filter(self._has, Light):
            before = self.lights(deadline)[light]
            lit = self.set_light(light, True, deadline)
            self.set_light(light, before is LightState.ON, deadline)
            if lit is not LightState.ON:
                odd.append(light.value)
        if odd:
            return TestResult(level, False, f"not lit when told to: {' '.join(odd)}")
        return TestResult(level, None if level is Level.INTERACTIVE else True, "every light went on and back")

    def _has(self, light: Light) -> bool:
        return isinstance(dig(self._abilities, self._names.get(light, "")), dict)

    def _state(self, light: Light, told: object) -> LightState:
        if not self._has(light):
            return LightState.NOT_SUPPORTED
        about = dig(told, self._names[light])
        rates = [word(about, "flashRate")] if _flat(about) else [word(part, "flashRate") for part in _parts(about)]
        if any(rate in _ON for rate in rates):
            return LightState.ON
        return LightState.OFF if rates and all(rate == "off" for rate in rates) else LightState.UNKNOWN

    @staticmethod
    def _wish(abilities: object, on: bool) -> dict[str, Any]:
        """What to send for one light, in the shape of its capabilities; every position alike."""

        def state(can: object) -> dict[str, Any]:
            wish: dict[str, Any] = {"flashRate": "continuous" if on else "off"}
            colour = next((name for name in COLOURS if dig(can, "color", name) is True), "")
            if colour and on:
                wish["color"] = colour
            return wish

        if not _flat(abilities):
            assert isinstance(abilities, dict)  # noqa: S101 - set_light has looked
            return {place: state(can) for place, can in abilities.items() if isinstance(can, dict)}
        places = dig(abilities, "position")
        place = next((name for name, has in places.items() if has is True), "") if isinstance(places, dict) else ""
        return {**state(abilities), **({"position": place} if place else {})}


def _flat(about: object) -> bool:
    """Whether one state stands for the whole light (2021-1)."""
    return isinstance(about, dict) and "flashRate" in about


def _parts(about: object) -> list[object]:
    return list(about.values()) if isinstance(about, dict) else []
