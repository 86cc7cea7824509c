"""What scanimage writes, as Debian's 1.2.1 wrote it; and pages from any bytes in any pieces."""

from __future__ import annotations

import os
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.document_scanner import Mode, Page, ScanSettings, Source
from devices.drivers.sane import protocol
from devices.drivers.sane.pages import Incoming
from devices.drivers.sane.png import png
from devices.drivers.sane.protocol import PnmError, PnmHead, pnm_head

# scanimage -A of the backend `test`, and two lines of other backends' (epson2, brother)
ALL_OPTIONS = """
All options specific to device `test:0':
  Scan Mode:
    --mode Gray|Color [Gray]
        Selects the scan mode (e.g., lineart, monochrome, or color).
    --depth 1|8|16 [8]
    --hand-scanner[=(yes|no)] [no]
    --three-pass-order RGB|RBG|GBR|GRB|BRG|BGR [inactive]
    --resolution 1..1200dpi (in steps of 1) [50]
        Sets the resolution of the scanned image.
    --source Flatbed|Automatic Document Feeder [Flatbed]
  Geometry:
    -l 0..200mm (in steps of 1) [0]
        Top-left x position of scan area.
    -x 0..200mm (in steps of 1) [80]
    -y 0..297.18mm [100]
  Bool test options:
    --bool-soft-select-soft-detect[=(yes|no)] [inactive]
"""
JAM = """Scanning 1 page, incrementing by 1, numbering from 1
Scanning page 1
scanimage: sane_read: Document feeder jammed
Scanned page 1. (scanner status = 6)
Batch terminated, 1 page scanned
"""
EMPTY = """Scanning page 10
Scanned page 10. (scanner status = 5)
Scanning page 11
scanimage: sane_start: Document feeder out of documents
Batch terminated, 10 pages scanned
"""


def test_the_options_of_a_device() -> None:
    options = protocol.options_of(ALL_OPTIONS)
    assert (options.source(Source.FLATBED), options.source(Source.FEEDER)) == ("Flatbed", "Automatic Document Feeder")
    assert options.source(Source.FEEDER_DUPLEX) is None
    assert (options.mode(Mode.GREY), options.mode(Mode.COLOUR), options.mode(Mode.LINEART)) == ("Gray", "Color", None)
    assert (options.ranged, options.resolutions, options.size) == (True, (1.0, 1200.0), (200.0, 297.18))
    assert options.takes_dpi(300)
    assert not options.takes_dpi(2400)
    assert "three-pass-order" not in options.names


@pytest.mark.parametrize(
    ("line", "dpi", "takes"),
    [
        ("    --resolution 75|100|150|300|600dpi [75]", 300, True),
        ("    --resolution 75|100|150|300|600dpi [75]", 200, False),
        ("    --resolution auto||75|150dpi [150]", 75, True),
        ("    --resolution 50..600dpi [50]", 299, True),
    ],
)
def test_resolutions_as_a_list_and_as_a_range(line: str, dpi: int, takes: bool) -> None:
    assert protocol.options_of(line).takes_dpi(dpi) is takes


@pytest.mark.parametrize(
    ("word", "source"),
    [
        ("Flatbed", Source.FLATBED),
        ("FlatBed", Source.FLATBED),
        ("ADF", Source.FEEDER),
        ("ADF Front", Source.FEEDER),
        ("ADF Duplex", Source.FEEDER_DUPLEX),
        ("Automatic Document Feeder(centrally aligned)", Source.FEEDER),
        ("Automatic Document Feeder(centrally aligned,Duplex)", Source.FEEDER_DUPLEX),
    ],
)
def test_the_words_of_different_backends_for_where_the_sheet_lies(word: str, source: Source) -> None:
    assert protocol.options_of(f"    --source {word}|Slides [{word}]").source(source) == word


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("Lineart", Mode.LINEART),
        ("Black & White", Mode.LINEART),
        ("True Gray", Mode.GREY),
        ("Gray[Error Diffusion]", Mode.GREY),
        ("24bit Color[Fast]", Mode.COLOUR),
    ],
)
def test_the_words_of_different_backends_for_the_mode(word: str, mode: Mode) -> None:
    assert protocol.options_of(f"    --mode {word} [x]").mode(mode) == word


def test_the_status_stands_in_what_was_said() -> None:
    assert protocol.status_of(JAM) == 6
    assert protocol.status_of(EMPTY) == protocol.NO_DOCS
    assert protocol.page_status(JAM, 1) == 6
    assert protocol.page_status(JAM, 2) is None
    assert protocol.status_of("scanimage: open of device test:5 failed: Invalid argument\n") == protocol.INVAL
    assert protocol.status_of("scanimage: setting of option --mode failed (Invalid argument)\n") == protocol.INVAL
    assert protocol.not_opened("scanimage: open of device test:5 failed: Invalid argument\n")
    assert protocol.status_of("Scanning page 1\n") is None
    assert protocol.rounded_dpi("scanimage: rounded value of resolution from 5000 to 1200\n") == 1200


def test_every_status_of_the_standard_has_its_fault() -> None:
    assert set(protocol.STATUS) == set(protocol.TEXTS.values()) == set(range(1, 12))
    assert len({fault.code for fault in protocol.STATUS.values()}) == 11


@pytest.mark.parametrize(
    ("data", "head"),
    [
        (b"P5\n# SANE data follows\n157 196\n255\n", PnmHead(Mode.GREY, 157, 196, 35, 157 * 196)),
        (b"P6\n# SANE data follows\n10 2\n255\n", PnmHead(Mode.COLOUR, 10, 2, 32, 60)),
        (b"P4\n# SANE data follows\n10 3\n", PnmHead(Mode.LINEART, 10, 3, 28, 6)),
        (b"P5 1 1 255 ", PnmHead(Mode.GREY, 1, 1, 11, 1)),
        (b"P5\n# SANE da", None),
        (b"P", None),
        (b"", None),
    ],
)
def test_the_head_of_a_page(data: bytes, head: PnmHead | None) -> None:
    assert pnm_head(data) == head
    if head:
        assert pnm_head(data + bytes(head.size)) == head


@pytest.mark.parametrize(
    "data", [b"GIF89a", b"P7\n1 1\n255\n", b"P5\n0 5\n255\n", b"P5\n5 5\n65535\n", b"P5\n" + b"#" * 600]
)
def test_what_is_no_page_is_an_error(data: bytes) -> None:
    with pytest.raises(PnmError):
        pnm_head(data)


@given(st.binary(max_size=700))
def test_any_bytes_are_a_head_or_none_or_an_error(data: bytes) -> None:
    try:
        head = pnm_head(data)
    except PnmError:
        return
    assert head is None or 0 < head.length <= len(data)


@given(st.text(max_size=400))
def test_any_words_are_understood_or_not_but_never_crash(said: str) -> None:
    protocol.options_of(said)
    protocol.status_of(said)
    protocol.page_status(said, 1)
    protocol.rounded_dpi(said)


def arrive(pieces: list[bytes], limit: int = 10_000) -> Incoming:
    """Pieces through a real pipe, then its end."""
    near, far = os.pipe()
    os.set_blocking(near, False)
    incoming = Incoming(near, limit)
    try:
        for piece in pieces:
            os.write(far, piece)
            incoming.take()
        os.close(far)
        far = -1
        incoming.take()
    finally:
        os.close(near)
        if far >= 0:
            os.close(far)
    return incoming


WHOLE = b"P5\n# SANE data follows\n20 10\n255\n" + bytes(range(200))


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(WHOLE)), max_size=6), st.integers(0, len(WHOLE)))
def test_a_page_in_any_pieces_is_the_page_and_any_part_of_it_is_none(cuts: list[int], end: int) -> None:
    places = sorted({0, *cuts, len(WHOLE)})
    page = arrive([WHOLE[a:b] for a, b in pairwise(places)]).page(75)
    assert page == Page(20, 10, 75, Mode.GREY, WHOLE)
    part = arrive([WHOLE[:end]])
    assert (part.page(75) is None) == (end < len(WHOLE))


def test_one_byte_too_many_and_a_page_too_large_are_errors() -> None:
    with pytest.raises(PnmError):
        arrive([WHOLE + b"\0"])
    with pytest.raises(PnmError):
        arrive([b"P5\n9000 9000\n255\n"])


def test_lineart_as_png_has_black_where_the_page_has_black() -> None:
    data = png(Page(10, 2, 300, Mode.LINEART, b"P4\n10 2\n" + b"\xff\xc0\x00\x00"))
    start = data.index(b"IDAT") + 4
    assert zlib.decompress(data[start : data.index(b"IEND") - 8]) == b"\0\x00\x3f\0\xff\xff"


@pytest.mark.parametrize("wrong", [{"dpi": 0}, {"pages": 0}, {"pages": 1000}, {"size": (0.0, 10.0)}])
def test_settings_out_of_bounds_are_no_settings(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        ScanSettings(**wrong)  # type: ignore[arg-type]
