"""What goes wrong with a simulated chip: pulled, mute, slow, an answer with a wrong MAC or cut off in the middle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.simulators.card import Pulled
from devices.simulators.twin import Json, UnknownAction

NAMES = ("wrong-mac", "torn", "pulled", "mute", "slow")


class CardPulled(Pulled):
    """The card left the field; it says nothing more until ``ok``."""


class CardMute(Exception):
    """The card lies there and does not answer."""


@dataclass(slots=True)
class _Armed:
    name: str
    at: int
    times: int  # 0: until ok
    seconds: float


class Faults:
    """At most one fault is armed. ``before`` and ``after`` are called once for each APDU."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._armed: _Armed | None = None
        self._due = False

    @property
    def name(self) -> str | None:
        return self._armed.name if self._armed else None

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        if action == "ok":
            self._armed = None
            return
        if action not in NAMES:
            raise UnknownAction(f"a chip has no action {action!r}; it has {', '.join(NAMES)}, ok")
        at, times = _whole(arguments, "at", 0), _whole(arguments, "times", 0 if action in ("pulled", "mute") else 1)
        seconds = arguments.get("seconds", 1.0)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise UnknownAction("seconds must be a number, 0 or more")
        self._armed = _Armed(action, at, times, float(seconds))

    def before(self) -> None:
        """Pulled, mute and slow; raises CardPulled or CardMute."""
        armed, self._due = self._armed, False
        if armed is None:
            return
        if armed.at > 0:
            armed.at -= 1
            return
        self._due = True
        if armed.name in ("wrong-mac", "torn"):
            return  # these wait for a protected answer
        self._spend()
        if armed.name == "pulled":
            raise CardPulled
        if armed.name == "mute":
            raise CardMute
        self._sleep(armed.seconds)

    def after(self, reply: bytes, protected: bool) -> bytes:
        """A protected answer with a wrong MAC, or without its second half (the status word still comes)."""
        armed = self._armed
        if armed is None or not self._due or not protected or armed.name not in ("wrong-mac", "torn"):
            return reply
        self._spend()
        if armed.name == "torn":
            return reply[: (len(reply) - 2) // 2] + reply[-2:]
        return reply[:-3] + bytes([reply[-3] ^ 0x5A]) + reply[-2:]  # the last byte of the MAC

    def _spend(self) -> None:
        if self._armed is not None and self._armed.times:
            self._armed.times -= 1
            if not self._armed.times:
                self._armed = None


def _whole(arguments: Mapping[str, Json], key: str, default: int) -> int:
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownAction(f"{key} must be a whole number, 0 or more")
    return value
