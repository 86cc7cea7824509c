"""The test pages: nobody takes one for a paper that counts, and a camera can read each back."""

from datetime import datetime

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from devices.contracts.inspection import BARS, CODE_BOX
from devices.vision.parameters import InspectionParameters
from devices.vision.streaks import judge
from kiosk.documents import render, test_page
from kiosk.domain.beijing import CHINA
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.domain.place import Place

PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
AT = datetime(2026, 11, 27, 3, 12, 5, tzinfo=CHINA)
CODE = "KIOSK-TEST T-140213-0001 20261127031205 0007"
SAID = {"terminal": "T-140213-0001", "at": AT, "serial": "0007", "printer": "ipp", "software": "0.1.0"}
DPI = 150


def content(**other: str) -> PaperContent:
    return test_page.content(PLACE, **{**SAID, **other})  # type: ignore[arg-type]


def picture(paper: RenderedPaper) -> Image.Image:
    document = pdfium.PdfDocument(paper.pdf)
    drawn: Image.Image = document[0].render(scale=DPI / 72).to_pil().convert("RGB")
    document.close()
    return drawn


def text(paper: RenderedPaper) -> str:
    document = pdfium.PdfDocument(paper.pdf)
    found: str = document[0].get_textpage().get_text_range()
    document.close()
    return found


@pytest.fixture(scope="module")
def printed() -> RenderedPaper:
    return render.render(content())


def test_it_says_that_it_is_a_test_and_what_printed_it_when(printed: RenderedPaper) -> None:
    told = text(printed)
    assert told.count("测试 · 不作凭证") == 2
    for words in ("打印机测试页", "T-140213-0001", "2026-11-27 03:12:05", "0007", "ipp", "𠮷"):
        assert words in told
    assert printed.pages == 1


def test_its_code_stands_where_the_camera_expects_it(printed: RenderedPaper) -> None:
    page = picture(printed)
    (code,) = zxingcpp.read_barcodes(page)
    assert code.text == CODE
    left, top, side = (number / 25.4 * DPI for number in CODE_BOX)
    corner = code.position.top_left
    assert abs(corner.x - left) < 4
    assert abs(corner.y - top) < 4
    assert abs(code.position.bottom_right.x - left - side) < 6


def test_its_bars_are_as_black_as_whoever_judges_them_thinks(printed: RenderedPaper) -> None:
    grey = np.asarray(picture(printed).convert("L"))
    for bar in BARS:
        middle = round((bar.top + bar.height / 2) / 25.4 * DPI)
        assert abs(float(np.median(grey[middle])) - 255 * (1 - bar.ink)) < 4
    flat = np.ascontiguousarray(np.asarray(picture(printed))[:, :, ::-1])
    found = judge(flat, InspectionParameters())
    assert (found.code, found.streaks) == (CODE, ())
    assert found.contrast > 0.95


def test_a_terminal_without_a_number_has_a_test_page_too() -> None:
    assert "尚未登记" in text(render.render(content(terminal="")))


def test_a_long_name_of_a_printer_stays_in_its_row() -> None:
    told = text(render.render(content(printer="ipp · " + "A very long name of a printer " * 2)))
    assert "A very long" in told


def test_the_same_page_gives_the_same_bytes(printed: RenderedPaper) -> None:
    assert render.render(content()).pdf == printed.pdf


def test_the_receipt_reads_back_and_says_test() -> None:
    paper = render.render(test_page.receipt_content(PLACE, **SAID))  # type: ignore[arg-type]
    assert paper.raster_width == 576
    rows = bytes(255 - byte for byte in paper.raster_rows)
    drawn = Image.frombytes("1", (paper.raster_width, paper.raster_height), rows).convert("L")
    assert [code.text for code in zxingcpp.read_barcodes(drawn)] == [CODE]
    dots = np.asarray(drawn) == 0
    assert dots.all(axis=1).sum() >= 50  # bars from edge to edge: every dot of the head is asked for
