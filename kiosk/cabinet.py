"""The cabinet: which driver stands behind each device of a profile, made and put in the order of their lines.

Each driver is named, not imported: its module is loaded only where a profile asks for it.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from devices.contracts.device import DeviceError
from kiosk.profile import ProfileError

if TYPE_CHECKING:
    from devices.actor import Spec
    from devices.contracts.device import Device
    from kiosk.profile import DeviceProfile, Profile


DRIVERS: Mapping[tuple[str, str], str] = {
    ("sdt", "id_reader"): "devices.drivers.sdt.driver:SdtReader",
    ("camera", "camera"): "devices.drivers.camera.driver:CameraDriver",
    ("ipp", "page_printer"): "devices.drivers.ipp.driver:IppPrinter",
    ("cups", "page_printer"): "devices.drivers.cups.driver:CupsPrinter",
    ("escpos", "receipt_printer"): "devices.drivers.escpos.driver:EscPosPrinter",
    ("document_camera", "document_camera"): "devices.drivers.document_camera.driver:DocumentCameraDriver",
    ("sane", "document_scanner"): "devices.drivers.sane.driver:SaneScanner",
    ("code_scanner", "code_scanner"): "devices.drivers.fitting:code_scanner",
    ("pcsc", "card_reader"): "devices.drivers.pcsc.driver:PcscReader",
    ("sscard", "social_card"): "devices.drivers.fitting:social_card",
    ("emrtd", "travel_document"): "devices.drivers.fitting:travel_document",
    ("staff_card", "staff_card"): "devices.drivers.staff_card.driver:StaffCardSlot",
    ("modbus_io", "sensors"): "devices.drivers.fitting:sensors",
    ("locker", "locker"): "devices.drivers.fitting:locker",
    ("nut", "ups"): "devices.drivers.nut.driver:NutUps",
    ("alsa", "sound"): "devices.drivers.fitting:sound",
    ("xfs4iot", "card_reader"): "devices.drivers.fitting:xfs_card_reader",
    ("xfs4iot", "page_printer"): "devices.drivers.fitting:xfs_page_printer",
    ("xfs4iot", "receipt_printer"): "devices.drivers.fitting:xfs_receipt_printer",
    ("xfs4iot", "lights"): "devices.drivers.fitting:xfs_lights",
}
"""Driver and kind of device -> ``module:callable``, whose first argument is the port, or the device whose line it uses.
"""

CARRIERS: Mapping[str, tuple[str, ...]] = {
    "social_card": ("card_reader",),
    "travel_document": ("card_reader",),
    "staff_card": ("card_reader",),
    "locker": ("", "sensors"),
}
"""Kinds that are, or may be ("": they need not), on another device's line. All others have a port of their own."""

INTERVALS = {"sensors": 0.5}
"""Seconds between two heartbeats, where the usual one is too seldom: a press of the help button must not be missed."""

EXTRAS = {"smartcard": "pcsc", "asn1crypto": "pcsc", "cups": "cups"}
"""Modules that an extra of pyproject.toml brings."""

_SPELT: Mapping[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text in quotes"),
    "int": ((int,), "a whole number, without quotes"),
    "float": ((int, float), "a number, without quotes"),
    "bool": ((bool,), "true or false, without quotes"),
    "Sequence": ((list, tuple), "a list: [1, 2]"),
    "Mapping": ((dict,), "a table of its own"),
}
"""Types of a driver's options: what may stand in a profile for them, and how that is said."""

_FOREIGN = re.compile(r"[A-Z]\w*")  # in an annotation: a type that no profile can spell
_PLAIN = frozenset({"Mapping", "Sequence", "Any", "None"})


def make_device(device: DeviceProfile, carrier: Device | None = None) -> Device:
    """The driver that a profile names; ``carrier`` is the device whose line it uses, where it is on one.

    Raises ProfileError for a driver that does not exist, serves another kind, or does not take an option.
    """
    target = DRIVERS.get((device.driver, device.kind))
    if target is None:
        choices = ", ".join(sorted(driver for driver, kind in DRIVERS if kind == device.kind))
        raise ProfileError(f"devices.{device.kind}: {device.driver!r} drives no such device; for it there is {choices}")
    if device.on not in CARRIERS.get(device.kind, ("",)):
        places = " or ".join(f"on = {kind!r}" if kind else "a port" for kind in CARRIERS.get(device.kind, ("",)))
        raise ProfileError(f"devices.{device.kind}: it needs {places}")
    module, _, maker = target.partition(":")
    try:
        driver = getattr(import_module(module), maker)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        cure = f"; install the extra {EXTRAS[missing]!r}" if missing in EXTRAS else "; run deploy/setup again"
        raise ProfileError(f"devices.{device.kind}: the package {missing!r} is not installed{cure}") from error
    _, *taken = inspect.signature(driver).parameters.values()
    options = [option.name for option in taken if _plain(str(option.annotation))]
    for option in taken:
        if option.default is option.empty and option.name not in device.options:
            raise ProfileError(f"devices.{device.kind}.{option.name}: is missing; {device.driver} needs it")
    for name in device.options:  # one that the driver does not take is misspelt: what it says would not be done
        if name not in options:
            raise ProfileError(
                f"devices.{device.kind}.{name}: is not known; {device.driver} takes {', '.join(options)}"
            )
    for option in taken:
        if option.name in device.options and (must := _unfit(device.options[option.name], str(option.annotation))):
            raise ProfileError(f"devices.{device.kind}: {option.name} must be {must}")
    try:
        made: Device = driver(device.port if carrier is None else carrier, **device.options)
    except ImportError as error:
        raise ProfileError(f"devices.{device.kind}: the package {error.name!r} is not installed") from error
    except (ValueError, TypeError, DeviceError) as error:  # before anything is opened: it is what the profile says
        raise ProfileError(f"devices.{device.kind}: {error}") from error
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


def _unfit(value: object, annotation: str) -> str:
    """What an option must be, in words, where its value is something else. A whole number is a number; yes is none."""
    spelt = re.sub(r"\[.*\]", "", annotation).split(" | ")
    kinds, words = next((_SPELT[part] for part in spelt if part in _SPELT), ((object,), ""))
    fits = isinstance(value, kinds) and (bool in kinds or object in kinds or not isinstance(value, bool))
    fits = fits and not (isinstance(value, float) and not math.isfinite(value))  # TOML knows nan: it would never end
    return "" if fits else words


def _plain(annotation: str) -> bool:
    """Whether a profile can spell a value of this type, or of one of its alternatives."""
    return any(part != "None" and not set(_FOREIGN.findall(part)) - _PLAIN for part in annotation.split(" | "))
