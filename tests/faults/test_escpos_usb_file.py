"""/dev/usb/lp0 and who is in the way of it. There is no USB here: a terminal stands for the file, a folder for /sys."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import subprocess
import termios
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.escpos.driver import stream_for
from devices.transports.stream import PortBusy, PortMissing
from devices.transports.usblp import UsbPrinterFile, holders, without_usblp

ROOT = Path(__file__).resolve().parents[2]
NOW = Deadline(0.0)


def usb(folder: Path, *interfaces: tuple[str, str]) -> Path:
    """A /sys with USB interfaces: (class, driver)."""
    devices = folder / "bus" / "usb" / "devices"
    for number, (kind, driver) in enumerate(interfaces):
        interface = devices / f"1-{number}:1.0"
        interface.mkdir(parents=True)
        (interface / "bInterfaceClass").write_text(f"{kind}\n")
        if driver:
            (folder / driver).mkdir(exist_ok=True)
            (interface / "driver").symlink_to(folder / driver)
    devices.mkdir(parents=True, exist_ok=True)
    return folder


def test_without_any_printer_the_file_is_simply_missing(tmp_path: Path) -> None:
    sys_folder = usb(tmp_path, ("03", "usbhid"), ("07", "usblp"))
    with pytest.raises(PortMissing):
        UsbPrinterFile(str(tmp_path / "lp0"), sys=sys_folder).open(NOW)


@pytest.mark.parametrize(("driver", "who"), [("usbfs", "CUPS"), ("", "nobody")])
def test_a_printer_that_was_taken_away_from_usblp_is_busy_and_the_cause_is_told(
    tmp_path: Path, driver: str, who: str
) -> None:
    sys_folder = usb(tmp_path, ("07", driver))
    with pytest.raises(PortBusy) as error:
        UsbPrinterFile(str(tmp_path / "lp0"), sys=sys_folder).open(NOW)
    assert (error.value.code, error.value.retryable) == ("port-busy", True)
    assert who in str(error.value)
    assert "lpadmin -x" in error.value.advice
    assert without_usblp(sys_folder) != []


def test_who_has_a_file_open_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lp0"
    file.touch()
    assert holders(file) == []
    with file.open() as held:
        other = subprocess.Popen(["sleep", "60"], stdin=held)
        try:
            assert holders(file) == ["sleep"]
        finally:
            other.kill()
            other.wait()
    assert holders(file) == []


def test_a_file_that_the_kernel_gives_to_one_only_is_busy(tmp_path: Path) -> None:
    """EBUSY as usblp gives it: here from a terminal in exclusive mode, which binds everybody but root."""
    python = shutil.which("python3", path="/usr/bin")
    if os.geteuid() != 0 or python is None or shutil.which("setpriv") is None:
        pytest.skip("needs root, /usr/bin/python3 and setpriv (Debian package util-linux)")
    near, far = pty.openpty()
    try:
        path = os.ttyname(far)
        os.chmod(path, 0o666)
        fcntl.ioctl(far, termios.TIOCEXCL)
        code = (
            "from devices.contracts.deadline import Deadline\n"
            "from devices.contracts.device import DeviceError\n"
            "from devices.transports.usblp import UsbPrinterFile\n"
            f"try: UsbPrinterFile({path!r}).open(Deadline(0.0))\n"
            "except DeviceError as error: print(error.code, '|', error, '|', error.advice)\n"
        )
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
        done = subprocess.run(
            [*command, python, "-c", code], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        if done.returncode != 0 and "Permission" in done.stderr:
            pytest.skip("the checkout is not readable for others")
        code, told, advice = done.stdout.split(" | ")
        assert code == "port-busy"
        assert "another user" in told
        assert "fuser" in advice
    finally:
        os.close(near)
        os.close(far)


def test_the_drivers_port_tells_which_line_it_is() -> None:
    assert isinstance(stream_for("/dev/usb/lp0", 9600), UsbPrinterFile)
    with pytest.raises(DeviceError) as error:
        stream_for("/dev/usb/lp250", 9600).open(NOW)
    assert error.value.code in ("port-missing", "port-busy")
