"""What every smart card reader promises: over a card in this process, behind a real pcscd, and from a recording."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.identity import NoCard
from devices.contracts.smart_card import SmartCard, SmartCardReader
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard import protocol
from devices.simulators.applet_slot import AppletSlot, card_over
from devices.simulators.applets import social_security
from devices.transports.apdu_capture import CapturingSlot, ReplaySlot
from devices.transports.capture import ReplayMismatch
from tests.patience import BUSY
from tests.wire.pcsc_room import PcscRoom, until

CARD = "devices.simulators.applets.social_security:v2"
FILE, VERSION = protocol.CARD_FILE.select, bytes.fromhex("00B2030006")
VERSION_RECORD = bytes.fromhex("0304") + b"2.00"


def soon() -> Deadline:
    return Deadline.after(5)


@dataclass
class Bench:
    """A reader and the hand that puts cards into it."""

    reader: SmartCardReader
    act: Callable[..., object]

    def insert(self) -> None:
        self.act("insert")
        self.await_card(True)

    def pull(self) -> None:
        self.act("pull")
        self.await_card(False)

    def await_card(self, there: bool) -> None:
        assert until(lambda: self.reader.present(soon()) is there, 5), f"card {'not ' * there}there in time"

    def card(self) -> SmartCard:
        card = self.reader.connect(soon())
        assert not isinstance(card, NoCard)
        return card


def in_process() -> Bench:
    slot = AppletSlot(social_security.v2(), inserted=False)
    return Bench(PcscReader(slot=slot), lambda action, **arguments: slot.act(action, arguments))


def behind_pcscd(room: PcscRoom) -> Bench:
    room.act("ok")
    room.act("pull")
    bench = Bench(PcscReader(room.readers[0]), room.act)
    bench.await_card(False)
    return bench


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscRoom]:
    with PcscRoom(tmp_path_factory.mktemp("pcsc")) as room:
        room.insert(CARD)
        yield room


@pytest.fixture(params=["in process", "behind pcscd"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    behind = request.param == "behind pcscd"
    bench = behind_pcscd(request.getfixturevalue("room")) if behind else in_process()
    try:
        bench.reader.open(soon())
        yield bench
    finally:
        bench.reader.close()


@pytest.fixture
def local() -> Iterator[Bench]:
    """For what does not depend on the wire: pcscd takes 0.4 s to see a card."""
    bench = in_process()
    bench.reader.open(soon())
    yield bench
    bench.reader.close()


def test_it_is_a_device_and_says_who_it_is(bench: Bench) -> None:
    assert isinstance(bench.reader, Device)
    assert bench.reader.info.kind == "card_reader"
    assert bench.reader.info.port
    status = bench.reader.poll(soon())
    assert (status.state, status.usable) == (State.ONLINE, True)
    assert status.details == {"reader": bench.reader.info.port, "card": "none"}


def test_an_empty_slot_is_no_card(bench: Bench) -> None:
    assert not bench.reader.present(soon())
    assert bench.reader.connect(soon()) == NoCard()
    bench.reader.disconnect()


def test_a_card_answers_and_keeps_what_it_was_told(bench: Bench) -> None:
    bench.insert()
    card = bench.card()
    assert card.atr == social_security.ATR
    assert card.transmit(protocol.SELECT, soon()).ok
    assert card.transmit(FILE, soon()).ok
    answer = card.transmit(VERSION, soon())
    assert (answer.data, answer.ok) == (VERSION_RECORD, True)
    assert bench.reader.poll(soon()).details["card"] == "present"


def test_it_is_the_same_card_while_it_stays_and_a_fresh_one_after_disconnect(bench: Bench) -> None:
    bench.insert()
    card = bench.card()
    assert bench.card() is card
    card.transmit(protocol.SELECT, soon())
    card.transmit(FILE, soon())
    bench.reader.disconnect()
    with pytest.raises(DeviceError) as caught:
        card.transmit(VERSION, soon())
    assert caught.value.code == "card-pulled"
    fresh = bench.card()
    assert fresh is not card
    assert not fresh.transmit(VERSION, soon()).ok, "the card still had a file selected: it has kept its power"


def test_a_card_that_was_pulled_is_dead_and_the_next_one_is_another(bench: Bench) -> None:
    bench.insert()
    card = bench.card()
    bench.pull()
    assert bench.reader.connect(soon()) == NoCard()
    with pytest.raises(DeviceError):
        card.transmit(VERSION, soon())
    bench.insert()
    assert bench.card() is not card


def test_a_card_exchanged_between_two_looks_is_another() -> None:
    bench = in_process()
    bench.insert()
    card = bench.card()
    bench.act("pull")
    bench.act("insert")
    assert bench.card() is not card


def test_pulled_in_the_middle_of_a_command_has_its_name(bench: Bench) -> None:
    bench.insert()
    bench.act("pull-at-apdu", n=2)  # SELECT takes two: its answer is fetched
    card = bench.card()
    card.transmit(protocol.SELECT, soon())
    with pytest.raises(DeviceError) as caught:
        card.transmit(FILE, soon())
    assert (caught.value.code, bool(caught.value.advice)) == ("card-pulled", True)
    assert bench.reader.statistics()["card-pulled"] == 1
    bench.insert()
    assert bench.card().transmit(protocol.SELECT, soon()).ok


def test_a_mute_card_has_its_name_within_the_deadline_and_is_told_until_it_is_gone(bench: Bench) -> None:
    bench.insert()
    card = bench.card()
    bench.act("mute")
    deadline = Deadline.after(0.6)
    with pytest.raises(DeviceError) as caught:
        card.transmit(protocol.SELECT, deadline)
    assert time.monotonic() - deadline.at < BUSY
    assert caught.value.code == "card-mute"
    status = bench.reader.poll(soon())
    assert [fault.code for fault in status.faults] == ["card-mute"]
    assert not status.usable
    bench.act("pull")
    bench.await_card(False)
    bench.act("ok")
    bench.insert()
    assert bench.reader.poll(soon()).usable
    assert bench.card().transmit(protocol.SELECT, soon()).ok


def test_an_answer_that_breaks_off_is_none_and_the_card_answers_when_it_is_powered_anew(bench: Bench) -> None:
    bench.insert()
    bench.act("short-answer")
    with pytest.raises(DeviceError) as caught:
        bench.card().transmit(protocol.SELECT, soon())
    assert caught.value.code == "short-answer"
    assert bench.card().transmit(protocol.SELECT, soon()).ok


def test_self_tests_at_three_levels(bench: Bench) -> None:
    assert bench.reader.self_test(Level.INTERNAL, soon()).passed is True
    assert bench.reader.self_test(Level.EXTERNAL, soon()).passed is None
    assert bench.reader.self_test(Level.INTERACTIVE, Deadline.after(0.3)).passed is False
    bench.insert()
    assert bench.reader.self_test(Level.EXTERNAL, soon()).passed is True
    assert bench.reader.self_test(Level.INTERACTIVE, soon()).passed is True


def test_an_interactive_test_waits_for_the_card(bench: Bench) -> None:
    hand = threading.Thread(target=bench.act, args=("insert",))
    hand.start()
    try:
        assert bench.reader.self_test(Level.INTERACTIVE, soon()).passed is True
    finally:
        hand.join()


def test_reset_lets_go_of_the_card_and_goes_on(local: Bench) -> None:
    local.insert()
    card = local.card()
    local.reader.reset(soon())
    with pytest.raises(DeviceError):
        card.transmit(VERSION, soon())
    assert local.card().transmit(protocol.SELECT, soon()).ok


def test_statistics_count_cards_and_commands(local: Bench) -> None:
    local.insert()
    local.card().transmit(protocol.SELECT, soon())
    counts = local.reader.statistics()
    assert (counts["cards"], counts["apdus"], counts["left_behind"]) == (1, 1, 0)


def test_nothing_that_a_card_says_shows_in_a_repr(local: Bench) -> None:
    local.insert()
    card = local.card()
    card.transmit(protocol.SELECT, soon())
    card.transmit(FILE, soon())
    answer = card.transmit(VERSION, soon())
    assert repr(answer) == "Response(6 bytes, 9000)"


def test_a_look_costs_next_to_nothing(bench: Bench) -> None:
    """A heartbeat a second and a monitor beside it: 0.07 % of a core were measured; this holds it below 0.6 %."""
    looks = 50
    start = time.process_time()
    for _ in range(looks):
        bench.reader.poll(soon())
    assert (time.process_time() - start) / looks < 0.003


# ---- capture and replay ----


def talk(reader: PcscReader) -> bytes:
    card = reader.connect(soon())
    assert not isinstance(card, NoCard)
    card.transmit(protocol.SELECT, soon())
    card.transmit(FILE, soon())
    return card.transmit(VERSION, soon()).data


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "card.jsonl"
    reader = PcscReader(slot=CapturingSlot(AppletSlot(social_security.v2()), path))
    assert talk(reader) == VERSION_RECORD
    reader.close()
    return path


def test_a_captured_conversation_replays_to_the_same_answers(recorded: Path) -> None:
    slot = ReplaySlot.load(recorded)
    reader = PcscReader(slot=slot)
    assert talk(reader) == VERSION_RECORD
    assert slot.finished
    assert not reader.present(soon())


def test_a_replay_fails_on_the_first_wrong_byte(recorded: Path) -> None:
    card = PcscReader(slot=ReplaySlot.load(recorded)).connect(soon())
    assert not isinstance(card, NoCard)
    with pytest.raises(ReplayMismatch, match="byte 3 of the command: sent 01, captured 00"):
        card.transmit(bytes.fromhex("00A40401"), soon())


def test_a_captured_fault_is_replayed_too(tmp_path: Path) -> None:
    slot = AppletSlot(social_security.v2())
    slot.act("pull-at-apdu", {"n": 2})
    path = tmp_path / "pulled.jsonl"
    for line in (CapturingSlot(slot, path), None):
        reader = PcscReader(slot=line or ReplaySlot.load(path))
        with pytest.raises(DeviceError) as caught:
            talk(reader)
        assert caught.value.code == "card-pulled"
        reader.close()


def test_a_pin_is_never_in_a_capture_and_is_replayed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pin.jsonl"
    verify = bytes.fromhex("0020008008") + b"739146\xff\xff"
    live = PcscReader(slot=CapturingSlot(AppletSlot(social_security.v2()), path))
    card = live.connect(soon())
    assert not isinstance(card, NoCard)
    first = card.transmit(verify, soon())
    live.close()
    text = path.read_text(encoding="ascii")
    assert b"739146".hex() not in text
    assert '"hex": "00200080", "masked": true' in text
    again = PcscReader(slot=ReplaySlot.load(path)).connect(soon())
    assert not isinstance(again, NoCard)
    assert again.transmit(bytes.fromhex("0020008008") + b"111111\xff\xff", soon()) == first


def test_a_card_can_be_had_straight_over_an_applet() -> None:
    card = card_over(social_security.v2())
    assert card.transmit(protocol.SELECT, soon()).ok


@pytest.mark.hardware
def test_a_real_reader_and_card() -> None:
    """HARDWARE_PCSC names the reader (empty: the only one); a card must lie in it."""
    reader = PcscReader(os.environ.get("HARDWARE_PCSC", ""))
    reader.open(soon())
    try:
        result = reader.self_test(Level.EXTERNAL, soon())
        assert result.passed, result.report
    finally:
        reader.close()
