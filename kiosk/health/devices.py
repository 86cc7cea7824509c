"""Each device of a profile: opened and asked how it is, side by side, none waited for longer than its time.

Through the device contract alone; whoever calls says how a device is made.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Device, DeviceError, Fault, Level, State, Status
from kiosk.health import attached
from kiosk.health.readiness import Check, attention, broken, good, without_login

if TYPE_CHECKING:
    from kiosk.profile import DeviceProfile

SECONDS = 10.0  # for opening and asking
SHARED = frozenset({"ipp", "cups", "camera", "document_camera", "nut", "pcsc", "xfs4iot"})
"""Drivers of devices that may be asked while a terminal uses them; the others take one at a time."""

NEEDED = ("id_reader",)
WITHOUT = {
    "id_reader": "no card can be read, so no matter can be dealt with",
    "camera": "no face check is offered, the other ways are",
    "page_printer": "no certificate can be printed",
    "receipt_printer": "no receipt can be printed",
}
ACTIONS = {
    Action.NONE: "",
    Action.RESET: "Switch the device off and on again.",
    Action.CLEAR: "Open the device, clear its way, close it.",
    Action.REPLENISH: "Fill it up.",
    Action.CONFIGURE: "Correct its settings, here in the profile or on the device.",
    Action.CALL_TECHNICIAN: "Call a technician.",
}


BY_HAND = {"code_scanner": "read", "escpos": "print"}
"""What the bench tool is asked where only a person sees whether the device works; else ``selftest``."""

_SERIAL = '"/dev/serial/by-id/…"'
WIRED = {
    "sdt": f'{_SERIAL} or "usb:0400:c35a"',
    "escpos": f'"/dev/usb/lp0", {_SERIAL} or "tcp://HOST:9100"',
    "code_scanner": _SERIAL,
    "modbus_io": _SERIAL,
    "locker": _SERIAL,
}
"""What the port of a driver looks like, where it is a wire's."""

Make = Callable[["DeviceProfile", Device | None], Device]
"""A device of the profile as its driver; the second is the device whose line it uses, for those that are on one."""


def examine(
    devices: Sequence[DeviceProfile], make: Make, *, terminal_runs: bool, seconds: float = SECONDS
) -> list[Check]:
    """One check for every device, and for every usual one that is not there. ``make`` may raise ValueError
    (ProfileError) or TypeError (an option)."""
    begun: list[tuple[list[DeviceProfile], Future[list[Check]] | None]] = []
    for device in devices:
        if not device.on:
            line = [device, *(rider for rider in devices if rider.on == device.kind)]
            skipped = terminal_runs and device.driver not in SHARED
            begun.append((line, None if skipped else _start(line, make, seconds, picture=not terminal_runs)))
    checks = [_absent(kind) for kind in WITHOUT if all(device.kind != kind for device in devices)]
    end = Deadline.after(seconds + 2.0)
    for line, future in begun:
        checks += [_in_use(device) for device in line] if future is None else _result(line, future, end, seconds)
    order = list(WITHOUT)
    return sorted(checks, key=lambda check: order.index(check.name) if check.name in WITHOUT else len(order))


def _in_use(device: DeviceProfile) -> Check:
    return attention(
        device.kind,
        f"in use by the running terminal at {_where(device)}; not asked",
        "Look at the terminal's own page, or stop it and ask again.",
    )


def _result(line: Sequence[DeviceProfile], future: Future[list[Check]], end: Deadline, seconds: float) -> list[Check]:
    try:
        return future.result(end.remaining())
    except FutureTimeout:
        return [
            broken(
                device.kind,
                f"{device.driver} at {_where(device)} did not come back within {seconds:.0f} s",
                ACTIONS[Action.RESET],
            )
            for device in line
        ]


def _where(device: DeviceProfile) -> str:
    return f"the line of {device.on}" if device.on else without_login(device.port)


def _absent(kind: str) -> Check:
    finding, advice = f"not in the profile: {WITHOUT[kind]}", f"Add [devices.{kind}] if this terminal has one."
    return broken(kind, finding, advice) if kind in NEEDED else attention(kind, finding, advice)


def _start(line: Sequence[DeviceProfile], make: Make, seconds: float, *, picture: bool) -> Future[list[Check]]:
    """On a thread that is left behind when a driver hangs: it ends with the process."""
    future: Future[list[Check]] = Future()

    def run() -> None:
        try:
            future.set_result(ask(line, make, seconds, picture=picture))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=f"doctor-{line[0].kind}", daemon=True).start()
    return future


def ask(line: Sequence[DeviceProfile], make: Make, seconds: float = SECONDS, *, picture: bool = True) -> list[Check]:
    """Open, ask, close: the device that has the line, and meanwhile those on it. ``picture``: a camera may be made to
    take one, which is not kept."""
    deadline = Deadline.after(seconds)
    checks: list[Check] = []
    opened: list[Device] = []
    try:
        for device in line:
            carrier = opened[0] if device.on else None
            try:
                driver = make(device, carrier)
                opened.append(driver)
                driver.open(deadline)
                status = driver.poll(deadline)
                if picture and status.usable and _unseen(status):
                    checks.append(_look(device, driver, deadline))
                else:
                    checks.append(judge(device, driver, status))
            except DeviceError as error:
                checks.append(_failed(device, error))
            except (ValueError, TypeError) as error:
                checks.append(broken(device.kind, str(error), f"Correct [devices.{device.kind}] in the profile."))
            except Exception as error:  # a bug of the driver's is this device's trouble, and the report goes on
                what = f"its driver {device.driver} failed: {type(error).__name__}"
                checks.append(broken(device.kind, what, "Report it, with the version of the software."))
            if not opened:  # without a driver there is no line to be on
                return checks + [broken(d.kind, f"{device.kind} has no driver", checks[0].advice) for d in line[1:]]
    finally:
        for driver in reversed(opened):
            driver.close()
    return checks


def _unseen(status: Status) -> bool:
    """A camera at rest: something answers where it should be, and nobody has seen a picture."""
    return status.details.get("evidence") == "source"


def _look(device: DeviceProfile, driver: Device, deadline: Deadline) -> Check:
    """Whether a picture comes. A machine that has no time for one leaves it unknown. Raises DeviceError."""
    where = f"{device.driver} at {driver.info.port}"
    try:
        result = driver.self_test(Level.EXTERNAL, deadline)
    except DeviceError:
        if not deadline.expired:
            raise
        return attention(device.kind, f"{where} is there, but no picture came in time", _by_hand(device))
    seen = result.report.partition(";")[0]
    if result.passed:  # its size and light; how many persons stand there is nobody's business
        return good(device.kind, f"{where} is ready: a picture came ({', '.join(seen.split(', ')[:2])})")
    return broken(device.kind, f"{where}: no good picture: {seen}", f"Look at the camera itself. {_by_hand(device)}")


def _by_hand(device: DeviceProfile) -> str:
    """The bench tool, as it is called; the port as the profile names it."""
    what = "--help" if device.on else BY_HAND.get(device.driver, "selftest")
    port = f" --port {shlex.quote(without_login(device.port))}" if device.port else ""
    return f"Try it by its bench tool: .venv/bin/python -m devices.drivers.{device.driver} {what}{port}"


def _told(fault: Fault) -> str:
    return f"{fault.code} ({fault.detail})" if fault.detail else fault.code


def judge(device: DeviceProfile, driver: Device, status: Status) -> Check:
    """What a device has said of itself, in words."""
    model = " ".join(filter(None, (driver.info.vendor, driver.info.model)))
    where = without_login(f"{model or device.driver} at {driver.info.port}")
    blocking = [fault for fault in status.faults if fault.blocking]
    if blocking or (not status.usable and status.state is not State.UNKNOWN):
        words = without_login(", ".join(map(_told, blocking))) or status.state.value
        actions = dict.fromkeys(ACTIONS[fault.action] for fault in blocking)
        advice = " ".join(filter(None, actions)) or ACTIONS[Action.RESET]
        more = attached.similar(device.port) if any(fault.code == "gone" for fault in blocking) else ""
        return broken(device.kind, f"{where}: {words}", f"{advice} {more}".strip())
    told = ", ".join(map(_told, status.faults))
    if status.state is State.UNKNOWN:
        silent = f"{where} is there, but does not say how it is"
        return attention(device.kind, f"{silent}: {told}" if told else silent, _by_hand(device))
    if told:
        advice = " ".join(filter(None, dict.fromkeys(ACTIONS[fault.action] for fault in status.faults)))
        return attention(device.kind, f"{where} works, but says: {told}", advice or "Have a look at it.")
    if _unseen(status):
        return attention(device.kind, f"{where} is there, but nobody has seen a picture", _by_hand(device))
    details = ", ".join(f"{key} {value}" for key, value in status.details.items() if value)
    return good(device.kind, f"{where} is ready" + (f": {details}" if details else ""))


def _failed(device: DeviceProfile, error: DeviceError) -> Check:
    more = {
        "port-missing": attached.similar,
        "gone": attached.similar,
        "port-denied": attached.owner,
        "port-busy": attached.holders,
    }
    here = more[error.code](device.port) if error.code in more else ""
    if error.code == "port-missing" and device.driver in WIRED and not device.on and ":" not in device.port[:5]:
        here = (
            here if device.port.startswith("/") else f"In [devices.{device.kind}], write port = {WIRED[device.driver]}."
        )
    advice = " ".join(filter(None, (_sentence(error.advice) or ACTIONS[error.action], here)))
    where = f" at {device.port}" if device.port else f" on {device.on}" if device.on else ""
    return broken(device.kind, without_login(f"{device.driver}{where}: {error.code}: {error}"), advice)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!")) or not text else ".")
