"""What a camera's source is, what can be wrong with it, and whether it answers.

Standard library only, for the parent process: a cheap check that takes no picture and starts no process.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, State
from devices.transports.tcp import connect

FAULTS: Mapping[str, Fault] = {
    fault.code: fault
    for fault in (
        Fault("gone", Action.CALL_TECHNICIAN, "the camera's source does not open or has ended: check cable and power"),
        Fault("frozen", Action.RESET, "the camera sends no new pictures"),
        Fault("covered", Action.CLEAR, "the camera sees nothing: uncover and clean the lens"),
    )
}
"""What a capture may find wrong with its source, by code (``capture.CaptureFault``)."""

UNKNOWN_FAULT = Fault("child-garbage", Action.RESET, "the camera process reported an unknown fault")

_PORTS = {"http": 80, "https": 443, "rtsp": 554}


def without_login(source: str) -> str:
    """The source as it may be shown: user name and password of a URL masked, its query left out."""
    return re.sub(r"\?.*", "", re.sub(r"//[^/@]*@", "//***@", source)) if "://" in source else source


def is_network(source: str) -> bool:
    return "://" in source and not source.startswith("file://")


def state_when_gone(source: str) -> State:
    """OFFLINE for a stream (it may be there, but does not serve), NO_DEVICE for a file or a local camera."""
    return State.OFFLINE if is_network(source) else State.NO_DEVICE


def reach(source: str, deadline: Deadline) -> None:
    """Return when the source is there; raise DeviceError ``gone``, ``no-answer``, ``no-permission`` or ``bad-port``."""
    if is_network(source):
        _reach_host(source, deadline)
    else:
        _reach_file(Path(source.removeprefix("file://")))


def _reach_host(source: str, deadline: Deadline) -> None:
    shown = without_login(source)
    parts = urlsplit(source)
    try:
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        host, port = None, 0
    if not host:
        raise DeviceError(
            "bad-port",
            f"{shown} is no camera source",
            advice="use a file, http://…, rtsp://… or /dev/videoN",
            retryable=False,
            action=Action.CONFIGURE,
        )
    try:
        connect(host, port, deadline).close()
    except TimeoutError:
        raise DeviceError(
            "no-answer", f"{shown} does not answer", advice="check the camera's cable and power", retryable=True
        ) from None
    except OSError as error:
        raise _gone(shown, error.strerror or "host not found") from None


def _reach_file(path: Path) -> None:
    try:
        with_type = path.stat().st_mode
        if stat.S_ISREG(with_type):
            with path.open("rb"):
                return
        if not stat.S_ISCHR(with_type) and not stat.S_ISFIFO(with_type):
            raise _gone(str(path), "neither a file nor a camera")
    except PermissionError:
        raise DeviceError(
            "no-permission",
            f"{path} may not be read",
            advice="add the service user to the group 'video'",
            retryable=False,
            action=Action.CONFIGURE,
        ) from None
    except OSError as error:
        raise _gone(str(path), error.strerror or "not there") from None


def _gone(shown: str, why: str) -> DeviceError:
    return DeviceError(
        "gone",
        f"camera source {shown}: {why}",
        advice="check the camera's cable and power, and its address in the profile",
        retryable=True,
        action=Action.CALL_TECHNICIAN,
    )
