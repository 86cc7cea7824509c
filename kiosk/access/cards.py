"""Staff cards and their PINs: whose card it is, that it is no copy, and that its owner stands here.

The list names the certificates that count, by their SHA-256, one line each; for every card two of them:

    [cards]
    "3f09…" = { number = "0417", role = "technician" }   # key 9E, which signs without a PIN
    "a1c4…" = { number = "0417", role = "technician" }   # key 9A, which signs only after the PIN

Before the PIN the card proves itself with 9E: no PIN goes to a card that has not. After it the card proves itself with
9A, and only a card that has itself accepted a PIN since it was powered can do that. So whoever holds another's card and
one of their own cannot let the one prove and the other take the PIN, however quick they change them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import NoCard
from devices.contracts.staff_card import (
    Copied,
    Genuine,
    PinAccepted,
    PinBlocked,
    PinWrong,
    Proof,
    StaffCardReader,
)
from kiosk.access.roles import Role
from kiosk.access.staff_code import NUMBER

CURE = (
    "Print a card's two certificates: python -m devices.drivers.staff_card read, and again with --ask-pin; "
    "or leave access.staff_cards_file out: no staff cards."
)
PIN_KEY = "9A"
_WORDS = {"wrong-card": "wrong-card", "card-pulled": "pulled"}  # of DeviceErrors; any other is the reader's
_PIN = re.compile(r"[0-9]{6,8}", re.ASCII)
_CERTIFICATE = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff, as this terminal knows them."""

    number: str
    role: Role


Cards = Mapping[str, Member]
"""By the SHA-256 of the certificate, 64 lower-case hexadecimal digits."""


def parse_cards(text: str) -> dict[str, Member]:
    """The list. Raises ValueError that says which line is wrong, and how."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not valid TOML: {error}") from None
    if set(table) != {"cards"} or not isinstance(table["cards"], dict) or not table["cards"]:
        raise ValueError("it holds no table [cards], or something beside it")
    found: dict[str, Member] = {}
    for certificate, line in table["cards"].items():
        name = certificate.lower()
        if not _CERTIFICATE.fullmatch(certificate):
            raise ValueError(f"{certificate[:16]!r} is no SHA-256 of a certificate: 64 hexadecimal digits")
        if name in found:
            raise ValueError(f"{name[:16]}… stands there twice")
        found[name] = _member(name, line)
    for number in {member.number for member in found.values()}:
        roles = [member.role for member in found.values() if member.number == number]
        if len(roles) < 2:
            raise ValueError(f"of {number} there is one certificate: a card has two lines, of key 9E and of key 9A")
        if len(set(roles)) > 1:
            raise ValueError(f"{number} stands there with more than one role")
    return found


def _member(name: str, line: object) -> Member:
    if not isinstance(line, dict) or set(line) != {"number", "role"}:
        raise ValueError(f'{name[:16]}…: write {{ number = "0417", role = "technician" }}')
    number, role = line["number"], line["role"]
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise ValueError(f"{name[:16]}…: a number of staff has 2 to 6 digits, in quotation marks")
    if role not in {each.value for each in Role}:
        raise ValueError(f"{name[:16]}…: the role is one of {', '.join(each.value for each in Role)}")
    return Member(number, Role(role))


def read_cards(file: Path) -> dict[str, Member]:
    """The list in a file. Raises OSError, or ValueError that says what is wrong with it."""
    return parse_cards(file.read_bytes().decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class NotProved:
    """``reason``: a word of kiosk.access.entry.REASONS. ``who``: whose card it is, where that was proved."""

    reason: str
    who: str = ""
    card_tries: int | None = None


class CardCheck:
    """One card in the slot, asked step by step; every step can find that it was pulled. One thread.

    ``count`` is told whose card it is before its PIN is sent: NotProved where none may be tried now.
    """

    def __init__(self, cards: Cards, today: date, count: Callable[[Member], NotProved | None]) -> None:
        self._cards, self._today, self._count = cards, today, count

    def check(self, pin: str, device: StaffCardReader, deadline: Deadline) -> Member | NotProved:
        """Whose card it is, if it is genuine and has accepted the PIN. The device lets go of it afterwards."""
        try:
            return self._check(pin, device, deadline)
        except _Pulled:
            return NotProved("pulled")
        except DeviceError as error:
            return NotProved(_WORDS.get(error.code, "reader-failed"))
        finally:
            device.disconnect()

    def _check(self, pin: str, device: StaffCardReader, deadline: Deadline) -> Member | NotProved:
        if isinstance(device.identify(deadline), NoCard):  # a card of another kind says so here
            return NotProved("no-card")
        member = self._proved(_proof(device, deadline))
        if isinstance(member, NotProved):
            return member
        if not _PIN.fullmatch(pin):
            return NotProved("malformed-pin", member.number)
        tries = device.tries_left(deadline)
        if isinstance(tries, NoCard):
            raise _Pulled
        if tries == 0:
            return NotProved("blocked-card", member.number, 0)
        if (refused := self._count(member)) is not None:
            return refused
        accepted = self._accepted(pin, member, tries, device, deadline)
        if accepted is not None:
            return accepted
        again = _proof(device, deadline)
        confirmed = self._proved(again)
        if isinstance(confirmed, NotProved) or confirmed != member:
            return NotProved("another-card", member.number)
        # with another key it would be a card that somebody put in after the PIN, or one that cannot tell us
        return member if again.card.key == PIN_KEY else NotProved("unproven-card", member.number)

    def _proved(self, proof: Proof) -> Member | NotProved:
        if isinstance(proof, Copied):
            return NotProved("copied-card")
        if not isinstance(proof, Genuine):
            return NotProved("unproven-card")
        member = self._cards.get(proof.card.certificate.lower())
        if member is None:
            return NotProved("unknown-card")
        return NotProved("expired-card", member.number) if proof.card.expired(self._today) else member

    def _accepted(
        self, pin: str, member: Member, tries: int | None, device: StaffCardReader, deadline: Deadline
    ) -> NotProved | None:
        """None where the card has taken the PIN. Sent once, whatever becomes of the answer."""
        try:
            outcome = device.verify_pin(pin, deadline)
        except DeviceError as error:
            word = _WORDS.get(error.code, "reader-failed")
            return NotProved(word, member.number, None if word == "pulled" else _left(device, deadline))
        if isinstance(outcome, NoCard):
            raise _Pulled
        if isinstance(outcome, PinAccepted):
            return None
        if isinstance(outcome, PinWrong):
            return NotProved("wrong-pin", member.number, outcome.tries_left)
        if isinstance(outcome, PinBlocked):
            return NotProved("blocked-card", member.number, 0)
        return NotProved("malformed-pin", member.number, tries)


class _Pulled(Exception):
    """The card that was there is gone."""


def _proof(device: StaffCardReader, deadline: Deadline) -> Proof:
    found = device.prove(deadline)
    if isinstance(found, NoCard):
        raise _Pulled
    return found


def _left(device: StaffCardReader, deadline: Deadline) -> int | None:
    """What became of a PIN whose answer was lost, as far as the card still says."""
    try:
        found = device.tries_left(deadline)
    except DeviceError:
        return None
    return None if isinstance(found, NoCard) else found
