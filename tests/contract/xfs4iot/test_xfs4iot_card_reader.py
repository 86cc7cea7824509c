"""A card reader behind XFS4IoT: cards come in, answer, and go out again, and none stays inside."""

from __future__ import annotations

from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level
from devices.contracts.identity import NoCard
from devices.contracts.social_card import SocialCardRead
from devices.drivers.sscard.driver import SocialCardSlot
from devices.drivers.xfs4iot.cards import Tracks, XfsCard, XfsCardReader
from devices.simulators.xfs4iot import XfsTwin
from devices.transports.websocket import WebSocketLine
from tests.contract.xfs4iot.xfs_room import SELECT, inserted, soon
from tests.xfs_schema import CheckedLine

READ = bytes.fromhex("00B0000000")


@pytest.fixture
def reader(made: Any) -> XfsCardReader:
    return made("card_reader")  # type: ignore[no-any-return]


def test_an_empty_reader_is_no_card_and_lets_the_next_one_in(reader: XfsCardReader, twin: XfsTwin) -> None:
    assert reader.connect(soon()) == NoCard()
    assert not twin.state()["entry_armed"]
    assert not reader.present(soon())
    assert not twin.state()["entry_armed"], "nobody has asked for a card"
    reader.admit(soon())
    assert twin.state()["entry_armed"]
    assert not reader.present(soon())
    reader.dismiss(soon())
    assert not reader.present(soon())
    assert not twin.state()["entry_armed"]


def test_a_card_answers_and_its_chains_and_lengths_are_followed(reader: XfsCardReader, twin: XfsTwin) -> None:
    card = inserted(reader, twin)
    assert card.atr == bytes.fromhex("3B6500002063CBA000")
    for command in (SELECT, READ):
        answer = card.transmit(command, soon())
        assert (answer.data, answer.ok) == (b"kiosk test card", True)
    assert not card.transmit(bytes.fromhex("0020000000"), soon()).ok
    assert "test card" not in f"{card!r} {reader.poll(soon())} {reader.statistics()} {reader.capabilities}"


def test_it_is_the_same_card_while_it_stays_and_a_fresh_one_after_disconnect(
    reader: XfsCardReader, twin: XfsTwin
) -> None:
    card = inserted(reader, twin)
    assert reader.connect(soon()) is card
    reader.disconnect()
    assert not twin.reader.powered
    with pytest.raises(DeviceError) as caught:
        card.transmit(SELECT, soon())
    assert caught.value.code == "card-pulled"
    fresh = reader.connect(soon())
    assert isinstance(fresh, XfsCard)
    assert fresh.transmit(SELECT, soon()).ok


def test_a_reader_without_chip_power_reads_the_chip_instead(reader: XfsCardReader, twin: XfsTwin) -> None:
    twin.act("no-chip-power", {})
    card = inserted(reader, twin)
    reader.disconnect()
    fresh = reader.connect(soon())
    assert isinstance(fresh, XfsCard)
    assert fresh is not card
    assert fresh.atr == card.atr


def test_a_card_pulled_between_two_commands_is_gone(reader: XfsCardReader, twin: XfsTwin) -> None:
    card = inserted(reader, twin)
    twin.act("pull-at-apdu", {"n": 1})
    assert card.transmit(bytes.fromhex("0020000000"), soon()).sw == 0x6D00
    with pytest.raises(DeviceError) as caught:
        card.transmit(SELECT, soon())
    assert (caught.value.code, caught.value.retryable) == ("card-pulled", True)
    assert reader.connect(soon()) == NoCard()
    assert inserted(reader, twin) is not card


def test_a_card_without_a_chip_is_told_once_and_the_next_one_is_read(reader: XfsCardReader, twin: XfsTwin) -> None:
    reader.admit(soon())
    twin.act("put", {"card": "mute"})
    with pytest.raises(DeviceError) as caught:
        reader.present(soon())
    assert caught.value.code == "card-invalid"
    assert reader.present(soon()), "it lies there all the same"
    with pytest.raises(DeviceError) as caught:
        reader.connect(soon())
    assert caught.value.code == "card-mute"
    reader.eject(soon())
    twin.act("take", {})
    assert inserted(reader, twin).transmit(SELECT, soon()).ok


def test_a_card_is_given_back_or_kept(reader: XfsCardReader, twin: XfsTwin) -> None:
    inserted(reader, twin)
    reader.eject(soon())
    assert not reader.taken(Deadline.after(0.2))
    twin.act("take", {})
    assert reader.taken(soon())
    reader.eject(soon())
    inserted(reader, twin)
    reader.retain(soon())
    assert twin.state()["retained"] == 1
    inserted(reader, twin)
    reader.retain(soon(), unit="unit1")
    assert twin.state()["retained"] == 2


@pytest.mark.parametrize("how", ["dismiss", "close", "self-test"])
def test_no_card_stays_inside_when_the_visit_is_over(reader: XfsCardReader, twin: XfsTwin, how: str) -> None:
    if how == "self-test":
        twin.act("put", {})
        assert reader.self_test(Level.INTERACTIVE, soon()).passed is True
    else:
        inserted(reader, twin)
        reader.dismiss(soon()) if how == "dismiss" else reader.close()
    assert twin.reader.place == "entering", "it is at the exit, where a hand can take it"
    assert not reader.present(soon())
    assert not twin.state()["entry_armed"], "a card that was just given back is not drawn in again"


def test_a_card_that_nobody_took_is_given_back_by_a_visit_that_lost_its_line(
    reader: XfsCardReader, twin: XfsTwin
) -> None:
    inserted(reader, twin)
    twin.act("restart", {})
    with pytest.raises(DeviceError):
        reader.dismiss(soon())
    reader.dismiss(soon())
    assert twin.reader.place == "entering"
    assert not reader.present(soon())
    assert not twin.state()["entry_armed"]


def test_tracks_are_read_and_shown_to_nobody(reader: XfsCardReader, twin: XfsTwin) -> None:
    twin.act("put", {"track2": "6222020000000000=2612"})
    tracks = reader.read_tracks(soon())
    assert isinstance(tracks, Tracks)
    assert tracks.data == {"track2": b"6222020000000000=2612"}
    assert "6222" not in repr(tracks)


def test_no_card_for_the_tracks_in_time_is_no_card(reader: XfsCardReader, twin: XfsTwin) -> None:
    assert reader.read_tracks(Deadline.after(0.3)) == NoCard()
    assert not twin.state()["entry_armed"]


@pytest.mark.parametrize(("action", "code"), [("card-jam", "card-jammed"), ("card-unknown", "media-unknown")])
def test_what_the_reader_cannot_tell_is_an_error_and_never_an_absence(
    reader: XfsCardReader, twin: XfsTwin, action: str, code: str
) -> None:
    twin.act(action, {})
    with pytest.raises(DeviceError) as caught:
        reader.present(soon())
    assert caught.value.code == code
    assert code in [fault.code for fault in reader.poll(soon()).faults]


def test_the_reader_tests_itself_at_three_levels(reader: XfsCardReader, twin: XfsTwin) -> None:
    assert reader.self_test(Level.INTERNAL, soon()).passed is True
    assert reader.self_test(Level.EXTERNAL, soon()).passed is None
    assert reader.self_test(Level.INTERACTIVE, Deadline.after(0.5)).passed is False
    twin.act("put", {})
    assert reader.self_test(Level.INTERACTIVE, soon()).passed is True


def test_a_social_security_card_is_read_through_it_as_through_any_reader() -> None:
    twin = XfsTwin("machine", applet="devices.simulators.applets.social_security:v2")
    twin.start()
    reader = XfsCardReader(twin.address("CardReader1"), line=CheckedLine(WebSocketLine(twin.address("CardReader1"))))
    slot = SocialCardSlot(reader)
    try:
        slot.open(soon())
        assert slot.read(soon()) == NoCard()
        slot.reset(soon())
        assert not twin.state()["entry_armed"], "it was opened, read and reset, and nobody is there"
        slot.admit(soon())
        twin.act("put", {})
        assert slot.present(soon())
        outcome = slot.read(soon())
        assert isinstance(outcome, SocialCardRead)
        assert outcome.card.version == "2.00"
        slot.dismiss(soon())
        twin.act("take", {})
        assert twin.state()["card"] == "notPresent"
    finally:
        slot.close()
        reader.close()
        twin.stop()
