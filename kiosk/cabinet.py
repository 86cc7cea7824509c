"""The cabinet: which driver stands behind each device of a profile, made and put in the order of their lines.

Each driver is named, not imported: its module is loaded only where a profile asks for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from kiosk.profile import ProfileError

if TYPE_CHECKING:
    from devices.actor import Spec
    from devices.contracts.device import Device
    from kiosk.profile import DeviceProfile, Profile


@dataclass(frozen=True, slots=True)
class Driver:
    """``target`` is ``module:class``; its first argument is the port, or the device whose line it uses."""

    target: str
    kinds: tuple[str, ...]


DRIVERS: Mapping[str, Driver] = {
    "sdt": Driver("devices.drivers.sdt.driver:SdtReader", ("id_reader",)),
    "ipp": Driver("devices.drivers.ipp.driver:IppPrinter", ("page_printer",)),
    "escpos": Driver("devices.drivers.escpos.driver:EscPosPrinter", ("receipt_printer",)),
    "camera": Driver("devices.drivers.camera.driver:CameraDriver", ("camera",)),
}

INTERVALS = {"camera": 30.0}
"""Seconds between two heartbeats, where the usual one (devices.actor.Spec) would be too often: a camera at rest is a
child that is not running, and its device file is watched anyway."""


def make_device(device: DeviceProfile, carrier: Device | None = None) -> Device:
    """The driver that a profile names; ``carrier`` is the device whose line it uses, where it is on one.

    Raises ProfileError for a driver that does not exist, serves another kind, or does not take an option.
    """
    known = DRIVERS.get(device.driver)
    if known is None:
        raise ProfileError(f"devices.{device.kind}: there is no driver {device.driver!r}; {_choices(device.kind)}")
    if device.kind not in known.kinds:
        raise ProfileError(f"devices.{device.kind}: {device.driver!r} drives no such device; {_choices(device.kind)}")
    module, name = known.target.split(":")
    driver = getattr(import_module(module), name)
    options = list(inspect.signature(driver).parameters)[1:]
    for option in device.options:  # one that the driver does not take is misspelt: what it says would not be done
        if option not in options:
            raise ProfileError(
                f"devices.{device.kind}.{option}: is not known; {device.driver} takes {', '.join(options)}"
            )
    made: Device = driver(device.port if carrier is None else carrier, **device.options)
    return made


def specs(profile: Profile) -> list[Spec]:
    """What ``devices.manager`` is to manage; those on a line after the device that has it."""
    from devices.actor import Spec

    made: dict[str, Spec] = {}
    for device in sorted(profile.devices, key=lambda device: bool(device.on)):
        if device.kind == "camera" and profile.face_threshold is not None:
            device = replace(device, options={**device.options, "face_threshold": profile.face_threshold})
        carrier = made[device.on].device if device.on else None
        spec = Spec(device.kind, make_device(device, carrier), on=device.on)
        made[device.kind] = replace(spec, poll_interval=INTERVALS.get(device.kind, spec.poll_interval))
    return list(made.values())


def _choices(kind: str) -> str:
    return f"for it there is {', '.join(sorted(name for name, driver in DRIVERS.items() if kind in driver.kinds))}"
