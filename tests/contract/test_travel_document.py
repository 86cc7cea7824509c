"""What every reader of travel documents promises. A driver joins by adding a bench to ``BENCHES``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.identity import NoCard
from devices.contracts.travel_document import (
    Authentic,
    CanKey,
    Forged,
    MrzKey,
    TravelDocument,
    TravelDocumentKind,
    TravelDocumentReader,
    Untrusted,
)
from devices.drivers.emrtd.csca import CscaStore
from devices.drivers.emrtd.driver import EmrtdReader
from devices.drivers.pcsc.driver import PcscReader
from devices.simulators.applet_slot import AppletSlot
from devices.transports.apdu_capture import CapturingSlot, ReplaySlot
from devices.transports.capture import ReplayMismatch
from devices.transports.pcsc import PcscSlot
from devices.transports.slot import Look
from tests.wire import travel_papers
from tests.wire.pcsc_room import PcscRoom

PASSPORT = travel_papers.document("passport")


def soon() -> Deadline:
    return Deadline.after(20)


@dataclass
class Bench:
    """A reader and the hand that lays documents on it."""

    reader: TravelDocumentReader
    lay: Callable[..., Any]  # role and options of travel_papers.chip
    act: Callable[..., Any]


def in_process(tmp_path: Path, trusted: CscaStore) -> Iterator[Bench]:
    slot = AppletSlot(travel_papers.chip(), inserted=False)

    def lay(**options: Any) -> None:
        slot.act("pull")
        slot.card.applet = travel_papers.chip(**options)
        slot.act("insert")

    yield Bench(EmrtdReader(PcscReader(slot=slot), trusted), lay, lambda name, **more: slot.act(name, more))


class Hand:
    """Lays chips into a room's first slot, and waits until pcscd has seen it: vpcd looks every 0.4 s."""

    def __init__(self, room: PcscRoom) -> None:
        self._room = room
        self._eye = PcscSlot(room.readers[0])
        self._eye.open(soon())
        self._now = self._eye.look(soon())
        self._laid: dict[str, Any] | None = None

    def lay(self, **options: Any) -> None:
        if self._laid == options and self._eye.look(soon()).present:
            return
        if self._laid is not None:
            self.act("pull")  # a quick exchange would go unseen
        self._room.insert(travel_papers.CHIP, **options)
        self._laid = options
        self._wait(lambda look: look.present)

    def act(self, name: str, **more: Any) -> None:
        self._room.act(name, **more)
        if name in ("pull", "insert"):
            self._wait(lambda look: look.present is (name == "insert"))

    def _wait(self, wanted: Callable[[Look], bool]) -> None:
        deadline = soon()
        look = self._eye.look(deadline)
        while not wanted(look):
            assert not deadline.expired, f"pcscd does not see it: {look}"
            look = self._eye.look(deadline, look)

    def close(self) -> None:
        self._eye.close()


def behind_pcscd(tmp_path: Path, trusted: CscaStore) -> Iterator[Bench]:
    with PcscRoom(tmp_path) as room:
        hand, below = Hand(room), PcscReader(room.readers[0])
        try:
            yield Bench(EmrtdReader(below, trusted), hand.lay, hand.act)
        finally:
            below.close()
            hand.close()


BENCHES = {"in process": in_process, "behind pcscd": behind_pcscd}


@pytest.fixture(scope="module", params=BENCHES, ids=str)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    benches = BENCHES[request.param](tmp_path_factory.mktemp("bench"), travel_papers.store(PASSPORT))
    bench = next(benches)
    bench.reader.open(soon())
    try:
        yield bench
    finally:
        bench.reader.close()
        assert next(benches, None) is None


@pytest.fixture
def bench(shared: Bench) -> Iterator[Bench]:
    shared.lay()
    yield shared
    shared.act("ok")


def read(bench: Bench, key: MrzKey | CanKey | None = None) -> TravelDocument:
    outcome = bench.reader.read(key or travel_papers.key(PASSPORT), soon())
    assert isinstance(outcome, TravelDocument)
    return outcome


def refused(bench: Bench, key: MrzKey | CanKey) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        bench.reader.read(key, soon())
    assert caught.value.advice
    return caught.value


def test_it_is_a_device_and_says_who_it_is(bench: Bench) -> None:
    assert isinstance(bench.reader, Device)
    assert bench.reader.info.kind == "travel_document"
    assert bench.reader.info.port
    status = bench.reader.poll(soon())
    assert (status.state, status.faults, status.details["csca_countries"]) == (State.ONLINE, (), "1")


def test_an_empty_field_is_no_card(bench: Bench) -> None:
    bench.act("pull")
    assert bench.reader.read(travel_papers.key(PASSPORT), soon()) == NoCard()
    assert not bench.reader.present(soon())


def test_a_passport_says_what_was_issued_and_is_authentic(bench: Bench) -> None:
    document = read(bench)
    who = PASSPORT.traveller
    assert document.kind is TravelDocumentKind.PASSPORT
    assert (document.number, document.surname, document.given_names) == (who.number, who.surname, who.given)
    assert (document.birth, document.expiry) == (who.birth, who.expiry)
    assert document.sex == {"M": "1", "F": "2"}[who.sex]
    assert document.authenticity == Authentic("UT")
    assert document.photo is not None
    assert document.photo.data in PASSPORT.files[0x0102]
    assert bench.reader.present(soon())


def test_a_card_with_a_long_number_is_read(bench: Bench) -> None:
    paper = travel_papers.document("long_number")
    bench.lay(role="long_number")
    document = read(bench, travel_papers.key(paper))
    assert (document.number, document.birth) == (paper.traveller.number, paper.traveller.birth)
    assert document.expired(paper.traveller.expiry) is False


def test_a_document_that_stays_is_read_again(bench: Bench) -> None:
    assert read(bench) == read(bench)


def test_a_page_that_is_not_this_documents_is_a_wrong_key_and_the_right_one_still_works(bench: Bench) -> None:
    error = refused(bench, MrzKey("X00000000", "700101", "300101"))
    assert (error.code, error.retryable) == ("wrong-key", True)
    assert not any(word in f"{error}{error.advice}" for word in ("X00000000", "700101", "300101"))
    assert read(bench).authenticity == Authentic("UT")


@pytest.mark.parametrize("key", [MrzKey("", "", ""), MrzKey("X1", "1970-01-01", "300101"), CanKey("12345")])
def test_what_cannot_be_a_key_is_refused_before_the_chip_is_asked(bench: Bench, key: MrzKey | CanKey) -> None:
    error = refused(bench, key)
    assert (error.code, error.retryable) == ("key-malformed", False)


def test_pace_opens_by_the_zone_and_by_the_card_access_number(bench: Bench) -> None:
    bench.lay(pace="AES-128", bac=False)
    by_zone = read(bench)
    assert read(bench, CanKey(PASSPORT.can)) == by_zone
    other = "000000" if PASSPORT.can != "000000" else "000001"
    assert refused(bench, CanKey(other)).code == "wrong-key"


def test_a_card_access_number_does_not_open_a_chip_without_pace(bench: Bench) -> None:
    assert refused(bench, CanKey(PASSPORT.can)).code == "access-unknown"


def test_a_forged_picture_is_told(bench: Bench) -> None:
    bench.lay(forged="dg2")
    assert read(bench).authenticity == Forged(("dg2",))


def test_another_card_is_no_travel_document(bench: Bench) -> None:
    bench.act("wrong-status", sw="6A82", times=0)
    assert refused(bench, travel_papers.key(PASSPORT)).code == "no-application"


def test_a_document_pulled_while_it_is_read_is_told_and_read_when_it_is_back(bench: Bench) -> None:
    bench.act("pull-at-apdu", n=20)
    assert refused(bench, travel_papers.key(PASSPORT)).code == "card-pulled"
    bench.act("insert")
    assert read(bench).authenticity == Authentic("UT")


def test_silence_ends_within_the_deadline_and_has_a_name(bench: Bench) -> None:
    bench.act("mute", n=10)
    deadline = Deadline.after(1.0)
    with pytest.raises(DeviceError) as caught:
        bench.reader.read(travel_papers.key(PASSPORT), deadline)
    assert caught.value.code in ("card-mute", "no-answer")
    assert Deadline.after(0).at - deadline.at < 1.0


def test_self_tests_at_three_levels(bench: Bench) -> None:
    assert bench.reader.self_test(Level.INTERNAL, soon()).passed is True
    result = bench.reader.self_test(Level.EXTERNAL, soon())
    assert (result.passed, "travel document" in result.report) == (True, True)
    assert bench.reader.self_test(Level.INTERACTIVE, soon()).passed is True
    bench.act("pull")
    assert bench.reader.self_test(Level.EXTERNAL, soon()).passed is None
    assert bench.reader.self_test(Level.INTERACTIVE, Deadline.after(0.3)).passed is False
    assert PASSPORT.traveller.surname not in result.report


def test_reset_loses_neither_the_reader_nor_the_document(bench: Bench) -> None:
    bench.reader.reset(soon())
    assert read(bench).authenticity == Authentic("UT")


def test_statistics_count_documents_and_their_time(bench: Bench) -> None:
    before = bench.reader.statistics()
    read(bench)
    after = bench.reader.statistics()
    assert after["documents"] == before.get("documents", 0) + 1
    assert after["authentic"] == before.get("authentic", 0) + 1
    assert after["read_ms"] == before.get("read_ms", 0) + after["read_ms_last"]
    assert after["bytes"] - before.get("bytes", 0) >= sum(
        len(PASSPORT.files[file]) for file in (0x011E, 0x011D, 0x0101, 0x0102)
    )


def test_nothing_that_is_shown_or_counted_is_personal(bench: Bench) -> None:
    document = read(bench)
    shown = (
        f"{document!r} {document.photo!r} {bench.reader.statistics()} {bench.reader.info} {bench.reader.capabilities}"
    )
    for word in (document.number, document.surname, document.given_names, PASSPORT.can):
        assert word not in shown


def replayed(path: Path, seed: int, key: MrzKey) -> tuple[TravelDocument | NoCard, ReplaySlot]:
    slot = ReplaySlot.load(path)
    reader = EmrtdReader(PcscReader(slot=slot), travel_papers.store(PASSPORT), draw=Random(seed).randbytes)
    reader.open(soon())
    return reader.read(key, soon()), slot


@pytest.mark.parametrize("options", [{}, {"pace": "AES-256"}, {"extended": True}], ids=str)
def test_a_captured_conversation_replays_to_the_same_document(tmp_path: Path, options: dict[str, Any]) -> None:
    path, key = tmp_path / "read.jsonl", travel_papers.key(PASSPORT)
    slot = CapturingSlot(AppletSlot(travel_papers.chip(**options)), path)
    below = PcscReader(slot=slot)
    live = EmrtdReader(below, travel_papers.store(PASSPORT), draw=Random(7).randbytes)
    live.open(soon())
    first = live.read(key, soon())
    below.close()
    again, replay = replayed(path, 7, key)
    assert isinstance(again, TravelDocument)
    assert again == first
    assert replay.finished
    with pytest.raises(ReplayMismatch):
        replayed(path, 8, key)  # other random numbers: another conversation


def test_without_any_certificate_the_reader_says_so_and_believes_nobody() -> None:
    reader = EmrtdReader(PcscReader(slot=AppletSlot(travel_papers.chip())), CscaStore())
    reader.open(soon())
    status = reader.poll(soon())
    assert [(fault.code, fault.blocking) for fault in status.faults] == [("no-csca", False)]
    assert status.usable
    outcome = reader.read(travel_papers.key(PASSPORT), soon())
    assert isinstance(outcome, TravelDocument)
    assert outcome.authenticity == Untrusted("no-csca")


@pytest.mark.hardware
def test_a_real_document_is_read(pytestconfig: pytest.Config) -> None:
    """Lay a travel document on the only reader; its zone stands in the file named by EMRTD_MRZ_FILE."""
    import os

    from devices.drivers.emrtd import mrz

    below = PcscReader()
    reader = EmrtdReader(below, CscaStore.load(Path(os.environ.get("EMRTD_CSCA", "/nonexistent"))))
    reader.open(soon())
    try:
        key = mrz.parse(Path(os.environ["EMRTD_MRZ_FILE"]).read_text(encoding="utf-8")).key
        outcome = reader.read(key, Deadline.after(30))
        assert isinstance(outcome, TravelDocument)
        assert not isinstance(outcome.authenticity, Forged)
    finally:
        below.close()
