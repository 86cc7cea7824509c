"""How a scanner is named, and what it means when it cannot be opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from devices.contracts.device import Action, DeviceError
from devices.drivers.sane import protocol
from devices.transports.stream import PortDenied, PortMissing

_USB = re.compile(r"libusb:(\d{3}):(\d{3})")
_NAME = re.compile(r"[^\s#]+(?: [^\s#]+)*")


@dataclass(frozen=True, slots=True)
class SanePort:
    """``config`` is the folder for SANE_CONFIG_DIR; empty: the machine's own (/etc/sane.d)."""

    config: str
    device: str

    @classmethod
    def parse(cls, port: str) -> SanePort:
        """``[sane:][CONFIG_FOLDER#]DEVICE``. Raises DeviceError ``bad-port``."""
        config, mark, device = port.removeprefix("sane:").rpartition("#")
        if not _NAME.fullmatch(device) or device.startswith("-") or (mark and not config.startswith("/")):
            raise DeviceError(
                "bad-port",
                f"{port!r} names no scanner",
                advice="Use sane:DEVICE as `scanimage -L` names it, or sane:/folder/of/sane.d#DEVICE.",
                retryable=False,
                action=Action.CONFIGURE,
            )
        return cls(config, device)

    @property
    def environment(self) -> dict[str, str]:
        return {"SANE_CONFIG_DIR": self.config} if self.config else {}

    @property
    def device_file(self) -> Path | None:
        """The USB device's file, where the name tells bus and number (``epson2:libusb:001:004``)."""
        match = _USB.search(self.device)
        return Path(f"/dev/bus/usb/{match[1]}/{match[2]}") if match else None


def missing(port: str) -> PortMissing:
    return PortMissing(port)


def failure(port: str, status: int | None, said: str) -> DeviceError:
    """Why scanimage did not do it. ``status`` None: it was still at it when the deadline came."""
    if status is None:
        return DeviceError(
            "no-answer",
            f"the scanner at {port} does not answer in time",
            advice="Switch the scanner off and on; check its cable.",
            retryable=True,
        )
    if status < 0:
        return DeviceError(
            "backend-crashed",
            f"the SANE backend of {port} crashed (signal {-status})",
            advice="Update sane-backends or the vendor's backend; it is started afresh at the next use.",
            retryable=True,
        )
    code = protocol.status_of(said)
    if code == protocol.INVAL:
        return missing(port)
    if code == 11:
        return _denied(port)
    fault = protocol.STATUS.get(code or protocol.IO_ERROR, protocol.STATUS[protocol.IO_ERROR])
    return DeviceError(
        fault.code,
        f"the scanner at {port} cannot be opened: {fault.detail}",
        advice="End the other program, or switch the scanner off and on." if code == 3 else "Switch it off and on.",
        retryable=True,
        action=fault.action,
    )


def _denied(port: str) -> DeviceError:
    error = PortDenied(port)
    error.advice = "Add the service user to the group scanner (Debian), or install the udev rule of libsane."
    return error
