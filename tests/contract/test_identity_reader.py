"""What every identity reader promises. A driver joins by adding a bench to ``BENCHES``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.identity import CardGone, CardRead, DocumentKind, IdentityReader, NoCard
from devices.drivers.sdt.driver import SdtReader
from devices.drivers.sdt.link import Patience
from devices.simulators.sdt import SdtTwin
from devices.simulators.usb import UsbWire
from devices.transports.capture import CapturingStream, ReplayMismatch, ReplayStream
from devices.transports.serial import SerialPort
from devices.transports.usb import UsbBulk
from devices.watch import CardWatch

QUICK = Patience(command=0.3, frame=0.2, noise=0.2, settle=0.02)


def soon() -> Deadline:
    return Deadline.after(5)


@dataclass
class Bench:
    """A reader and the hand that lays cards on it."""

    reader: IdentityReader
    twin: SdtTwin

    def put(self, card: str) -> None:
        self.twin.act("put", {"card": card})

    def take(self) -> None:
        self.twin.act("take", {})


def sdt_bench(refind: bool) -> Bench:
    twin = SdtTwin("id_reader", baud=0, refind=refind)
    twin.start()
    return Bench(SdtReader(twin.port, patience=QUICK), twin)


def sdt_usb_bench() -> Bench:
    """On USB bulk pipes, at pyusb's backend interface."""
    twin = SdtTwin("id_reader", transport="usb")
    twin.start()
    assert isinstance(twin.wire, UsbWire)
    return Bench(SdtReader(twin.port, stream=UsbBulk(twin.port, backend=twin.wire.backend), patience=QUICK), twin)


BENCHES: dict[str, Callable[[], Bench]] = {
    "sdt, a card that stays is not found again": lambda: sdt_bench(refind=False),
    "sdt, a card that stays is found again": lambda: sdt_bench(refind=True),
    "sdt on USB pipes": sdt_usb_bench,
}


@pytest.fixture(params=BENCHES, ids=str)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = BENCHES[request.param]()
    try:
        bench.reader.open(soon())
        yield bench
    finally:
        bench.reader.close()
        bench.twin.stop()


def test_it_is_a_device_and_says_who_it_is(bench: Bench) -> None:
    assert isinstance(bench.reader, Device)
    assert bench.reader.info.kind == "id_reader"
    assert bench.reader.info.port == bench.twin.port
    assert bench.reader.info.serial
    assert bench.reader.poll(soon()).state is State.ONLINE


def test_an_empty_field_is_no_card(bench: Bench) -> None:
    assert bench.reader.read(soon()) == NoCard()
    assert not bench.reader.present(soon())


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_layout_is_read(bench: Bench, kind: DocumentKind) -> None:
    role = "hmt" if kind is DocumentKind.HMT_RESIDENCE else kind.value
    bench.put(role)
    outcome = bench.reader.read(soon())
    assert isinstance(outcome, CardRead)
    photo = outcome.document.photo
    assert photo is not None
    assert (photo.encoding, photo.data) == ("wlt", bench.twin.deck[role].photo)
    assert outcome.document.number == bench.twin.deck[role].document.number
    assert outcome.document.kind is kind


def test_a_card_that_stays_is_present_and_can_be_read_again(bench: Bench) -> None:
    bench.put("resident")
    first = bench.reader.read(soon())
    assert bench.reader.present(soon())
    assert bench.reader.read(soon()) == first
    assert bench.reader.present(soon())


def test_a_card_that_lay_there_before_opening_is_read(bench: Bench) -> None:
    bench.put("elder")
    first = bench.reader.read(soon())
    bench.reader.close()
    bench.reader.open(soon())
    assert bench.reader.read(soon()) == first


def test_a_card_taken_is_gone_and_the_next_one_is_another(bench: Bench) -> None:
    bench.put("resident")
    bench.reader.read(soon())
    bench.take()
    assert not bench.reader.present(soon())
    assert bench.reader.read(soon()) == NoCard()
    bench.put("elder")
    outcome = bench.reader.read(soon())
    assert isinstance(outcome, CardRead)
    assert outcome.document.number == bench.twin.deck["elder"].document.number


def test_a_card_exchanged_for_another_is_not_the_card_read_last(bench: Bench) -> None:
    bench.put("resident")
    bench.reader.read(soon())
    bench.put("minor")
    assert not bench.reader.present(soon())


def test_a_card_exchanged_behind_a_lost_line_or_a_reset_is_not_the_card_read_last(bench: Bench) -> None:
    """Else the second person would sit in the first one's visit."""

    def reopen() -> None:
        bench.reader.close()
        bench.reader.open(soon())

    for come_back in (reopen, lambda: bench.reader.reset(soon())):
        bench.put("resident")
        assert isinstance(bench.reader.read(soon()), CardRead)
        bench.put("minor")
        come_back()
        assert not bench.reader.present(soon())
        outcome = bench.reader.read(soon())
        assert isinstance(outcome, CardRead)
        assert outcome.document.number == bench.twin.deck["minor"].document.number


def test_reset_loses_neither_the_reader_nor_the_card(bench: Bench) -> None:
    bench.put("resident")
    bench.reader.read(soon())
    bench.reader.reset(soon())
    assert isinstance(bench.reader.read(soon()), CardRead)


def test_self_tests_at_three_levels(bench: Bench) -> None:
    assert bench.reader.self_test(Level.INTERNAL, soon()).passed is True
    assert bench.reader.self_test(Level.EXTERNAL, soon()).passed is None
    assert bench.reader.self_test(Level.INTERACTIVE, Deadline.after(0.2)).passed is False
    bench.put("resident")
    result = bench.reader.self_test(Level.INTERACTIVE, soon())
    assert result.passed is True
    assert bench.twin.deck["resident"].document.name not in result.report


def test_statistics_count_cards(bench: Bench) -> None:
    bench.put("resident")
    bench.reader.read(soon())
    assert bench.reader.statistics()["cards"] == 1


def test_silence_ends_within_the_deadline_and_has_a_name(bench: Bench) -> None:
    bench.twin.act("silent", {})
    deadline = Deadline.after(0.1)
    with pytest.raises(DeviceError) as caught:
        bench.reader.read(deadline)
    assert caught.value.code == "no-answer"
    assert caught.value.advice
    assert Deadline.after(0).at - deadline.at < 0.2


def test_watching_tells_each_card_once_and_its_leaving_once(bench: Bench) -> None:
    watch = CardWatch()
    seen: list[object] = []

    def look(times: int) -> list[object]:
        seen[:] = [type(event) for _ in range(times) for event in watch.look(bench.reader, soon())]
        return seen

    assert look(2) == []
    bench.put("resident")
    assert look(4) == [CardRead]
    bench.take()
    assert look(4) == [CardGone]
    bench.put("minor")
    assert look(3) == [CardRead]


def test_watching_tells_an_unreadable_card_once_and_reads_it_when_it_can(bench: Bench) -> None:
    watch = CardWatch()
    bench.twin.act("checksum", {"times": 3})
    bench.put("resident")
    events = [event for _ in range(6) for event in watch.look(bench.reader, soon())]
    assert [getattr(event, "code", type(event)) for event in events] == ["checksum", CardRead]


def test_a_captured_conversation_replays_to_the_same_document(tmp_path: Path) -> None:
    twin = SdtTwin("id_reader", baud=0)
    twin.start()
    try:
        twin.act("put", {"card": "foreigner_2023"})
        live = SdtReader(twin.port, stream=CapturingStream(SerialPort(twin.port), tmp_path / "read.jsonl"))
        live.open(soon())
        first = live.read(soon())
        live.close()
    finally:
        twin.stop()
    stream = ReplayStream.load(tmp_path / "read.jsonl")
    replayed = SdtReader("replay", stream=stream)
    replayed.open(soon())
    assert replayed.read(soon()) == first
    assert stream.finished


def test_a_replay_fails_on_the_first_wrong_byte(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"at": 0, "dir": "out", "hex": "aaaaaa9669000310ffec"}\n', encoding="ascii")
    reader = SdtReader("replay", stream=ReplayStream.load(tmp_path / "c.jsonl"))
    with pytest.raises(ReplayMismatch, match="byte 7 of the write: sent 11, captured 10"):
        reader.open(soon())


@pytest.mark.hardware
class TestSdtOnADevice:
    """HARDWARE_SDT names the port, /dev/serial/by-id/… or usb:0400:c35a. A test card lies on the reader."""

    @pytest.fixture
    def reader(self) -> Iterator[SdtReader]:
        reader = SdtReader(os.environ["HARDWARE_SDT"], newest_address=True)
        reader.open(soon())
        yield reader
        reader.close()

    def test_the_module_is_well_and_says_its_number(self, reader: SdtReader) -> None:
        assert reader.poll(soon()).state is State.ONLINE
        assert reader.info.serial
        assert reader.self_test(Level.INTERNAL, soon()).passed is True

    def test_the_card_is_read_stays_and_is_read_again(self, reader: SdtReader) -> None:
        first = reader.read(soon())
        assert isinstance(first, CardRead)
        assert first.document.photo is not None
        assert reader.present(soon())
        assert reader.read(soon()) == first
        assert not isinstance(reader.fingerprint(soon()), NoCard)

    def test_a_reset_loses_neither_the_reader_nor_the_card(self, reader: SdtReader) -> None:
        assert isinstance(reader.read(soon()), CardRead)
        reader.reset(soon())
        assert isinstance(reader.read(soon()), CardRead)
