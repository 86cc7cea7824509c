"""What every document scanner promises: run against SANE's own backend ``test``, replays of its captured runs, and
(marked) the device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.document_scanner import (
    DocumentScanner,
    Mode,
    NotScanned,
    Scanned,
    ScanProgress,
    ScanSettings,
    Source,
    Unknown,
)
from devices.drivers.sane.driver import SaneScanner
from devices.simulators.sane import SaneTwin
from devices.transports.program_capture import CapturingPrograms, ReplayPrograms
from tests.wire.sane_room import sane_scanner

GLASS = ScanSettings(dpi=75)


def soon() -> Deadline:
    return Deadline.after(30)


class DocumentScannerContract:
    """Subclasses give ``scanner``, with a sheet on the glass."""

    def test_it_is_a_device(self, scanner: DocumentScanner) -> None:
        assert isinstance(scanner, Device)
        assert (scanner.info.kind, bool(scanner.info.port)) == ("document_scanner", True)

    def test_a_well_scanner_is_usable_and_tells_what_it_can_do(self, scanner: DocumentScanner) -> None:
        scanner.open(soon())
        assert scanner.poll(soon()).usable
        told = scanner.capabilities
        assert told["sources"]
        assert told["dpi"]

    def test_a_page_comes_whole_with_its_resolution(self, scanner: DocumentScanner) -> None:
        reports: list[ScanProgress] = []
        outcome = scanner.scan(GLASS, deadline=soon(), progress=reports.append)
        assert isinstance(outcome, Scanned)
        (page,) = outcome.pages
        assert (page.mode, page.dpi, page.data[:2]) == (Mode.GREY, 75, b"P5")
        assert abs(page.width - 210 / 25.4 * 75) < 8
        assert abs(page.height - 297 / 25.4 * 75) < 8
        assert reports[-1] == ScanProgress(1, 0.0)
        assert scanner.statistics()["pages"] == 1

    def test_what_it_cannot_do_is_refused_and_never_done_otherwise(self, scanner: DocumentScanner) -> None:
        outcome = scanner.scan(ScanSettings(size=(900.0, 1900.0)), deadline=soon())
        assert isinstance(outcome, NotScanned)
        assert outcome.reason.code == "settings"

    @pytest.mark.parametrize(
        ("level", "passed"), [(Level.INTERNAL, True), (Level.EXTERNAL, True), (Level.INTERACTIVE, None)]
    )
    def test_self_tests_pass_or_leave_it_to_a_person(
        self, scanner: DocumentScanner, level: Level, passed: bool | None
    ) -> None:
        assert scanner.self_test(level, soon()).passed is passed

    def test_reset_open_and_close_may_be_repeated(self, scanner: DocumentScanner) -> None:
        for _ in range(2):
            scanner.open(soon())
            scanner.reset(soon())
        scanner.close()
        scanner.close()
        scanner.open(soon())
        assert scanner.poll(soon()).state is State.ONLINE

    def test_nothing_it_shows_holds_a_picture(self, scanner: DocumentScanner) -> None:
        outcome = scanner.scan(GLASS, deadline=soon())
        shown = f"{outcome} {scanner!r} {scanner.info} {scanner.capabilities} {scanner.statistics()}"
        assert len(shown) < 1500


@pytest.fixture
def twin() -> Iterator[SaneTwin]:
    with sane_scanner() as twin:
        yield twin


class TestSaneBackend(DocumentScannerContract):
    @pytest.fixture
    def scanner(self, twin: SaneTwin) -> SaneScanner:
        return SaneScanner(twin.port, rest=0.0)

    def test_a_feeder_gives_all_its_pages_in_one_document(self, scanner: SaneScanner) -> None:
        outcome = scanner.scan(ScanSettings(Source.FEEDER, Mode.COLOUR, 75), deadline=soon())
        assert isinstance(outcome, Scanned)
        assert {(page.mode, page.data[:2]) for page in outcome.pages} == {(Mode.COLOUR, b"P6")}
        assert len(outcome.pages) == 10  # what the backend's feeder holds

    def test_more_sheets_than_a_document_may_have_are_no_document(self, scanner: SaneScanner) -> None:
        outcome = scanner.scan(ScanSettings(Source.FEEDER, dpi=75, pages=10), deadline=soon())
        assert isinstance(outcome, Scanned)
        outcome = scanner.scan(ScanSettings(Source.FEEDER, dpi=75, pages=9), deadline=soon())
        assert isinstance(outcome, NotScanned)
        assert (outcome.reason.code, outcome.whole) == ("too-many-pages", 9)

    @pytest.mark.parametrize("trouble", ["no-docs", "jammed", "cover-open", "busy", "io-error", "truncated"])
    @pytest.mark.parametrize("source", [Source.FLATBED, Source.FEEDER])
    def test_trouble_is_never_a_document(
        self, twin: SaneTwin, scanner: SaneScanner, trouble: str, source: Source
    ) -> None:
        scanner.open(soon())
        twin.act(trouble, {})
        outcome = scanner.scan(ScanSettings(source, dpi=75), deadline=soon())
        assert isinstance(outcome, Unknown if trouble == "io-error" else NotScanned)
        assert outcome.reason.code == trouble
        twin.act("ok", {})
        assert isinstance(scanner.scan(GLASS, deadline=soon()), Scanned)

    def test_a_scanner_that_is_gone_is_an_error_and_works_again_when_it_is_back(
        self, twin: SaneTwin, scanner: SaneScanner
    ) -> None:
        scanner.open(soon())
        twin.act("gone", {})
        with pytest.raises(DeviceError) as error:
            scanner.poll(soon())
        assert (error.value.code, error.value.retryable) == ("port-missing", True)
        twin.act("ok", {})
        scanner.open(soon())
        assert isinstance(scanner.scan(GLASS, deadline=soon()), Scanned)


LEVELS: dict[str, dict[str, object]] = {
    level.value: {"level": level, "passed": None if level is Level.INTERACTIVE else True} for level in Level
}
PROMISES = [(n, {}) for n in vars(DocumentScannerContract) if n.startswith("test_") and "self_tests" not in n]
PROMISES += [("test_self_tests_pass_or_leave_it_to_a_person", extra) for extra in LEVELS.values()]


@pytest.mark.parametrize(("promise", "extra"), PROMISES, ids=[name.removeprefix("test_")[:32] for name, _ in PROMISES])
def test_a_promise_kept_behind_scanimage_is_kept_on_the_replay_of_its_runs(
    twin: SaneTwin, promise: str, extra: dict[str, object], tmp_path: Path
) -> None:
    keep, path = getattr(DocumentScannerContract(), promise), tmp_path / "c.jsonl"
    keep(scanner=SaneScanner(twin.port, rest=0.0, programs=CapturingPrograms(path)), **extra)
    if not path.exists():
        return  # a promise that needs no word from the scanner
    twin.stop()
    replay = ReplayPrograms(path)
    keep(scanner=SaneScanner("sane:test:1", rest=0.0, programs=replay), **extra)
    assert replay.finished


@pytest.mark.hardware
class TestSaneOnADevice(DocumentScannerContract):
    """HARDWARE_SANE names the scanner as ``scanimage -L`` does. Lay a sheet on the glass."""

    @pytest.fixture
    def scanner(self) -> SaneScanner:
        return SaneScanner(os.environ["HARDWARE_SANE"])
