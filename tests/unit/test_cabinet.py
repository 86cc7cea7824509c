"""The registry of drivers: every one can be made, none serves a kind it does not know, a misspelt option is told."""

from __future__ import annotations

import inspect
import math
from importlib import import_module
from pathlib import Path

import pytest

from devices.contracts.device import Device
from kiosk.cabinet import CARRIERS, DRIVERS, make_device, specs
from kiosk.profile import DEVICE_KINDS, DeviceProfile, ProfileError, load

DRIVER_FOLDERS = Path(__file__).parents[2] / "devices" / "drivers"
PROFILES = sorted((Path(__file__).parents[2] / "deploy" / "profiles").glob("*.toml"))


@pytest.mark.parametrize(("name", "kind"), DRIVERS)
def test_an_option_that_a_driver_does_not_take_is_the_profiles_to_mend(name: str, kind: str) -> None:
    needed = {"map": {}, "ups": "kiosk"}
    module, _, maker = DRIVERS[name, kind].partition(":")
    taken = inspect.signature(getattr(import_module(module), maker)).parameters
    options = {key: value for key, value in needed.items() if key in taken}
    on = CARRIERS.get(kind, ("",))[0]
    with pytest.raises(ProfileError, match=rf"devices.{kind}.bawd: is not known; {name} takes "):
        make_device(DeviceProfile(kind, name, "" if on else "/dev/null", {**options, "bawd": 9600}, on))


def test_an_option_that_a_driver_needs_is_asked_for() -> None:
    with pytest.raises(ProfileError, match=r"devices.sensors.map: is missing; modbus_io needs it"):
        make_device(DeviceProfile("sensors", "modbus_io", "/dev/null"))


def test_a_value_that_a_driver_refuses_is_the_profiles_to_mend() -> None:
    with pytest.raises(ProfileError, match=r"devices.sensors: .*doorz"):
        make_device(DeviceProfile("sensors", "modbus_io", "/dev/null", {"map": {"doorz": {}}}))


def test_every_driver_of_the_house_can_stand_in_a_profile_and_every_kind_has_one() -> None:
    assert {driver for driver, _ in DRIVERS} == {folder.parent.name for folder in DRIVER_FOLDERS.glob("*/driver.py")}
    assert {kind for _, kind in DRIVERS} == set(DEVICE_KINDS)


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.stem)
def test_every_profile_that_is_shipped_makes_its_whole_cabinet(file: Path) -> None:
    profile = load(file)
    made = {spec.name: spec for spec in specs(profile)}
    assert set(made) == {device.kind for device in profile.devices}
    for kind, spec in made.items():
        assert isinstance(spec.device, Device)
        assert spec.device.info.kind == kind


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (DeviceProfile("social_card", "sscard", "/dev/null"), "it needs on = 'card_reader'"),
        (DeviceProfile("locker", "locker", "", {"map": {}}, "card_reader"), "it needs a port or on = 'sensors'"),
        (DeviceProfile("sound", "alsa", "default", {"volume": "loud"}), "devices.sound: volume must be a whole number"),
        (DeviceProfile("id_reader", "sdt", "/dev/null", {"baud": "9600"}), "id_reader: baud must be a whole number"),
        (DeviceProfile("id_reader", "sdt", "/dev/null", {"baud": True}), "id_reader: baud must be a whole number"),
        (DeviceProfile("id_reader", "sdt", "/dev/null", {"newest_address": "no"}), "must be true or false"),
        (DeviceProfile("camera", "camera", "/dev/null", {"face": 3}), "camera: face must be a table"),
        (DeviceProfile("sensors", "modbus_io", "/dev/null", {"map": []}), "sensors: map must be a table"),
        (DeviceProfile("page_printer", "ipp", "ipp://a/b", {"patience": "9"}), "patience must be a number"),
        (DeviceProfile("page_printer", "ipp", "ipp://a/b", {"patience": math.nan}), "patience must be a number"),
        (DeviceProfile("sound", "alsa", "default", {"mixer": {"kard": 1}}), "devices.sound: .*kard"),
        (DeviceProfile("card_reader", "pcsc", "", {"slot": "x"}), "card_reader.slot: is not known"),
        (DeviceProfile("id_reader", "sdt", "/dev/null", {"stream": "x"}), "id_reader.stream: is not known"),
        (DeviceProfile("id_reader", "std", "/dev/null"), "'std' drives no such device; for it there is sdt"),
        (DeviceProfile("camera", "escpos", "/dev/null"), "'escpos' drives no such device; for it there is camera"),
    ],
)
def test_a_driver_that_does_not_exist_or_does_not_fit_is_answered_with_those_that_do(
    device: DeviceProfile, words: str
) -> None:
    with pytest.raises(ProfileError, match=words):
        make_device(device)


def test_a_package_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(module: str) -> None:
        raise ModuleNotFoundError(f"No module named {module}", name="asn1crypto.cms")

    monkeypatch.setattr("kiosk.cabinet.import_module", absent)
    with pytest.raises(ProfileError, match="'asn1crypto' is not installed; install the extra 'pcsc'"):
        make_device(DeviceProfile("travel_document", "emrtd", "", {}, "card_reader"))
