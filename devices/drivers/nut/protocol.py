"""The NUT network protocol: questions, answers, errors; and what ups.status means. No I/O.

Sources: RFC 9271 (UPS Management Protocol: commands, responses, errors, status words); NUT developer guide, "Network
protocol information"; upsd 2.8.0, observed. Text lines that end with LF:

    LIST VAR kiosk                     VER
    BEGIN LIST VAR kiosk               ERR DATA-STALE
    VAR kiosk ups.status "OL CHRG"
    END LIST VAR kiosk

Values stand in double quotes; inside them a quote and a backslash have a backslash before them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from devices.contracts.device import Action, DeviceError, Fault, State
from devices.contracts.ups import Battery, Power, Replacement, Supply

PORT = 3493
MAX_LINE = 2_048  # upsd's own lines stay below 1024
MAX_VARIABLES = 1_000
_UPS_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_VAR = re.compile(r'VAR (\S+) (\S+) "((?:[^"\\]|\\.)*)"\Z')
_ESCAPED = re.compile(r"\\(.)")

# upsd knows no answer, though it is well itself: the UPS is unknown.
LOST = {
    "DATA-STALE": Fault("data-stale", Action.RESET, "the UPS daemon has heard nothing from the UPS lately"),
    "DRIVER-NOT-CONNECTED": Fault("driver-not-connected", Action.RESET, "the UPS daemon has no driver for the UPS"),
}
_REFUSALS = {
    "UNKNOWN-UPS": ("ups-unknown", "Name the UPS in the profile as /etc/nut/ups.conf does.", Action.CONFIGURE),
    "ACCESS-DENIED": ("access-denied", "Let this host read in upsd's configuration (LISTEN, ACL).", Action.CONFIGURE),
}


class Lost(DeviceError):
    """upsd says that it does not know how the UPS is (``data-stale``, ``driver-not-connected``)."""

    def __init__(self, fault: Fault) -> None:
        advice = "Check the UPS's cable, then the service nut-driver."
        super().__init__(fault.code, fault.detail, advice=advice, retryable=True, action=fault.action)


class Refused(DeviceError):
    """upsd refuses the question."""

    def __init__(self, word: str) -> None:
        code, advice, action = _REFUSALS.get(word, ("nut-error", "Look into upsd's log.", Action.RESET))
        message = f"the UPS daemon answers {printable(word)}"
        super().__init__(code, message, advice=advice, retryable=action is Action.RESET, action=action)


class BadLine(DeviceError):
    """What came is no answer of upsd's."""

    def __init__(self, detail: str) -> None:
        advice = "Check that the profile's address is upsd's (port 3493)."
        super().__init__("garbage", f"this is no answer of a UPS daemon: {detail}", advice=advice, retryable=True)


def printable(text: str) -> str:
    """A short form of what a peer sent, safe in a message."""
    return "".join(letter if " " < letter <= "~" else "?" for letter in text[:40])


def ups_name(name: str) -> str:
    """A name that cannot be anything but a name on the line. Raises BadLine's sibling ``profile``."""
    if not _UPS_NAME.fullmatch(name):
        advice = "Name the UPS in the profile as /etc/nut/ups.conf does."
        raise DeviceError(
            "profile", "the UPS's name is not one", advice=advice, retryable=False, action=Action.CONFIGURE
        )
    return name


def list_variables(ups: str) -> bytes:
    """Everything that upsd knows of a UPS."""
    return f"LIST VAR {ups}\n".encode("ascii")


def get_variable(ups: str, name: str) -> bytes:
    """One variable."""
    return f"GET VAR {ups} {name}\n".encode("ascii")


def decode_line(line: bytes) -> str:
    """One line without its end. Raises BadLine."""
    try:
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadLine("bytes that are no text") from error
    if not text.isprintable():
        raise BadLine("control characters")
    return text


def check_error(text: str) -> None:
    """Raises Lost or Refused where a line is an error (``ERR WORD …``)."""
    head, _, rest = text.partition(" ")
    if head == "ERR":
        word = rest.partition(" ")[0]
        raise Lost(LOST[word]) if word in LOST else Refused(word)


def decode_variable(text: str, ups: str) -> tuple[str, str]:
    """Name and value of a ``VAR`` line of this UPS. Raises BadLine."""
    match = _VAR.match(text)
    if match is None or match[1] != ups:
        raise BadLine(printable(text))
    return match[2], _ESCAPED.sub(r"\1", match[3])


def encode_variable(ups: str, name: str, value: str) -> bytes:
    """For twins and tests."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'VAR {ups} {name} "{escaped}"\n'.encode()


class ListDecoder:
    """Takes the lines of one ``LIST VAR`` answer into ``variables``."""

    def __init__(self, ups: str) -> None:
        self.variables: dict[str, str] = {}
        self._ups = ups
        self._begun = False
        self._lines = 0  # a variable that is told again and again is no end either

    def feed(self, line: bytes) -> bool:
        """Whether the list is whole. Raises Lost, Refused, BadLine."""
        text = decode_line(line)
        if not self._begun:
            check_error(text)
            if text != f"BEGIN LIST VAR {self._ups}":
                raise BadLine(printable(text))
            self._begun = True
            return False
        if text == f"END LIST VAR {self._ups}":
            return True
        name, value = decode_variable(text, self._ups)
        self.variables[name] = value
        self._lines += 1
        if self._lines > MAX_VARIABLES:
            raise BadLine("a list without end")
        return False


# ---- what it means ----


def power(variables: Mapping[str, str]) -> Power:
    """``ups.status`` and ``battery.*`` as a Power. Words that are not known change nothing.

    Neither OL nor OB, or both, is unknown; so is WAIT (the driver has only just begun).
    """
    words = frozenset(variables.get("ups.status", "").split())
    supply = {(True, False): Supply.ON_LINE, (False, True): Supply.ON_BATTERY}.get(
        ("OL" in words, "OB" in words), Supply.UNKNOWN
    )
    if "WAIT" in words or supply is Supply.UNKNOWN:
        return Power(why="status-unclear")
    return Power(
        supply,
        Battery.LOW if words & {"LB", "FSD"} else Battery.GOOD,
        Replacement.NEEDED if "RB" in words else Replacement.NOT_NEEDED,
        _number(variables.get("battery.charge"), 100),
        _number(variables.get("battery.runtime"), 10_000_000),
    )


def _number(text: str | None, most: int) -> int | None:
    """A figure as drivers write it (``87``, ``87.5``); None for anything else."""
    if text is None or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        return None
    value = int(text.partition(".")[0])
    return value if value <= most else None


UNCLEAR = Fault("status-unclear", Action.RESET, "the UPS says neither that it is on line nor that it is on battery")
ON_BATTERY = Fault("on-battery", Action.NONE, "the mains are gone, the UPS carries the terminal", blocking=False)
LOW = Fault("battery-low", Action.NONE, "the battery is nearly empty: the terminal ends visits and shuts down")
RECHARGING = Fault("battery-low-on-line", Action.NONE, "the mains are back, the battery is still low", blocking=False)
REPLACE = Fault("battery-replace", Action.REPLENISH, "the battery has to be replaced", blocking=False)
_OTHERS = {
    "OVER": Fault("overload", Action.CALL_TECHNICIAN, "more is connected than the UPS can carry", blocking=False),
    "BYPASS": Fault("bypass", Action.CALL_TECHNICIAN, "the UPS passes the mains on: no battery helps", blocking=False),
    "OFF": Fault("output-off", Action.CALL_TECHNICIAN, "the UPS gives no power"),
    "ALARM": Fault("ups-alarm", Action.CALL_TECHNICIAN, "the UPS has an alarm of its own", blocking=False),
}


def judge(now: Power, variables: Mapping[str, str]) -> tuple[State, tuple[Fault, ...]]:
    """State and faults, blocking ones first."""
    if now.supply is Supply.UNKNOWN:
        return State.UNKNOWN, (UNCLEAR,)
    words = variables.get("ups.status", "").split()
    faults = [fault for word, fault in _OTHERS.items() if word in words]
    if now.replacement is Replacement.NEEDED:
        faults.append(REPLACE)
    if now.supply is Supply.ON_BATTERY:
        faults.append(ON_BATTERY)
    if now.battery is Battery.LOW:
        faults.append(LOW if now.critical or "FSD" in words else RECHARGING)
    return State.ONLINE, tuple(sorted(faults, key=lambda fault: not fault.blocking))
