"""What is plugged in, told to a technician: names for the profile, whose a port is, who holds it."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from devices.contracts.device import Device, DeviceError
from kiosk.health import attached, devices
from kiosk.profile import DeviceProfile


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with an ID card reader on a USB serial line, a camera, and a printer that usblp holds."""
    for folder in ("dev/serial/by-id", "dev/v4l/by-id", "dev/usb", "sys/bus/usb/devices/1-1", "proc/41/fd"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("dev/ttyUSB0", "dev/ttyACM3", "dev/video0", "dev/usb/lp0"):
        (tmp_path / file).touch()
    (tmp_path / "dev/serial/by-id/usb-Prolific_Reader-if00").symlink_to("../../ttyUSB0")
    (tmp_path / "dev/v4l/by-id/usb-Cam_front-video-index0").symlink_to("../../video0")
    (tmp_path / "sys/bus/usb/devices/1-1/idVendor").write_text("0400\n")
    (tmp_path / "sys/bus/usb/devices/1-1/idProduct").write_text("c35a\n")
    (tmp_path / "proc/41/comm").write_text("modem-manager\n")
    (tmp_path / "proc/41/fd/7").symlink_to(tmp_path / "dev/ttyUSB0")
    return tmp_path


def test_every_port_is_listed_once_under_the_name_that_lasts(root: Path) -> None:
    check = attached.examine(root)
    assert check.state == "ok"
    assert check.finding == (
        "serial line /dev/serial/by-id/usb-Prolific_Reader-if00, camera /dev/v4l/by-id/usb-Cam_front-video-index0, "
        "serial line /dev/ttyACM3, printer /dev/usb/lp0, ID card reader usb:0400:c35a"
    )


def test_a_machine_with_nothing_attached_says_what_to_do(tmp_path: Path) -> None:
    check = attached.examine(tmp_path)
    assert check.state == "attention"
    assert check.advice.startswith("Plug the devices in")


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("/dev/ttyUSB9", "This machine has /dev/serial/by-id/usb-Prolific_Reader-if00, /dev/ttyACM3."),
        ("/dev/serial/by-id/gone", "This machine has /dev/serial/by-id/usb-Prolific_Reader-if00, /dev/ttyACM3."),
        ("/dev/video7", "This machine has /dev/v4l/by-id/usb-Cam_front-video-index0."),
        ("tcp://192.0.2.1:9100", ""),
        ("usb:0400:c35a", ""),
        ("COM3", ""),
        ("sane:genesys:libusb:001:004", "`scanimage -L` lists the scanners of this machine."),
    ],
)
def test_a_missing_port_is_answered_with_those_there_are(root: Path, port: str, words: str) -> None:
    assert attached.similar(port, root) == words


def test_no_port_of_that_kind_is_said_too(tmp_path: Path) -> None:
    assert attached.similar("/dev/ttyUSB0", tmp_path) == "This machine has no serial line at all."
    assert "usblp" in attached.similar("/dev/usb/lp0", tmp_path), "a printer on the network does not count here"


def test_who_holds_a_port_is_named_also_through_its_lasting_name(root: Path) -> None:
    for port in ("/dev/ttyUSB0", "/dev/serial/by-id/usb-Prolific_Reader-if00"):
        assert attached.holders(port, root) == "In use by modem-manager (41)."
    assert attached.holders("/dev/ttyACM3", root) == "`fuser /dev/ttyACM3`, as root, names the program."


def test_whose_a_port_is_comes_with_the_command_that_mends_it(root: Path) -> None:
    port = root / "dev/ttyACM3"
    user, own = pwd.getpwuid(os.geteuid()).pw_name, {os.getegid(), *os.getgroups()}
    port.chmod(0o600)
    assert "a udev rule has to change that" in attached.owner("/dev/ttyACM3", root)
    port.chmod(0o660)
    assert f"and {user} is in it" in attached.owner("/dev/ttyACM3", root)
    if os.geteuid() == 0:
        other = next(entry for entry in grp.getgrall() if entry.gr_gid not in own)
        os.chown(port, 0, other.gr_gid)
        assert f"`usermod -aG {other.gr_name} {user}`" in attached.owner("/dev/ttyACM3", root)


def test_the_doctor_puts_what_this_machine_knows_behind_the_drivers_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "holders", lambda port: f"{port} is held.")
    error = DeviceError("port-busy", "in use", advice="end the other program", retryable=True)

    def make(*_: object) -> Device:
        raise error

    (check,) = devices.ask([DeviceProfile("id_reader", "sdt", "/dev/ttyUSB0")], make)
    assert check.advice == "End the other program. /dev/ttyUSB0 is held."


@pytest.mark.parametrize("port", ["", "tcp://127.0.0.1:9", "cups:Kiosk"])
def test_what_is_no_file_has_no_owner_and_no_holder(root: Path, port: str) -> None:
    assert (attached.owner(port, root), attached.holders(port, root), attached.similar(port, root)) == ("", "", "")
