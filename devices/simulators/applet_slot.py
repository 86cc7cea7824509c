"""A slot in this process: a CardSlot straight over an applet, for tests and demonstrations without pcscd.

It fails in the ways in which a real reader fails, under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.smart_card import Response, SmartCard
from devices.simulators.card import Applet, Pulled, SimulatedCard
from devices.simulators.twin import Json
from devices.transports import apdu
from devices.transports.pcsc_errors import PcscdGone, ReaderMissing
from devices.transports.slot import CardMute, CardPulled, Look
from devices.transports.stream import Unplugged


class AppletSlot:
    """``act`` takes the actions of ``SimulatedCard`` and ``unplug``, ``daemon-gone``, ``replug`` of the reader."""

    def __init__(self, applet: Applet, *, inserted: bool = True, port: str = "Applet 00 00") -> None:
        self.card = SimulatedCard(applet, inserted=inserted)
        self._port = port
        self._open = False
        self._trouble = ""

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._open

    def act(self, action: str, arguments: Mapping[str, Json] | None = None) -> None:
        if action in ("unplug", "daemon-gone", "replug"):
            with self.card.changed:
                self._trouble = "" if action == "replug" else action
                self._open = self._open and action == "replug"
                self.card.changed.notify_all()
        else:
            self.card.act(action, arguments or {})

    def open(self, deadline: Deadline) -> None:
        if self._trouble:
            raise PcscdGone() if self._trouble == "daemon-gone" else ReaderMissing(self._port)
        self._open = True

    def close(self) -> None:
        self._open = False

    def look(self, deadline: Deadline, known: Look | None = None) -> Look:
        with self.card.changed:
            if known is not None:
                self.card.changed.wait_for(lambda: self._trouble or self._now() != known, deadline.remaining())
            self._check()
            return self._now()

    def power(self, deadline: Deadline) -> _AppletChannel | None:
        self._check()
        if not self.card.inserted:
            return None
        self.card.reset()
        return _AppletChannel(self)

    def release(self) -> None:
        self.card.reset()

    def exchange(self, command: bytes, changes: int, deadline: Deadline) -> bytes:
        """What a card that was powered when there had been so many changes answers."""
        self._check()
        if self.card.changes != changes:
            raise CardPulled(self._port)
        if deadline.expired:
            raise CardMute(self._port)
        try:
            answer = self.card.reply(command)
        except Pulled:
            raise CardPulled(self._port) from None
        self._check()
        if answer is None:
            with self.card.changed:
                self.card.changed.wait_for(lambda: self.card.changes != changes or self._trouble, deadline.remaining())
            self._check()
            raise CardMute(self._port) if self.card.changes == changes else CardPulled(self._port)
        return answer

    def _check(self) -> None:
        if self._trouble == "daemon-gone":
            raise PcscdGone()
        if self._trouble or not self._open:
            raise Unplugged(self._port)

    def _now(self) -> Look:
        here = self.card.inserted
        return Look(here, self.card.atr if here else b"", self.card.changes)


class _AppletChannel:
    def __init__(self, slot: AppletSlot) -> None:
        self._slot = slot
        self._changes = slot.card.changes
        self._atr = slot.card.atr

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def character_wise(self) -> bool:
        return False

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        return self._slot.exchange(command, self._changes, deadline)


class _Card:
    def __init__(self, channel: _AppletChannel) -> None:
        self._channel = channel
        self.selections = 0

    @property
    def atr(self) -> bytes:
        return self._channel.atr

    def transmit(self, command: bytes, deadline: Deadline) -> Response:
        self.selections += apdu.is_select(command)
        return apdu.follow(self._channel, command, deadline)


def card_over(applet: Applet) -> SmartCard:
    """A powered SmartCard straight over an applet."""
    slot = AppletSlot(applet)
    slot.open(Deadline.after(1))
    slot.card.reset()
    return _Card(_AppletChannel(slot))
