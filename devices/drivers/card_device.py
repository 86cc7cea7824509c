"""What drivers of one kind of card have in common: they are a SmartCardReader with one more idea about its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Level, Status, TestResult
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import Response, SmartCard, SmartCardReader

_NO_SUCH_APPLICATION = frozenset({0x6A82, 0x6A81, 0x6A86, 0x6D00, 0x6E00, 0x6999})


class WrongCard(DeviceError):
    """The card in the slot is of another kind."""

    def __init__(self, wanted: str, sw: int) -> None:
        super().__init__(
            "wrong-card",
            f"this is no {wanted} ({sw:04X})",
            advice=f"Put in a {wanted}, or use another way.",
            retryable=False,
            action=Action.NONE,
        )


class Refused(DeviceError):
    """The card answered a command with a status word that is no success."""

    def __init__(self, what: str, sw: int) -> None:
        super().__init__(
            "card-refused",
            f"the card refused {what} ({sw:04X})",
            advice="Put the card in again; if it stays so, the card has to be looked at by its issuer.",
            retryable=True,
        )
        self.sw = sw


class CardDevice:
    """The Device methods, by way of ``slot``; a subclass gives ``kind``, ``driver`` and what it does with a card.

    The slot is a device of its own, on which others may be too: whoever made it opens and closes it. Opening this one
    is a look at the slot (which opens itself where it has to, and lets no card in), closing it lets go of the card.
    """

    kind = ""
    driver = ""

    def __init__(self, slot: SmartCardReader) -> None:
        self._slot = slot
        self._counts: Counter[str] = Counter()

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo(self.kind, self.driver, self._slot.info.port, model=self._slot.info.model)

    def open(self, deadline: Deadline) -> None:
        self._slot.poll(deadline)

    def close(self) -> None:
        self.disconnect()

    def poll(self, deadline: Deadline) -> Status:
        return self._slot.poll(deadline)

    def reset(self, deadline: Deadline) -> None:
        """Take the card's power, and see whether the slot is well."""
        self.disconnect()
        self._slot.poll(deadline)

    def statistics(self) -> Mapping[str, int]:
        """The slot's counts, and this driver's own."""
        return {**self._slot.statistics(), **self._counts}

    def present(self, deadline: Deadline) -> bool:
        return self._slot.present(deadline)

    def admit(self, deadline: Deadline) -> None:
        self._slot.admit(deadline)

    def dismiss(self, deadline: Deadline) -> None:
        self.disconnect()
        self._slot.dismiss(deadline)

    def disconnect(self) -> None:
        self._slot.disconnect()

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """The slot's test; where it found a card, whether it is one of ours."""
        result = self._slot.self_test(level, deadline)
        if level is Level.INTERNAL or result.passed is not True:
            return result
        try:
            found = self._examine(deadline)
        except DeviceError as error:
            return TestResult(level, False if level is Level.INTERACTIVE else None, f"{result.report}; {error}")
        return TestResult(level, True, f"{result.report}; {found}")

    def _examine(self, deadline: Deadline) -> str:
        """Look at the card without anything personal: what it is, in a few words. Raises DeviceError."""
        raise NotImplementedError

    def _connected(self, deadline: Deadline) -> SmartCard | NoCard:
        return self._slot.connect(deadline)

    def _select(self, card: SmartCard, command: bytes, wanted: str, deadline: Deadline) -> Response:
        """SELECT of the application; WrongCard where the card has none of that name, or no applications at all."""
        answer = card.transmit(command, deadline)
        if answer.sw in _NO_SUCH_APPLICATION:
            raise WrongCard(wanted, answer.sw)
        if not answer.ok:
            raise Refused(f"to be a {wanted}", answer.sw)
        return answer
