"""Staff cards at the entry: the list, every step at which a card can be pulled, changed or found wanting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault
from devices.contracts.identity import NoCard
from devices.contracts.staff_card import (
    Copied,
    Genuine,
    PinAccepted,
    PinBlocked,
    PinMalformed,
    PinWrong,
    StaffCard,
    StaffCardReader,
    Unproven,
)
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.staff_card.driver import StaffCardSlot
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.applets import piv, social_security
from kiosk.access import unlocking
from kiosk.access.cards import Cards, Member, parse_cards, read_cards
from kiosk.access.entry import Entered, Refused
from kiosk.access.roles import Role
from tests.unit.access_room import PowerCut, Terminal

PIN, OTHER_PIN = "246810", "135791"
BEFORE, AFTER = "a" * 64, "b" * 64
MINE = Member("0417", Role.TECHNICIAN)
CARDS: Cards = {BEFORE: MINE, AFTER: MINE, "c" * 64: Member("0500", Role.KEEPER), "d" * 64: Member("0500", Role.KEEPER)}
STEPS = ("identify", "prove", "tries_left", "verify_pin", "prove again")


def soon() -> Deadline:
    return Deadline.after(5)


def card(certificate: str = BEFORE, key: str = "9E", expires: date | None = date(2030, 1, 1)) -> StaffCard:
    return StaffCard("0" * 32, certificate, key, expires)


class Reader:
    """A reader that says what a test wants at each step; what is not said is what a good card says."""

    def __init__(self, **said: Any) -> None:
        self.said: dict[str, Any] = {
            "identify": card(), "prove": Genuine(card()), "tries_left": 3, "verify_pin": PinAccepted(),
            "prove again": Genuine(card(AFTER, "9A")),
        } | said  # fmt: skip
        self.asked: list[str] = []
        self.pins: list[str] = []
        self.let_go = 0

    def _say(self, step: str) -> Any:
        self.asked.append(step)
        found = self.said[step]
        if isinstance(found, BaseException):
            raise found
        return found

    def identify(self, deadline: Deadline) -> Any:
        return self._say("identify")

    def prove(self, deadline: Deadline) -> Any:
        return self._say("prove again" if self.pins else "prove")

    def tries_left(self, deadline: Deadline) -> Any:
        return self._say("tries_left")

    def verify_pin(self, pin: str, deadline: Deadline) -> Any:
        self.pins.append(pin)
        return self._say("verify_pin")

    def disconnect(self) -> None:
        self.let_go += 1


def error(code: str) -> DeviceError:
    return DeviceError(code, code, advice="", retryable=True, action=Action.NONE)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(CARDS)


def check(terminal: Terminal, reader: object, pin: str = PIN) -> Entered | Refused:
    found = terminal.entry.check_card(pin, reader, soon())
    assert reader.let_go >= 1 if isinstance(reader, Reader) else True
    return found


def test_a_card_of_the_list_and_its_pin_let_in(terminal: Terminal) -> None:
    reader = Reader()
    assert check(terminal, reader) == Entered(Role.TECHNICIAN, "0417", "card")
    assert (reader.asked, reader.pins, reader.let_go) == (list(STEPS), [PIN], 1)
    assert terminal.memory.told("entry.granted") == [{"way": "card", "role": "technician", "staff": "0417"}]
    assert terminal.entry.begin().card_offered


def test_where_there_is_no_list_no_card_is_asked_anything() -> None:
    terminal, reader = Terminal(), Reader()
    reader.let_go = 1
    assert check(terminal, reader) == Refused("no-cards")
    assert reader.asked == []
    assert not terminal.entry.begin().card_offered


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", [NoCard(), error("card-pulled")])
def test_a_card_pulled_at_any_step_lets_nobody_in(terminal: Terminal, step: str, how: object) -> None:
    reader = Reader(**{step: how})
    found = check(terminal, reader)
    assert isinstance(found, Refused)
    assert found.reason == ("no-card" if (step, how) == ("identify", NoCard()) else "pulled")
    assert reader.asked[-1] == step
    assert terminal.memory.told("entry.granted") == []


@pytest.mark.parametrize("step", STEPS)
def test_a_reader_that_fails_at_any_step_lets_nobody_in(terminal: Terminal, step: str) -> None:
    found = check(terminal, Reader(**{step: error("no-answer")}))
    assert isinstance(found, Refused)
    assert found.reason == "reader-failed"
    assert found.card_tries == (3 if step == "verify_pin" else None), "what became of the PIN is asked for"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"identify": error("wrong-card")}, "wrong-card"),
        ({"prove": Copied(card())}, "copied-card"),
        ({"prove": Unproven(card(), Fault("pin-required", Action.NONE))}, "unproven-card"),
        ({"prove": Genuine(card("e" * 64))}, "unknown-card"),
        ({"prove": Genuine(card(expires=date(2026, 11, 26)))}, "expired-card"),
        ({"tries_left": 0}, "blocked-card"),
    ],
)
def test_no_pin_goes_to_a_card_that_is_not_proved_known_and_in_time(
    terminal: Terminal, said: dict[str, object], reason: str
) -> None:
    reader = Reader(**said)
    found = check(terminal, reader)
    assert isinstance(found, Refused)
    assert (found.reason, reader.pins) == (reason, [])
    assert not any(key.startswith("access.entry.0.card") for key in terminal.memory.values), "nothing was counted"


def test_a_card_holds_on_its_last_day(terminal: Terminal) -> None:
    assert isinstance(check(terminal, Reader(prove=Genuine(card(expires=date(2026, 11, 27))))), Entered)


@pytest.mark.parametrize("pin", ["", "12345", "123456789", "12345a", "１２３４５６", "123 456"])
def test_what_is_no_pin_is_not_sent_and_not_counted(terminal: Terminal, pin: str) -> None:
    reader = Reader()
    assert check(terminal, reader, pin) == Refused("malformed-pin", 5)
    assert reader.pins == []


@pytest.mark.parametrize(
    ("again", "reason"),
    [
        (Genuine(card("c" * 64, "9A")), "another-card"),  # a colleague's
        (Genuine(card("e" * 64, "9A")), "another-card"),  # anybody's
        (Copied(card(AFTER, "9A")), "another-card"),
        (Unproven(card(AFTER, "9A"), Fault("pin-required", Action.NONE)), "another-card"),
        (Genuine(card(BEFORE, "9E")), "unproven-card"),  # put back after another one took the PIN
    ],
)
def test_a_card_changed_between_proof_and_pin_lets_nobody_in(terminal: Terminal, again: object, reason: str) -> None:
    found = check(terminal, Reader(**{"prove again": again}))
    assert isinstance(found, Refused)
    assert (found.reason, found.attempts_left) == (reason, 4)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (PinWrong(2), Refused("wrong-pin", 4, 0.0, 2)),
        (PinBlocked(), Refused("blocked-card", 4, 0.0, 0)),
        (PinMalformed(), Refused("malformed-pin", 4, 0.0, 3)),
    ],
)
def test_what_the_card_says_of_the_pin_is_told_with_its_own_tries(
    terminal: Terminal, said: object, refused: Refused
) -> None:
    assert check(terminal, Reader(verify_pin=said)) == refused


def test_wrong_pins_wait_and_close_by_whose_card_it_is_over_restarts_and_nobody_elses(terminal: Terminal) -> None:
    for _ in range(4):
        check(terminal, Reader(verify_pin=PinWrong(2)))
    assert check(terminal, Reader(verify_pin=PinWrong(2))) == Refused("wrong-pin", 0, 15.0, 2)
    terminal.restart()
    reader = Reader()
    assert check(terminal, reader) == Refused("waiting", 0, 15.0)
    assert reader.pins == [], "during a wait no PIN is sent"
    other = Reader(prove=Genuine(card("c" * 64)), **{"prove again": Genuine(card("d" * 64, "9A"))})
    assert check(terminal, other) == Entered(Role.KEEPER, "0500", "card")
    assert terminal.entry.begin().code_locked_for == 0.0, "codes have a counter of their own"
    while (found := check(terminal, Reader(verify_pin=PinWrong(2)))).locked_for > 0.0:
        terminal.wait(found.locked_for)
    assert found == Refused("wrong-pin", 0, 0.0, 2)
    assert terminal.memory.told("entry.locked") == [{"way": "card", "staff": "0417"}]
    assert check(terminal, Reader()) == Refused("locked")
    unlocking.unlock(terminal.memory, "command")
    assert isinstance(check(terminal, Reader()), Entered)


def test_no_pin_is_sent_before_its_count_is_on_the_disk(terminal: Terminal) -> None:
    def cut(_key: str) -> None:
        raise PowerCut

    reader = Reader()
    terminal.memory.before_write = cut
    with pytest.raises(PowerCut):
        check(terminal, reader)
    assert (reader.pins, reader.let_go) == ([], 1)


def test_a_right_pin_sets_its_counter_back(terminal: Terminal) -> None:
    for _ in range(4):
        check(terminal, Reader(verify_pin=PinWrong(2)))
    assert isinstance(check(terminal, Reader()), Entered)
    assert check(terminal, Reader(verify_pin=PinWrong(2))) == Refused("wrong-pin", 4, 0.0, 2)


def test_neither_pin_nor_certificate_is_in_the_audit_log(terminal: Terminal) -> None:
    check(terminal, Reader(verify_pin=PinWrong(2)), OTHER_PIN)
    check(terminal, Reader())
    told = repr(terminal.memory.events) + repr(terminal.memory.values)
    assert not any(secret in told for secret in (PIN, OTHER_PIN, BEFORE, AFTER))


# -- the list

LINE = f'"{BEFORE}" = {{ number = "0417", role = "technician" }}\n'


def test_the_list_is_read_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "cards.toml"
    file.write_text("[cards]\n" + LINE + LINE.replace(BEFORE, AFTER.upper()))
    assert read_cards(file) == {BEFORE: MINE, AFTER: MINE}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no table"),
        ("[cards]\n", "no table"),
        ("[cards", "not valid TOML"),
        ("[card]\n" + LINE, "no table"),
        ("x = 1\n[cards]\n" + LINE, "no table"),
        ("[cards]\n" + LINE, "one certificate"),
        ("[cards]\n" + LINE + LINE.replace(BEFORE, BEFORE.upper()), "twice"),
        ("[cards]\n" + LINE.replace(BEFORE, "a" * 63), "no SHA-256"),
        ("[cards]\n" + LINE.replace('"0417"', "417"), "quotation marks"),
        ("[cards]\n" + LINE.replace("0417", "4"), "2 to 6 digits"),
        ("[cards]\n" + LINE.replace("technician", "boss"), "one of keeper"),
        ("[cards]\n" + LINE.replace(", role", ", name = 1, role"), "write"),
        ("[cards]\n" + LINE + LINE.replace(BEFORE, AFTER).replace("technician", "keeper"), "more than one role"),
    ],
)
def test_what_is_wrong_with_the_list_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_cards(text)


# -- the real driver and a card that is asked by APDUs


def real(applet: Any) -> tuple[AppletSlot, StaffCardReader]:
    slot = AppletSlot(applet)
    return slot, StaffCardSlot(PcscReader(slot=slot))


def listed(applet: Any) -> Cards:
    """Its certificates, as the bench tool prints them without a PIN and with it: made anew with every twin."""
    _, reader = real(applet)
    found = [reader.identify(soon())]
    reader.verify_pin(piv.DEFAULT_PIN, soon())
    found.append(reader.identify(soon()))
    return {each.certificate: MINE for each in found if isinstance(each, StaffCard)}


def test_a_real_card_lets_in_and_forgets_the_pin() -> None:
    applet = piv.PivApplet()
    terminal, (_, reader) = Terminal(listed(applet)), real(applet)
    assert check(terminal, reader, piv.DEFAULT_PIN) == Entered(Role.TECHNICIAN, "0417", "card")
    found = reader.identify(soon())
    assert isinstance(found, StaffCard)
    assert found.key == "9E", "the PIN holds no longer"


def test_a_real_card_pulled_at_every_apdu_of_the_way_lets_nobody_in() -> None:
    applet = piv.PivApplet()
    cards = listed(applet)
    slot, reader = real(applet)
    assert isinstance(check(Terminal(cards), reader, piv.DEFAULT_PIN), Entered)
    assert slot.card.commands > 8
    for number in range(slot.card.commands):
        terminal, (pulled, reader), before = Terminal(cards), real(applet), applet.verifications
        pulled.act("pull-at-apdu", {"n": number})
        found = check(terminal, reader, piv.DEFAULT_PIN)
        assert isinstance(found, Refused), number
        assert found.reason == "pulled", number
        assert applet.verifications - before <= 1
        assert terminal.memory.told("entry.granted") == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: piv.PivApplet(copied=True), "copied-card"),
        (lambda: piv.PivApplet(keys=("9A",)), "unproven-card"),
        (lambda: piv.PivApplet(keys=("9E",)), "unproven-card"),
        (lambda: piv.PivApplet(keys=()), "unproven-card"),
    ],
)
def test_a_real_card_that_is_no_good_has_its_own_word(make: Callable[[], Any], reason: str) -> None:
    applet = make()
    found = check(Terminal(listed(applet)), real(applet)[1], piv.DEFAULT_PIN)
    assert isinstance(found, Refused)
    assert found.reason == reason


@pytest.mark.parametrize(("make", "reason"), [(piv.PivApplet, "unknown-card"), (social_security.v2, "wrong-card")])
def test_a_real_card_that_is_in_no_list(make: Callable[[], Any], reason: str) -> None:
    found = check(Terminal(CARDS), real(make())[1], piv.DEFAULT_PIN)
    assert isinstance(found, Refused)
    assert found.reason == reason


def test_a_real_card_is_blocked_by_its_own_count_and_says_so() -> None:
    applet = piv.PivApplet()
    terminal, (_, reader) = Terminal(listed(applet)), real(applet)
    assert [check(terminal, reader, OTHER_PIN) for _ in range(4)] == [
        Refused("wrong-pin", 4, 0.0, 2), Refused("wrong-pin", 3, 0.0, 1), Refused("blocked-card", 2, 0.0, 0),
        Refused("blocked-card", 2, 0.0, 0),
    ]  # fmt: skip


class Changed:
    """Somebody who puts one card in place of the other, and back, between two calls of the reader."""

    def __init__(self, theirs: StaffCardReader, mine: StaffCardReader, *, back: bool) -> None:
        self._theirs, self._mine, self._back = theirs, mine, back
        self._pin_given = False

    def __getattr__(self, name: str) -> Any:
        if name == "verify_pin":
            self._pin_given = True
            self._theirs.disconnect()  # a card that is pulled has forgotten everything
            return self._mine.verify_pin
        return getattr(self._mine if self._pin_given and not self._back else self._theirs, name)


@pytest.mark.parametrize("back", [True, False])
def test_my_pin_on_my_card_does_not_open_with_somebody_elses(back: bool) -> None:
    applet, (_, mine) = piv.PivApplet(), real(piv.PivApplet(2))
    terminal, (_, theirs) = Terminal(listed(applet)), real(applet)
    found = check(terminal, Changed(theirs, mine, back=back), piv.DEFAULT_PIN)
    assert isinstance(found, Refused)
    assert found.reason == ("unproven-card" if back else "another-card")
