"""Whatever happens on the reader's line has a name, ends in time, and spoils nothing for the next card."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator

import pytest
import serial

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.identity import CardRead
from devices.drivers.sdt.driver import SdtReader
from devices.drivers.sdt.link import Patience
from devices.drivers.sdt.protocol import SW3, Payload, encode_answer, encode_payload, encode_text
from devices.simulators.pty import PtyWire
from devices.simulators.sdt import SdtTwin
from devices.transports.faults import FaultPlan, FaultyStream
from devices.transports.serial import SerialPort
from devices.transports.stream import PortBusy, PortDenied, PortMissing, PortUnusable, Unplugged

QUICK = Patience(command=0.3, frame=0.15, noise=0.15, settle=0.02)
READ_BYTES = 15 + 19 + 1295


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def twin() -> Iterator[SdtTwin]:
    twin = SdtTwin("id_reader", baud=0)
    twin.start()
    twin.act("put", {"card": "resident"})
    yield twin
    twin.stop()


@pytest.fixture
def line(twin: SdtTwin) -> FaultyStream:
    return FaultyStream(SerialPort(twin.port))


@pytest.fixture
def reader(twin: SdtTwin, line: FaultyStream) -> Iterator[SdtReader]:
    reader = SdtReader(twin.port, stream=line, patience=QUICK)
    reader.open(soon())
    yield reader
    reader.close()


def error_of(reader: SdtReader, seconds: float = 1.5) -> DeviceError:
    deadline = Deadline.after(seconds)
    with pytest.raises(DeviceError) as caught:
        reader.read(deadline)
    assert not deadline.expired, "the error came after the deadline"
    return caught.value


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("torn", "torn-frame"),
        ("checksum", "checksum"),
        ("truncated", "truncated"),
        ("garbage", "garbage"),
        ("silent", "no-answer"),
        ("not-authorised", "sam-not-authorised"),
        ("card-pulled", "card-read"),
    ],
)
def test_each_fault_has_its_name_and_the_next_card_is_read(
    twin: SdtTwin, reader: SdtReader, fault: str, code: str
) -> None:
    twin.act(fault, {})
    error = error_of(reader)
    assert error.code == code
    assert error.advice
    twin.act("ok", {})
    twin.act("put", {"card": "elder"})
    outcome = reader.read(soon())
    assert isinstance(outcome, CardRead)
    assert outcome.document.number == twin.deck["elder"].document.number
    assert reader.statistics()[code] == 1


def test_a_slow_answer_is_waited_for_as_long_as_bytes_come(twin: SdtTwin, reader: SdtReader) -> None:
    twin.act("slow", {"byte_seconds": 0.0006})
    start = time.monotonic()
    assert isinstance(reader.read(soon()), CardRead)
    assert time.monotonic() - start > QUICK.command


@pytest.mark.parametrize("byte", [*range(0, READ_BYTES, READ_BYTES // 10), READ_BYTES - 1])
def test_unplugged_at_any_byte_is_told_and_reopening_reads(
    twin: SdtTwin, reader: SdtReader, line: FaultyStream, byte: int
) -> None:
    line.arm(FaultPlan(unplug_at=byte))
    assert error_of(reader).code == "unplugged"
    line.heal()
    twin.act("take", {})
    twin.act("put", {"card": "resident"})
    reader.open(soon())
    assert isinstance(reader.read(soon()), CardRead)


@pytest.mark.parametrize("byte", [0, 3, 6, 7, 14, 15, 20, 40, 700, READ_BYTES - 1])
def test_silence_at_any_byte_is_no_answer_or_a_truncated_one(reader: SdtReader, line: FaultyStream, byte: int) -> None:
    line.arm(FaultPlan(silent_from=byte))
    assert error_of(reader).code in {"no-answer", "truncated"}
    line.heal()
    assert isinstance(reader.read(soon()), CardRead)


@pytest.mark.parametrize("byte", [0, 4, 5, 6, 8, 14, 16, 33, 34, 40, 200, 1000, READ_BYTES - 1])
def test_a_changed_bit_at_any_byte_never_yields_a_document(reader: SdtReader, line: FaultyStream, byte: int) -> None:
    line.arm(FaultPlan(flip_at=byte))
    assert error_of(reader).code in {"checksum", "garbage", "truncated", "torn-frame"}
    line.heal()
    assert isinstance(reader.read(soon()), CardRead)


def test_the_twins_plug_pulled_in_the_middle_of_a_card_comes_back(twin: SdtTwin, reader: SdtReader) -> None:
    twin.act("pulled", {"at": 700})
    assert error_of(reader).code == "unplugged"
    with pytest.raises(PortMissing):
        reader.open(soon())
    twin.act("replug", {})
    reader.open(soon())
    assert reader.poll(soon()).state is State.ONLINE
    assert isinstance(reader.read(soon()), CardRead)


def test_a_module_that_fails_its_self_test_is_a_hardware_error(twin: SdtTwin, reader: SdtReader) -> None:
    twin.act("self-test-failed", {})
    status = reader.poll(soon())
    assert status.state is State.HARDWARE_ERROR
    assert status.faults[0].code == "sam-self-test"
    assert not status.usable


def test_two_processes_cannot_share_the_port(twin: SdtTwin, reader: SdtReader) -> None:
    with pytest.raises(PortBusy) as caught:
        SdtReader(twin.port).open(soon())
    assert caught.value.advice


def test_a_file_is_not_a_port(tmp_path: object) -> None:
    with pytest.raises(PortUnusable):
        SerialPort(os.devnull).open(soon())


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.EACCES, PortDenied), (errno.EBUSY, PortBusy), (errno.ENOENT, PortMissing), (errno.EINVAL, PortUnusable)],
)
def test_each_refusal_of_the_system_has_its_own_error(
    twin: SdtTwin, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[DeviceError]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(code, "refused")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(kind) as caught:
        SerialPort(twin.port).open(soon())
    assert caught.value.advice


class ForeignReader:
    """A reader written from the literal frames alone: it answers what it is told, whatever was asked."""

    def __init__(self, answers: dict[bytes, list[bytes]]) -> None:
        self.answers = answers
        self.wire = PtyWire("foreign", self._received)
        self.wire.plug()

    def _received(self, data: bytes) -> None:
        for part in self.answers.get(data[7:9], []):
            self.wire.send(part)


def good_answers(text: bytes) -> dict[bytes, list[bytes]]:
    return {
        b"\x11\xff": [bytes.fromhex("AAAAAA96690004000090") + b"\x94"],
        b"\x12\xff": [encode_answer(SW3.OK, bytes(16))],
        b"\x20\x01": [bytes.fromhex("AAAAAA9669000800009F0000000097")],
        b"\x20\x02": [bytes.fromhex("AAAAAA9669000C00009000000000000000009C")],
        b"\x30\x01": [encode_answer(SW3.OK, b"\x01\x00\x04\x00" + text + bytes(1024))],
    }


@pytest.fixture
def foreign(twin: SdtTwin) -> Iterator[ForeignReader]:
    foreign = ForeignReader(good_answers(encode_text(twin.deck["resident"].document)))
    yield foreign
    foreign.wire.stop()


def read_from(foreign: ForeignReader) -> object:
    reader = SdtReader(foreign.wire.port, patience=QUICK)
    try:
        reader.open(soon())
        return reader.read(soon())
    finally:
        reader.close()


def test_noise_and_torn_beginnings_before_the_answer_do_no_harm(foreign: ForeignReader) -> None:
    card = foreign.answers[b"\x30\x01"][0]
    for before in (
        b"\x00\xff\xaa",
        b"\xaa\xaa\x96",
        card[:7],
        card[:600],
        b"\xaa" * 40,
        b"\xaa\xaa\xaa\x96\x69\xff\xff",
    ):
        foreign.answers[b"\x30\x01"] = [before, card]
        assert isinstance(read_from(foreign), CardRead), before[:12].hex()


def test_a_sound_frame_with_too_little_in_it_is_a_short_answer(foreign: ForeignReader, twin: SdtTwin) -> None:
    payload = b"\x01\x00\x04\x00" + twin.deck["resident"].text
    for data in (b"", b"\x01", payload, payload[:100]):
        foreign.answers[b"\x30\x01"] = [encode_answer(SW3.OK, data)]
        with pytest.raises(DeviceError) as caught:
            read_from(foreign)
        assert caught.value.code == "short-answer"


def test_a_reader_that_babbles_without_end_is_garbage_within_the_deadline(foreign: ForeignReader) -> None:
    foreign.answers[b"\x20\x01"] = [bytes(1000)] * 12
    with pytest.raises(DeviceError) as caught:
        read_from(foreign)
    assert caught.value.code == "garbage"


def test_a_reader_without_photograph_gives_a_document_without_one(foreign: ForeignReader, twin: SdtTwin) -> None:
    text = twin.deck["resident"].text
    foreign.answers[b"\x30\x01"] = [encode_answer(SW3.OK, b"\x01\x00\x00\x00" + text)]
    outcome = read_from(foreign)
    assert isinstance(outcome, CardRead)
    assert outcome.document.photo is None


def test_a_reader_that_delivers_a_bitmap_says_so(foreign: ForeignReader, twin: SdtTwin) -> None:
    picture = b"BM" + bytes(38_860)
    data = (256).to_bytes(2, "big") + len(picture).to_bytes(2, "big") + twin.deck["resident"].text + picture
    foreign.wire.baud = 2_000_000  # a tty holds 4096 bytes: unpaced, the rest would be lost
    foreign.answers[b"\x30\x01"] = [encode_answer(SW3.OK, data)]
    outcome = read_from(foreign)
    assert isinstance(outcome, CardRead)
    assert outcome.document.photo is not None
    assert outcome.document.photo.encoding == "bmp"


def test_a_signal_of_the_line_is_unplugged_not_a_crash() -> None:
    twin = SdtTwin("id_reader", baud=0)
    twin.start()
    port = SerialPort(twin.port)
    port.open(soon())
    twin.act("unplug", {})
    with pytest.raises(Unplugged):
        port.read_exact(1, soon())
    with pytest.raises(Unplugged):
        port.write(b"x", soon())
    port.close()
    twin.stop()


def test_encoded_documents_fit_the_card(twin: SdtTwin) -> None:
    for card in twin.deck.values():
        assert len(encode_answer(SW3.OK, encode_payload(Payload(card.text, card.photo)))) == 1295
