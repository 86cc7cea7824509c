"""One slot of a PC/SC reader: a SmartCardReader.

The card is held exclusively while it is connected: what a card has been told by PIN must not serve another program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult, Watch
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import Response
from devices.drivers.pcsc import protocol
from devices.transports import apdu
from devices.transports.pcsc import PcscSlot
from devices.transports.pcsc_monitor import Monitor
from devices.transports.slot import REINSERT, CardChannel, CardSlot, Look
from devices.transports.worker import left_behind

KEEP = 0.1  # seconds of an interactive test kept back for powering the card


class _Nothing:
    def start(self) -> None: ...

    def stop(self, deadline: Deadline) -> bool:
        return True


class PcscReader:
    """``port`` is the reader's name in pcscd, its beginning, or empty for the only one; ``slot`` replaces it (capture,
    replay, twin)."""

    def __init__(self, port: str = "", *, slot: CardSlot | None = None) -> None:
        self._slot = slot or PcscSlot(port)
        self._card: Card | None = None
        self._mute_at: int | None = None  # count of changes at which a card fell silent: until the next one it is mute
        self._counts: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("card_reader", "pcsc", self._slot.port, model=self._slot.port)

    @property
    def capabilities(self) -> Mapping[str, str]:
        return {"protocols": "T=0 T=1", "share": "exclusive"}

    def watch(self, changed: Callable[[], None]) -> Watch:
        """Cards, reader and pcscd as they come and go; a slot that is not pcscd's has nothing to tell."""
        return Monitor(self._slot.port, lambda _: changed()) if isinstance(self._slot, PcscSlot) else _Nothing()

    def open(self, deadline: Deadline) -> None:
        """Reach pcscd and find the reader. A card that lies there is not touched."""
        self._forget()
        self._slot.open(deadline)

    def close(self) -> None:
        self._forget()
        self._slot.close()

    def poll(self, deadline: Deadline) -> Status:
        """Asks pcscd. A card that cannot be used is a fault of the slot until it has been taken out."""
        look = self._look(deadline)
        if self._card is not None and (not look.present or look.changes != self._card.changes):
            self.disconnect()  # a dead handle too would keep other programs out
        card = "present" if look.present else "none"
        return Status(State.ONLINE, self._faults(look), details={"reader": self._slot.port, "card": card})

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """Internal: pcscd and the reader answer. External: and the card, where one is. Interactive: waits for one."""
        look = self._look(deadline)
        report = f"pcscd answers, reader {self._slot.port} is there"
        if level is Level.INTERNAL:
            return TestResult(level, True, report)
        if level is Level.INTERACTIVE and not look.present:
            look = self._slot.look(Deadline(deadline.at - KEEP), look)
        if not look.present:
            return TestResult(level, False if level is Level.INTERACTIVE else None, f"{report}; no card was put in")
        card = self.connect(deadline)
        if isinstance(card, NoCard):
            return TestResult(level, None, f"{report}; the card was taken out again")
        atr = protocol.parse_atr(card.atr)
        return TestResult(level, True, f"{report}; a card speaks T={atr.protocols[0]}")

    def reset(self, deadline: Deadline) -> None:
        """Take the card's power and reach pcscd anew."""
        self.open(deadline)  # closes what is open

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: cards, apdus, one per error code; and calls into pcscd that have not come back yet."""
        return {**self._counts, "left_behind": left_behind()}

    # ---- SmartCardReader ----

    def present(self, deadline: Deadline) -> bool:
        return self._look(deadline).present

    def admit(self, deadline: Deadline) -> None:
        """Nothing to do: the slot is open to everybody, as are those that PC/SC knows."""

    def dismiss(self, deadline: Deadline) -> None:
        """Let go of the card; whoever put it in takes it out."""
        self.disconnect()

    def connect(self, deadline: Deadline) -> Card | NoCard:
        look = self._look(deadline)
        card = self._card
        if card is not None and card.alive and look.present and look.changes == card.changes:
            return card
        if not look.present:
            self.disconnect()
            return NoCard()
        self._forget()  # powering lets go of it
        try:
            channel = self._slot.power(deadline)
        except DeviceError as error:
            raise self._failed(error, look.changes) from None
        if channel is None:
            return NoCard()
        self._counts["cards"] += 1
        self._card = Card(self, channel, look.changes)
        return self._card

    def disconnect(self) -> None:
        if self._card is not None:
            self._forget()
            self._slot.release()

    # ---- for Card ----

    def exchange(self, card: Card, command: bytes, deadline: Deadline) -> Response:
        self._counts["apdus"] += 1
        card.selections += apdu.is_select(command)
        try:
            return apdu.follow(card.channel, command, deadline)
        except DeviceError as error:
            card.alive = False
            raise self._failed(error, card.changes) from None

    def _failed(self, error: DeviceError, changes: int) -> DeviceError:
        self._counts[error.code] += 1
        if error.code in ("card-mute", "pcscd-gone", "unplugged"):  # a new pcscd counts from the beginning
            self._mute_at = changes if error.code == "card-mute" else None
        return error

    def _look(self, deadline: Deadline) -> Look:
        try:
            if not self._slot.is_open:
                self._forget()
                self._slot.open(deadline)
            return self._slot.look(deadline)
        except DeviceError as error:
            self._forget()
            self._slot.close()
            raise self._failed(error, -1) from None

    def _faults(self, look: Look) -> tuple[Fault, ...]:
        if self._mute_at is not None and (not look.present or look.changes != self._mute_at):
            self._mute_at = None
        if look.present and (look.mute or self._mute_at is not None):
            return (Fault("card-mute", Action.CLEAR, f"the card does not answer. {REINSERT}"),)
        if look.held and self._card is None:
            return (Fault("port-busy", Action.CLEAR, "another program holds the card"),)
        return ()

    def _forget(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.alive = False


class Card:
    """A SmartCard: powered, and held by this program alone."""

    def __init__(self, reader: PcscReader, channel: CardChannel, changes: int) -> None:
        self._reader = reader
        self.channel = channel
        self.changes = changes  # of the slot when it was powered
        self.selections = 0
        self.alive = True

    @property
    def atr(self) -> bytes:
        return self.channel.atr

    def transmit(self, apdu: bytes, deadline: Deadline) -> Response:
        """Raises DeviceError; after that this card is dead: ``connect`` gives a new one."""
        if not self.alive:
            raise self.gone()
        return self._reader.exchange(self, apdu, deadline)

    def gone(self) -> DeviceError:
        message = "this card is not connected any more"
        return DeviceError("card-pulled", message, advice=REINSERT, retryable=True, action=Action.NONE)
