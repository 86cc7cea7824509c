"""The slot for smart cards: admitted, given back, kept; and what lies in it, told to the visit.

It may be a field that anybody can lay a card on (PC/SC), or a motor that takes cards in (XFS4IoT). What lies there is
read off the device's own heartbeat: nobody waits for a hand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from typing import Any, Protocol, runtime_checkable

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State, Status
from devices.contracts.smart_card import SmartCardReader
from devices.contracts.staff_card import StaffCard, StaffCardReader
from kiosk.counter.actors import Actor
from kiosk.counter.owed import Owed
from kiosk.visit.events import OtherCardSeen, SlotChanged, StaffCardGone, StaffCardSeen
from kiosk.visit.ports import Post

SLOT = "card_reader"
STAFF = "staff_card"
RIDERS = ("social_card", "travel_document", STAFF)
"""Devices that use the card in the slot, and may hold on to it."""

ADMIT_SECONDS, DISMISS_SECONDS, LET_GO_SECONDS, KEEP_SECONDS = 5.0, 8.0, 2.0, 15.0
LOOK_SECONDS = 2.0


@runtime_checkable
class Keeper(Protocol):
    """A reader with a motor and a bin for cards that nobody took."""

    def poll(self, deadline: Deadline) -> Status: ...

    def retain(self, deadline: Deadline) -> None: ...


class SlotDesk:
    """Without a slot it does nothing. ``kept`` is told when a card was retained. ``start`` runs a job that waits: to
    look whose card was laid in; without it nobody looks. No method waits but ``settle`` and ``staff_card_lies``.
    """

    def __init__(
        self,
        actors: Mapping[str, Actor],
        post: Post,
        kept: Callable[[], None],
        crashed: Callable[[BaseException], None],
        start: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        self._post, self._kept_one, self._start = post, kept, start
        self._lock = threading.Lock()
        self._admitting = self._well = False
        self._told = ""
        self._staffs = False  # what lies inside was told as a staff card
        self._looks, self._gives_back = 0, False  # looks under way; whether the card is given back after them
        self._looked = threading.Event()  # none is
        self._looked.set()
        self._end: Callable[[], None] = lambda: None
        self._slot, self._staff = actors.get(SLOT), actors.get(STAFF)
        if self._slot is None:
            return
        self._admit = Owed(self._slot, _admit, ADMIT_SECONDS, crashed)
        self._dismiss = Owed(self._slot, _dismiss, DISMISS_SECONDS, crashed)
        self._keep = Owed(self._slot, self._retain, KEEP_SECONDS, crashed)
        self._let_go = [
            Owed(actors[rider], lambda device, deadline: device.disconnect(), LET_GO_SECONDS, crashed)
            for rider in RIDERS
            if rider in actors
        ]

    def listen(self) -> None:
        """Tell what lies there now, and every change. Called again it changes nothing."""
        if self._slot is None:
            return
        self._end()
        self._end = self._slot.subscribe(self._status_changed)
        self._status_changed(self._slot.status)

    def close(self) -> None:
        self._end()

    def admit(self) -> None:
        """Let a card in, until ``dismiss``."""
        if self._slot is None:
            return
        self._admitting = True
        with self._lock:
            self._gives_back = False
        self._dismiss.call_off()
        self._keep.call_off()
        self._admit.ask()
        self._slot.refresh()

    def dismiss(self) -> None:
        """Let none in any more; who has one gets it back, whatever a program that crashed had begun with it. One that
        was just laid in is asked first whose it is.
        """
        if self._slot is None:
            return
        self._admitting = False
        self._admit.call_off()
        with self._lock:
            self._gives_back = self._looks > 0
            if self._gives_back:
                return
        self._give_back()

    def _give_back(self) -> None:
        if self._slot is None:
            return
        for rider in self._let_go:
            rider.ask()
        self._dismiss.ask()
        self._slot.refresh()

    def keep(self) -> None:
        """Take in the card that was given back and not taken, where the reader can."""
        if self._slot is not None:
            self._keep.ask()

    def settle(self, seconds: float) -> None:
        """Return when the last dismissal has ended."""
        if self._slot is not None:
            self._looked.wait(seconds)
            self._dismiss.settle(seconds)

    def staff_card_lies(self) -> bool:
        """Whether a staff card lies in the slot now, whoever's; False where nobody can say. Waits LOOK_SECONDS."""
        if self._slot is None or self._staff is None or self._told != "inside":
            return False
        try:
            return self._staff.submit(_is_staffs, LOOK_SECONDS).result(LOOK_SECONDS + 1)
        except (DeviceError, TimeoutError, CancelledError):  # another kind of card among them
            return False

    def _retain(self, reader: Any, deadline: Deadline) -> None:
        if not isinstance(reader, Keeper) or not lies(reader.poll(deadline), admitting=False):
            return  # it was taken in the last moment
        reader.retain(deadline)
        self._tell("kept")
        self._kept_one()

    def _status_changed(self, status: Status) -> None:
        was, self._well = self._well, status.state in (State.ONLINE, State.DEVICE_BUSY)
        if not self._well:  # it knows nothing of cards
            return
        self._tell(lies(status, admitting=self._admitting))
        if not was and self._admitting:  # what it was told before it was lost it has forgotten
            self._admit.ask()

    def _tell(self, slot: str) -> None:
        """A card that was laid in is told when it is known whose it is: a citizen sees nothing of a staff card, and on
        the identify page it is given back before it could be asked. One that was given back is still of staff.
        """
        with self._lock:
            if slot == self._told or (slot == "" and self._told == "kept"):  # kept until another card is seen
                return
            self._told = slot
            looks = slot == "inside" and self._staff is not None and self._start is not None
            if looks:
                self._looks += 1
                self._looked.clear()
            else:
                self._post(SlotChanged(slot))
            if self._staffs and slot != "offered":
                self._staffs = False
                self._post(StaffCardGone())
        if looks and self._start is not None:
            self._start(self._look)

    def _look(self) -> None:
        """Whose card was laid in: of staff, who ask to be let in, or another."""
        staffs = self.staff_card_lies()
        with self._lock:
            if self._told == "inside" and not self._staffs:
                self._staffs = staffs
                self._post(StaffCardSeen() if staffs else OtherCardSeen())
                self._post(SlotChanged("inside"))
            self._looks -= 1
            gives_back = self._gives_back and not self._looks
            self._gives_back = self._gives_back and not gives_back
        if gives_back:
            self._give_back()
        if not self._looks:
            self._looked.set()


def lies(status: Status, *, admitting: bool) -> str:
    """What the slot holds: "" (nothing), ``inside``, or ``offered`` (at its mouth, and not because it is put in)."""
    if status.details.get("media") == "entering":
        return "" if admitting else "offered"
    return "inside" if status.details.get("card") == "present" else ""


def _is_staffs(reader: StaffCardReader, deadline: Deadline) -> bool:
    return isinstance(reader.identify(deadline), StaffCard)


def _admit(reader: SmartCardReader, deadline: Deadline) -> None:
    reader.admit(deadline)


def _dismiss(reader: SmartCardReader, deadline: Deadline) -> None:
    reader.dismiss(deadline)
