"""Devices behind XFS4IoT keep the contracts of their kinds: over the wire in both editions, and from a recording.

Every message of both sides is held against the public schema of 2021-1 where its file is there (``tests.xfs_schema``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.identity import NoCard
from devices.contracts.printing import NotPrinted, Printed, Unknown
from devices.contracts.sensors import Light, LightState
from devices.contracts.social_card import SocialCardRead
from devices.contracts.stills import Still
from devices.drivers.escpos import protocol as escpos
from devices.drivers.sscard.driver import SocialCardSlot
from devices.drivers.xfs4iot.camera import XfsCamera
from devices.drivers.xfs4iot.cards import Tracks, XfsCard, XfsCardReader
from devices.drivers.xfs4iot.driver import KINDS, XfsDevice, make
from devices.drivers.xfs4iot.lights import XfsLights
from devices.drivers.xfs4iot.pins import hide_pins
from devices.drivers.xfs4iot.printer import XfsPagePrinter, XfsReceiptPrinter
from devices.drivers.xfs4iot.protocol import Edition
from devices.drivers.xfs4iot.shapes import pack
from devices.drivers.xfs4iot.vendor_mode import Mode, XfsVendorMode
from devices.simulators.xfs4iot import XfsTwin
from devices.simulators.xfs4iot_services import bitmap
from devices.transports.capture import ReplayMismatch
from devices.transports.message_capture import CapturingLine, ReplayLine, Said
from devices.transports.websocket import WebSocketLine
from tests.contract.test_page_printer import PDF, TITLE, PagePrinterContract
from tests.contract.test_receipt_printer import RECEIPT, ReceiptPrinterContract
from tests.xfs_schema import CheckedLine

SELECT, READ = bytes.fromhex("00A4040000"), bytes.fromhex("00B0000000")
SERVICES = {
    "card_reader": "CardReader1",
    "receipt_printer": "ReceiptPrinter1",
    "page_printer": "DocumentPrinter1",
    "still_camera": "Camera1",
    "lights": "Lights1",
    "vendor_mode": "VendorMode1",
}


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture(params=[edition.value for edition in Edition])
def twin(request: pytest.FixtureRequest) -> Iterator[XfsTwin]:
    twin = XfsTwin("machine", edition=request.param)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def made(twin: XfsTwin) -> Iterator[Any]:
    """Makes a driver for a kind, its messages held against the schema where that is the edition spoken."""
    devices: list[XfsDevice] = []

    def make_one(kind: str, *, opened: bool = True) -> Any:
        address = twin.address(SERVICES[kind])
        line = WebSocketLine(address)
        first = twin.state()["edition"] == Edition.PAYLOAD.value
        device = make(kind, address, line=CheckedLine(line) if first else line)
        devices.append(device)
        if opened:
            device.open(soon())
        return device

    yield make_one
    for device in devices:
        device.close()


# -- every kind ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_is_a_device_that_says_who_it_is_and_what_was_not_verified(made: Any, twin: XfsTwin, kind: str) -> None:
    device = made(kind)
    assert isinstance(device, Device)
    assert (device.info.kind, device.info.driver, device.info.port) == (kind, "xfs4iot", twin.address(SERVICES[kind]))
    assert (device.info.model, device.info.serial) == (f"Twin {device.interface}", "724")
    assert device.capabilities["edition"] == twin.state()["edition"]
    assert "twin only" in device.capabilities["verified"]
    assert device.poll(soon()).usable


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_device_state_is_told_as_it_is(made: Any, twin: XfsTwin, kind: str) -> None:
    device = made(kind)
    for state in State:
        if state is State.UNKNOWN:
            continue  # a service has no word for it: see the codec's tests
        twin.act("device", {"state": state.value})
        status = device.poll(soon())
        assert status.state is state
        assert status.usable is (state in (State.ONLINE, State.DEVICE_BUSY))
        needs_somebody = state not in (State.ONLINE, State.DEVICE_BUSY, State.STARTING)
        assert any(fault.blocking for fault in status.faults) is needs_somebody


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_reset_open_and_close_may_be_repeated(made: Any, kind: str) -> None:
    device = made(kind)
    for _ in range(2):
        device.open(soon())
        device.reset(soon())
    device.close()
    device.close()
    device.open(soon())
    assert device.poll(soon()).state is State.ONLINE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_another_devices_service_is_refused(twin: XfsTwin, kind: str) -> None:
    other = "Lights1" if kind != "lights" else "Camera1"
    device = make(kind, twin.address(other))
    with pytest.raises(DeviceError) as caught:
        device.open(soon())
    assert (caught.value.code, caught.value.retryable) == ("wrong-service", False)


def test_an_error_event_is_a_fault_until_the_device_is_well_again(made: Any, twin: XfsTwin) -> None:
    device = made("still_camera")
    twin.act("device", {"state": "hardwareError"})
    twin.act("error-event", {"action": "maintenance", "service": "Camera1"})
    device.poll(soon())
    faults = {fault.code: fault.action.value for fault in device.poll(soon()).faults}
    assert faults == {"hardware-error": "reset", "error-event": "callTechnician"}
    twin.act("ok", {})
    assert device.poll(soon()).faults == ()
    assert device.statistics()["unsolicited"] == 1


# -- printers ------------------------------------------------------------------------------------------


class TestReceiptPrinter(ReceiptPrinterContract):
    @pytest.fixture
    def printer(self, made: Any) -> XfsReceiptPrinter:
        return made("receipt_printer")  # type: ignore[no-any-return]

    def test_the_paper_got_every_dot_and_was_presented(self, twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)
        assert twin.receipts.printed == [escpos.INITIALISE + b"".join(escpos.bands(RECEIPT))]
        assert printer.poll(soon()).details["media"] == "present"
        assert not printer.taken(Deadline.after(0.2))
        twin.act("take-paper", {})
        assert printer.taken(soon())

    def test_what_nobody_took_can_be_drawn_in(self, twin: XfsTwin, printer: XfsReceiptPrinter) -> None:
        printer.print_raster(RECEIPT, cut=True, deadline=soon())
        printer.retract(soon())
        printer.retract(soon())
        assert twin.receipts.media == "notPresent"

    @pytest.mark.parametrize("level", ["full", "low", "out", "jammed", "unknown"])
    def test_paper_is_told_as_it_is(self, twin: XfsTwin, printer: XfsReceiptPrinter, level: str) -> None:
        twin.act("paper", {"level": level})
        status = printer.poll(soon())
        assert status.details["paper"] == level
        assert status.usable is (level not in ("out", "jammed"))
        assert bool(status.faults) is (level != "full")

    @pytest.mark.parametrize(
        ("trouble", "outcome", "code"),
        [
            ("paper-out", NotPrinted, "media-empty"),
            ("jam", Unknown, "media-jam"),
            ("retracted", NotPrinted, "media-retracted"),
            ("not-presented", Unknown, "not-presented"),
        ],
    )
    def test_trouble_in_the_middle_is_never_printed_and_the_next_one_is(
        self, twin: XfsTwin, printer: XfsReceiptPrinter, trouble: str, outcome: type, code: str
    ) -> None:
        twin.act(trouble, {})
        result = printer.print_raster(RECEIPT, cut=True, deadline=soon())
        assert isinstance(result, outcome)
        assert result.reason.code == code  # type: ignore[attr-defined]
        twin.act("ok", {})
        assert printer.print_raster(RECEIPT, cut=True, deadline=soon()) == Printed(1)


class TestPagePrinter(PagePrinterContract):
    @pytest.fixture
    def printer(self, made: Any) -> XfsPagePrinter:
        return made("page_printer")  # type: ignore[no-any-return]

    def test_the_pdf_arrives_byte_for_byte(self, twin: XfsTwin, printer: XfsPagePrinter) -> None:
        assert printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon()) == Printed(1)
        assert twin.pages.printed == [PDF]

    @pytest.mark.parametrize("trouble", [("toner", "toner-empty"), ("device", "hardware-error")])
    def test_what_is_known_before_keeps_the_job_from_being_sent(
        self, twin: XfsTwin, printer: XfsPagePrinter, trouble: tuple[str, str]
    ) -> None:
        twin.act(trouble[0], {"service": "DocumentPrinter1", "state": "hardwareError"})
        result = printer.print_pdf(PDF, title=TITLE, pages=1, deadline=soon())
        assert isinstance(result, NotPrinted)
        assert result.reason.code == trouble[1]
        assert twin.pages.printed == []


# -- card reader ---------------------------------------------------------------------------------------


@pytest.fixture
def reader(made: Any) -> XfsCardReader:
    return made("card_reader")  # type: ignore[no-any-return]


def inserted(reader: XfsCardReader, twin: XfsTwin) -> XfsCard:
    reader.admit(soon())
    twin.act("put", {})
    assert reader.present(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    return card


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


# -- camera, lights, vendor mode -----------------------------------------------------------------------


def test_the_camera_gives_a_picture_and_shows_nothing_of_it(made: Any, twin: XfsTwin) -> None:
    camera: XfsCamera = made("still_camera")
    still = camera.take(soon())
    assert isinstance(still, Still)
    assert (still.data, still.encoding) == (bitmap(32, 24), "bmp")
    assert repr(still) == f"Still(bmp, {len(still.data)} bytes)"
    assert camera.self_test(Level.EXTERNAL, soon()).passed is True
    assert camera.self_test(Level.INTERACTIVE, soon()).passed is None
    assert camera.statistics()["pictures"] == 3


@pytest.mark.parametrize(("action", "code"), [("lens-broken", "hardware-error"), ("no-picture", "no-picture")])
def test_no_picture_is_an_error_with_its_name(made: Any, twin: XfsTwin, action: str, code: str) -> None:
    camera: XfsCamera = made("still_camera")
    twin.act(action, {})
    with pytest.raises(DeviceError) as caught:
        camera.take(soon())
    assert caught.value.code == code


def test_what_is_no_picture_is_refused(made: Any, twin: XfsTwin) -> None:
    camera: XfsCamera = made("still_camera")
    twin.camera.picture = b"<html>"
    with pytest.raises(DeviceError) as caught:
        camera.take(soon())
    assert caught.value.code == "picture-format"


def test_lights_go_on_and_off_and_are_read_back(made: Any, twin: XfsTwin) -> None:
    lights: XfsLights = made("lights")
    assert lights.set_light(Light.READER, True, soon()) is LightState.ON
    assert lights.lights(soon()) == {
        Light.READER: LightState.ON,
        Light.PRINTER: LightState.OFF,
        Light.HELP: LightState.NOT_SUPPORTED,
        Light.STATUS: LightState.OFF,
    }
    assert lights.set_light(Light.HELP, True, soon()) is LightState.NOT_SUPPORTED
    assert lights.self_test(Level.EXTERNAL, soon()).passed is True
    twin.act("lights-stuck", {})
    assert lights.set_light(Light.PRINTER, True, soon()) is LightState.OFF, "what was asked for is not what is"
    assert lights.self_test(Level.EXTERNAL, soon()).passed is False
    twin.act("ok", {})
    lights.reset(soon())
    assert set(lights.lights(soon()).values()) == {LightState.OFF, LightState.NOT_SUPPORTED}


def test_vendor_mode_is_entered_when_every_application_has_let_go(made: Any, twin: XfsTwin) -> None:
    kiosk: XfsVendorMode = made("vendor_mode")
    other: XfsVendorMode = made("vendor_mode")
    heard: list[Mode] = []
    kiosk.watch(heard.append)
    assert kiosk.refresh(soon()) is Mode.INACTIVE
    for application, name in ((kiosk, "kiosk"), (other, "monitor")):
        application.register(name, soon())
    twin.act("technician-enters", {})
    for application in (kiosk, other):
        assert application.wait_for(Mode.ENTER_PENDING, soon())
    kiosk.acknowledge_enter(soon())
    assert kiosk.refresh(soon()) is Mode.ENTER_PENDING, "the other one has not let go yet"
    other.acknowledge_enter(soon())
    assert kiosk.wait_for(Mode.ACTIVE, soon())
    kiosk.request_exit(soon())
    for application in (kiosk, other):
        assert application.wait_for(Mode.EXIT_PENDING, soon())
        application.acknowledge_exit(soon())
    assert kiosk.wait_for(Mode.INACTIVE, soon())
    assert heard == [Mode.INACTIVE, Mode.ENTER_PENDING, Mode.ACTIVE, Mode.EXIT_PENDING, Mode.INACTIVE]


def test_an_application_that_hangs_up_does_not_hold_up_the_technician(made: Any, twin: XfsTwin) -> None:
    kiosk: XfsVendorMode = made("vendor_mode")
    other: XfsVendorMode = made("vendor_mode")
    for application, name in ((kiosk, "kiosk"), (other, "monitor")):
        application.register(name, soon())
    kiosk.request_enter(soon())
    kiosk.acknowledge_enter(soon())
    other.close()
    assert kiosk.wait_for(Mode.ACTIVE, soon())


def test_an_acknowledge_out_of_turn_is_refused(made: Any) -> None:
    kiosk: XfsVendorMode = made("vendor_mode")
    with pytest.raises(DeviceError) as caught:
        kiosk.acknowledge_enter(soon())
    assert caught.value.code == "sequence"


# -- recordings ----------------------------------------------------------------------------------------


def recorded(twin: XfsTwin, path: Path) -> bytes:
    reader = XfsCardReader("live", line=CapturingLine(WebSocketLine(twin.address("CardReader1")), path))
    reader.open(soon())
    answer = inserted(reader, twin).transmit(SELECT, soon())
    reader.eject(soon())
    reader.close()
    return answer.data


def replayed(line: ReplayLine) -> bytes:
    reader = XfsCardReader("replay", line=line)
    reader.open(soon())
    reader.admit(soon())
    assert reader.present(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    answer = card.transmit(SELECT, soon())
    reader.eject(soon())
    reader.close()
    return answer.data


def test_a_captured_conversation_replays_to_the_same_answer(twin: XfsTwin, tmp_path: Path) -> None:
    data = recorded(twin, tmp_path / "card.jsonl")
    line = ReplayLine.load(tmp_path / "card.jsonl")
    assert replayed(line) == data == b"kiosk test card"
    assert line.finished


def test_a_replay_takes_other_request_numbers(twin: XfsTwin, tmp_path: Path) -> None:
    recorded(twin, tmp_path / "card.jsonl")
    text = (tmp_path / "card.jsonl").read_text(encoding="utf-8")
    shifted = text.replace('\\"requestId\\":', '\\"requestId\\":70')
    shifted = shifted.replace('\\"requestId\\":700,', '\\"requestId\\":0,')  # unsolicited events have none
    (tmp_path / "shifted.jsonl").write_text(shifted, encoding="utf-8")
    assert replayed(ReplayLine.load(tmp_path / "shifted.jsonl")) == b"kiosk test card"


def test_a_replay_fails_on_the_first_message_that_differs(twin: XfsTwin, tmp_path: Path) -> None:
    recorded(twin, tmp_path / "card.jsonl")
    lines = (tmp_path / "card.jsonl").read_text(encoding="utf-8").splitlines()
    said = [Said.of(json.loads(line)) for line in lines]
    place = next(n for n, entry in enumerate(said) if entry.direction == "out" and "ChipIO" in entry.text)
    changed = said[place].text.replace("AKQEAAA=", "AKQEAAE=")
    assert changed != said[place].text
    said[place] = Said("out", changed)
    with pytest.raises(ReplayMismatch, match=r"ChipIO differs from the captured one at payload\.chipData") as caught:
        replayed(ReplayLine(said))
    assert "AKQEA" not in str(caught.value)


def test_a_pin_is_never_written_down_and_replays_all_the_same(twin: XfsTwin, tmp_path: Path) -> None:
    path, verify = tmp_path / "pin.jsonl", bytes.fromhex("0020008008") + b"31415926"
    live = XfsCardReader("live", line=CapturingLine(WebSocketLine(twin.address("CardReader1")), path, hide_pins))
    live.open(soon())
    first = inserted(live, twin).transmit(verify, soon())
    live.close()
    written = path.read_text(encoding="utf-8")
    assert pack(verify) not in written
    assert f'"{pack(verify[:4])}"' in written.replace("\\", ""), "the header alone: not even the length is told"
    again = XfsCardReader("replay", line=ReplayLine.load(path, hide_pins))
    again.open(soon())
    again.admit(soon())
    again.present(soon())
    card = again.connect(soon())
    assert isinstance(card, XfsCard)
    assert card.transmit(verify, soon()) == first


def test_a_replay_that_has_ended_takes_no_more(tmp_path: Path) -> None:
    line = ReplayLine([])
    reader = XfsCardReader("replay", line=line)
    with pytest.raises(ReplayMismatch, match=r"sent Common\.Capabilities, captured nothing"):
        reader.open(soon())


# -- the device ----------------------------------------------------------------------------------------


@pytest.mark.hardware
class TestReceiptPrinterOnADevice(ReceiptPrinterContract):
    """HARDWARE_XFS_PRINTER names the service: ws://host:5846/xfs4iot/v1.0/…. It prints a few receipts."""

    @pytest.fixture
    def printer(self) -> Iterator[XfsReceiptPrinter]:
        printer = XfsReceiptPrinter(os.environ["HARDWARE_XFS_PRINTER"])
        printer.open(soon())
        yield printer
        printer.close()


@pytest.mark.hardware
def test_a_card_answers_on_a_device() -> None:
    """HARDWARE_XFS_READER names the service; put a chip card in within 30 seconds."""
    reader = XfsCardReader(os.environ["HARDWARE_XFS_READER"])
    reader.open(soon())
    try:
        assert reader.self_test(Level.INTERACTIVE, Deadline.after(30)).passed is True
        reader.eject(soon())
    finally:
        reader.close()
