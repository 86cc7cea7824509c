"""A printer's device file of the kernel's usblp (``/dev/usb/lp0``), and who is in the way of it.

usblp and CUPS fight over the same device: CUPS's usb backend takes it away from usblp, and the file is gone although
the printer is there; or a program holds the file open, and opening it fails. Both are ``port-busy`` with the cause.
"""

from __future__ import annotations

import os
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports.devfile import DeviceFile
from devices.transports.stream import PortBusy, PortMissing

PRINTER_CLASS = "07"  # bInterfaceClass: USB Printer Class 1.1


class PrinterTaken(PortBusy):
    """The printer is there, but somebody else has it."""

    def __init__(self, port: str, cause: str, advice: str) -> None:
        DeviceError.__init__(
            self, "port-busy", f"{port} is taken: {cause}", advice=advice, retryable=True, action=Action.CLEAR
        )


class UsbPrinterFile(DeviceFile):
    """``sys`` and ``proc`` are where the kernel tells of devices and processes."""

    def __init__(self, port: str, *, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> None:
        super().__init__(port)
        self._sys, self._proc = sys, proc

    def open(self, deadline: Deadline) -> None:
        """As DeviceFile; PrinterTaken where the cause can be told."""
        try:
            super().open(deadline)
        except PortBusy as error:
            who = holders(Path(self._port), self._proc)
            advice = "End that program." if who else "End the program that prints there; as root, `fuser` names it."
            if any("cups" in name or name == "usb" for name in who):
                advice = "Take the printer out of CUPS (`lpadmin -x QUEUE`), or use the driver `cups` for it."
            cause = f"open in {', '.join(who)}" if who else "open in a program of another user"
            raise PrinterTaken(self._port, cause, advice) from error
        except PortMissing as error:
            taken = without_usblp(self._sys)
            if not taken:
                raise
            raise PrinterTaken(
                self._port,
                f"a USB printer is there, but {' and '.join(sorted(set(taken)))} has it instead of usblp",
                "CUPS takes a USB printer away from usblp: remove its queue (`lpadmin -x QUEUE`), plug the printer in "
                "again, and keep ipp-usb and CUPS from it (udev rule), or use the driver `cups`.",
            ) from error


def holders(file: Path, proc: Path = Path("/proc")) -> list[str]:
    """Names of the programs that have a file open, as far as this user may see; without this process."""
    found = []
    for entry in proc.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            links = [os.readlink(link) for link in (entry / "fd").iterdir()]
            name = (entry / "comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue  # another user's, or it has just ended
        if str(file.resolve()) in links:
            found.append(name)
    return sorted(set(found))


def without_usblp(sys: Path = Path("/sys")) -> list[str]:
    """For each USB printer interface that usblp does not drive: who does (``usbfs`` is a program by libusb)."""
    found = []
    for kind in sorted((sys / "bus" / "usb" / "devices").glob("*/bInterfaceClass")):
        if kind.read_text(encoding="ascii").strip() != PRINTER_CLASS:
            continue
        driver = kind.parent / "driver"
        name = os.path.basename(os.readlink(driver)) if driver.is_symlink() else ""
        if name != "usblp":
            found.append({"": "nobody", "usbfs": "a program (CUPS or ipp-usb)"}.get(name, name))
    return found
