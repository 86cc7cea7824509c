"""The reading process in trouble: broken and huge pages, killed, hanging, not installed; each a typed word, in time."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level
from devices.simulators import documents
from devices.vision.ocr import OcrReader
from devices.vision.parameters import OcrParameters
from tests.patience import BUSY

pytestmark = [
    pytest.mark.skipif(bool(OcrReader.missing()), reason="the extra 'ocr' is not installed"),
    pytest.mark.timeout(240),
]
LONG = 100.0  # s that a machine with everything else to do may need for a page


@pytest.fixture
def reader() -> Iterator[OcrReader]:
    made = OcrReader()
    yield made
    made.release()


@pytest.fixture(scope="module")
def warm() -> Iterator[OcrReader]:
    """One process for the tests that do it no harm."""
    made = OcrReader(OcrParameters(idle=600.0))
    made.self_test(Level.INTERNAL, Deadline.after(LONG))
    yield made
    made.release()


@pytest.fixture(scope="module")
def line() -> bytes:
    """A few words in a small picture: read within a second where nothing else goes on."""
    from PIL import Image, ImageDraw

    from devices.simulators.papers import font

    picture = Image.new("RGB", (800, 740), (248, 248, 245))
    ImageDraw.Draw(picture).text((60, 300), "坐落：大同市平城区云中路204号", font=font(44), fill=(20, 20, 20))
    return encoded(picture)


def encoded(picture: object, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)  # type: ignore[attr-defined]
    return buffer.getvalue()


def until(true: object, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.01)


def refused(reader: OcrReader, page: bytes, seconds: float = LONG) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        reader.read(page, Deadline.after(seconds))
    assert caught.value.advice
    return caught.value


def test_pages_that_are_none_are_told_and_the_process_lives_on(warm: OcrReader, line: bytes) -> None:
    for page in (b"", b"no picture", line[: len(line) // 3], b"\xff\xd8\xff" + b"\0" * 500, line[:200]):
        assert refused(warm, page).code in ("picture-malformed",), page[:8]
    pid = warm.child_pid()
    reading = warm.read(line, Deadline.after(LONG))
    assert warm.fields("premises_proof", reading)[0].value == "大同市平城区云中路204号"
    assert warm.child_pid() == pid


def test_a_page_of_fifty_megapixels_is_refused_before_it_is_unpacked(warm: OcrReader) -> None:
    from PIL import Image

    before = warm.child_memory()
    page = encoded(Image.new("L", (7200, 7000), 255))
    error = refused(warm, page)
    assert (error.code, error.retryable) == ("picture-too-large", False)
    assert warm.child_memory() - before < 60e6, "it would take 150 MB"


def test_a_small_file_that_unfolds_to_a_huge_picture_is_refused_too(warm: OcrReader) -> None:
    from PIL import Image

    page = encoded(Image.new("1", (30000, 30000)), "PNG")
    assert len(page) < 1_000_000
    assert refused(warm, page).code == "picture-too-large"


def test_more_bytes_than_a_page_has_are_not_sent(line: bytes) -> None:
    reader = OcrReader(OcrParameters(max_bytes=len(line) - 1))
    assert refused(reader, line).code == "picture-too-large"
    assert reader.starts == 0


def test_a_process_that_hangs_is_ended_at_the_deadline_and_the_next_page_is_read(
    reader: OcrReader, line: bytes
) -> None:
    reader.self_test(Level.INTERNAL, Deadline.after(LONG))
    pid = reader.child_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    assert refused(reader, line, 1.0).code == "child-silent"
    assert time.monotonic() - began < 1.0 + BUSY
    assert not Path(f"/proc/{pid}").exists()
    assert reader.read(line, Deadline.after(LONG)).lines
    assert reader.starts == 2


def test_a_process_that_is_killed_under_a_page_is_given_it_again(reader: OcrReader, line: bytes) -> None:
    reader.self_test(Level.INTERNAL, Deadline.after(LONG))
    pid = reader.child_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that it is certainly in the middle when it dies
    killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killer.start()
    try:
        assert reader.read(line, Deadline.after(LONG)).lines
    finally:
        killer.join()
    assert reader.starts == 2


def test_release_ends_a_page_that_is_being_read_at_once(reader: OcrReader, line: bytes) -> None:
    reader.self_test(Level.INTERNAL, Deadline.after(LONG))
    pid = reader.child_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    caught: list[str] = []

    def read() -> None:
        caught.append(refused(reader, line).code)

    reading = threading.Thread(target=read)
    reading.start()
    until(lambda: reader._turn.locked(), 5)
    began = time.monotonic()
    reader.release()
    reading.join(5)
    assert time.monotonic() - began < 1.0 + BUSY
    assert caught[0] in ("child-died", "reading-ended")
    assert reader.child_pid() is None
    assert reader.starts == 1, "nobody wants the page any more"


def test_release_while_the_process_is_being_started_leaves_none(
    reader: OcrReader, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = reader._child.start

    def released_meanwhile() -> None:
        reader.release()
        start()

    monkeypatch.setattr(reader._child, "start", released_meanwhile)
    assert refused(reader, line).code == "reading-ended"
    assert reader.starts == 1
    assert reader.child_pid() is None


def test_it_goes_by_itself_when_no_page_comes_and_is_back_with_the_next(line: bytes) -> None:
    reader = OcrReader(OcrParameters(idle=0.3))
    reader.self_test(Level.INTERNAL, Deadline.after(LONG))
    until(lambda: reader.child_pid() is None, 20)
    assert reader.child_memory() == 0
    assert reader.read(line, Deadline.after(LONG)).lines
    reader.release()


def test_two_pages_at_once_are_read_one_after_the_other(warm: OcrReader, line: bytes) -> None:
    found: list[int] = []
    before = warm.starts
    threads = [
        threading.Thread(target=lambda: found.append(len(warm.read(line, Deadline.after(LONG)).lines)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * LONG)
    assert found == [1, 1]
    assert warm.starts == before, "one process for both"


def test_without_the_package_nothing_is_started_and_it_is_told(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr("devices.vision.ocr._PACKAGES", ("no_such_package",))
    reader = OcrReader()
    assert reader.capabilities["ocr"] == "not installed"
    error = refused(reader, line)
    assert (error.code, error.retryable) == ("ocr-missing", False)
    assert "ocr" in error.advice
    assert reader.starts == 0


def test_a_package_that_is_found_and_does_not_load_is_told_by_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: bytes
) -> None:
    broken = tmp_path / "rapidocr_onnxruntime"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libonnxruntime.so: cannot open')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    reader = OcrReader()
    assert refused(reader, line).code == "ocr-missing"
    reader.release()


def test_the_self_test_reads_and_says_what_was_never_tried(warm: OcrReader) -> None:
    result = warm.self_test(Level.EXTERNAL, Deadline.after(LONG))
    assert result.passed is True
    assert "no picture of a camera" in result.report


def test_nothing_of_it_is_loaded_in_the_terminals_own_process(warm: OcrReader, line: bytes) -> None:
    warm.read(line, Deadline.after(LONG))
    loaded = [name for name in ("onnxruntime", "rapidocr_onnxruntime") if name in sys.modules]
    assert loaded == []


def test_a_blank_page_has_no_lines(warm: OcrReader) -> None:
    from PIL import Image

    assert warm.read(encoded(Image.new("RGB", (900, 800), (250, 250, 250))), Deadline.after(LONG)).lines == ()


@pytest.mark.parametrize("turn", [90, 180])
def test_a_page_is_read_whichever_way_it_lies(warm: OcrReader, turn: int) -> None:
    drawn = documents.draw(documents.PROPERTY, 1, 5.0).rotate(turn, expand=True)
    reading = warm.read(encoded(drawn), Deadline.after(LONG))
    assert reading.turn == turn
    found = {one.name: one.value for one in warm.fields("premises_proof", reading)}
    assert found["address"] == documents.values("property", 1)["address"]
