"""A simulated card: an applet that answers APDUs, in a slot where it can be pulled, fall silent or go wrong on command.

The applet is any object with ``answer(apdu: bytes) -> bytes``; it may have ``atr`` (bytes) and ``reset()``. What can go
wrong with any card is here, once, for a card on vpcd's wire (``vpcd``) and for one in this process (``applet_slot``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from devices.simulators.twin import Json, UnknownAction

DEFAULT_ATR = bytes.fromhex("3B80800101")  # T=0 and T=1, nothing else to say
FAILED = b"\x6f\x00"  # no precise diagnosis


class Applet(Protocol):
    """What a card runs. ``atr`` and ``reset`` are taken where they are there."""

    def answer(self, apdu: bytes) -> bytes: ...


class Pulled(Exception):
    """The card left at this very command."""


@dataclass(slots=True)
class Plan:
    """What goes wrong, until ``ok``. Commands are counted from the moment of arming, the next one being 0."""

    pull_at: int | None = None
    mute_at: int | None = None
    seconds: float = 0.0
    answer: bytes = b""  # in place of the applet's
    ins: int | None = None  # of that command alone
    times: int = 0  # so many answers; 0 for all


class SimulatedCard:
    """One slot's card. ``changed`` is notified at every change; actions may come from any thread."""

    def __init__(self, applet: Applet, *, inserted: bool = True) -> None:
        self.applet = applet
        self.changed = threading.Condition()
        self.inserted = inserted
        self.changes = 1 if inserted else 0  # cards put in and taken out
        self.commands = 0
        self._plan = Plan()
        self._seen = 0
        self._actions: dict[str, Callable[[Mapping[str, Json]], None]] = {
            "insert": lambda _: self._put(True),
            "pull": lambda _: self._put(False),
            "pull-at-apdu": lambda a: self._arm(Plan(pull_at=_number(a, "n", 0))),
            "mute": lambda a: self._arm(Plan(mute_at=_number(a, "n", 0))),
            "slow": lambda a: self._arm(Plan(seconds=_number(a, "milliseconds", 300) / 1000)),
            "wrong-status": lambda a: self._arm(self._wrong(a, "6F00")),
            "short-answer": lambda a: self._arm(self._wrong(a, "90")),
            "ok": lambda _: self._arm(Plan()),
        }

    @property
    def atr(self) -> bytes:
        return bytes(getattr(self.applet, "atr", DEFAULT_ATR))

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(self._actions)

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """``insert``, ``pull``, ``pull-at-apdu`` n=, ``mute`` n=, ``slow`` milliseconds=, ``wrong-status`` sw= ins=
        times=, ``short-answer`` ins= times=, ``ok``."""
        if action not in self._actions:
            raise UnknownAction(f"there is no action {action!r}; there are {', '.join(self._actions)}")
        self._actions[action](arguments)

    def state(self) -> dict[str, Json]:
        return {"inserted": self.inserted, "atr": self.atr.hex(), "commands": self.commands, "fault": self._fault()}

    def reset(self) -> None:
        """Power up, or a warm reset: whatever had been verified is forgotten."""
        reset = getattr(self.applet, "reset", None)
        if reset is not None:
            reset()

    def reply(self, apdu: bytes) -> bytes | None:
        """The answer to a command, after the time it takes; None where the card stays silent. Raises Pulled."""
        with self.changed:
            self.commands += 1
            number, self._seen = self._seen, self._seen + 1
            plan = self._plan
            if plan.pull_at is not None and number >= plan.pull_at:
                self._plan = Plan()
                self._set(False)
                raise Pulled
            if plan.mute_at is not None and number >= plan.mute_at:
                return None
            if plan.seconds:
                self.changed.wait_for(lambda: not self.inserted or self._plan is not plan, plan.seconds)
            if not self.inserted:
                raise Pulled
            wrong = self._wrong_now(plan, apdu)
        return wrong or self._asked(apdu)

    def _asked(self, apdu: bytes) -> bytes:
        try:
            return self.applet.answer(apdu)
        except (LookupError, ValueError, ArithmeticError):  # a card that is sent nonsense does not end the twin
            return FAILED

    def _wrong_now(self, plan: Plan, apdu: bytes) -> bytes:
        if not plan.answer or (plan.ins is not None and apdu[1:2] != bytes([plan.ins])):
            return b""
        if plan.times == 1:
            self._plan = Plan()
        plan.times -= 1 if plan.times else 0
        return plan.answer

    def _put(self, inserted: bool) -> None:
        with self.changed:
            self._set(inserted)

    def _set(self, inserted: bool) -> None:
        if inserted != self.inserted:
            self.inserted = inserted
            self.changes += 1
        self.changed.notify_all()

    def _arm(self, plan: Plan) -> None:
        with self.changed:
            self._plan, self._seen = plan, 0
            self.changed.notify_all()

    def _wrong(self, arguments: Mapping[str, Json], default: str) -> Plan:
        try:
            answer = bytes.fromhex(str(arguments.get("sw", default)))
        except ValueError as error:
            raise UnknownAction("sw must be hexadecimal, as 6F00") from error
        ins = _number(arguments, "ins", -1)
        return Plan(answer=answer, ins=None if ins < 0 else ins, times=_number(arguments, "times", 1))

    def _fault(self) -> str | None:
        plan = self._plan
        armed = {
            "pull-at-apdu": plan.pull_at is not None,
            "mute": plan.mute_at is not None,
            "slow": bool(plan.seconds),
            "wrong-status": bool(plan.answer),
        }
        return next((name for name, is_armed in armed.items() if is_armed), None)


def make_applet(factory: str, options: Mapping[str, Any] | None = None) -> Applet:
    """An applet from ``module:callable`` and its keyword arguments. UnknownAction says what is wrong with them."""
    module, _, name = factory.partition(":")
    try:
        applet: Applet = getattr(import_module(module), name)(**(options or {}))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UnknownAction(f"no card can be made by {factory!r}: {error}") from error
    return applet


def _number(arguments: Mapping[str, Json], key: str, default: int) -> int:
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnknownAction(f"{key} must be a whole number")
    return value
