"""What lies in the tray: text that can be read back, embedded fonts, codes that scan, no gap and no box."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from kiosk.documents import licence, receipt
from kiosk.documents.compose import as_copy
from kiosk.documents.fonts import Face, face
from kiosk.documents.glyphs import GlyphMissing, check
from kiosk.documents.page import CertificateTooLong
from kiosk.domain.codes import group_case_no
from kiosk.domain.papers import PaperContent, RenderedPaper

Case = Callable[..., dict[str, PaperContent]]
UNASSIGNED = "\U0003fff0"
RARE = "阿卜杜热合曼·麦麦提𠮷䶮㛃"


def page(paper: RenderedPaper, scale: float = 2.0) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    document = pdfium.PdfDocument(paper.pdf)
    try:
        return np.asarray(document[0].render(scale=scale).to_pil().convert("L"))
    finally:
        document.close()


def text_of(paper: RenderedPaper) -> str:
    document = pdfium.PdfDocument(paper.pdf)
    try:
        assert len(document) == paper.pages == 1
        sheet = document[0].get_textpage()
        text = str(sheet.get_text_bounded())
        sheet.close()
        return re.sub(r"\s", "", text)
    finally:
        document.close()


def picture(paper: RenderedPaper) -> Image.Image:
    assert paper.raster_width == 576
    assert len(paper.raster_rows) == 72 * paper.raster_height
    black = Image.frombytes("1", (paper.raster_width, paper.raster_height), paper.raster_rows)
    return black.convert("L").point(lambda value: 255 - value)


def test_every_field_of_the_licence_can_be_read_back(case: Case) -> None:
    content = case()["licence"]
    text = text_of(licence.render(content))
    for name, value in content.values.items():
        assert value.replace(" ", "") in text, name
    assert "营业执照" in text
    assert content.case_no in text


def test_the_number_of_the_case_stands_in_groups_on_the_licence_too(case: Case) -> None:
    content = case()["licence"]
    document = pdfium.PdfDocument(licence.render(content).pdf)
    sheet = document[0].get_textpage()
    text = str(sheet.get_text_bounded())
    sheet.close()
    document.close()
    assert group_case_no(content.case_no) in " ".join(text.split())


def test_headings_on_the_receipt_have_a_bold_face_of_their_own(case: Case) -> None:
    """Thickened strokes run together in one bit: a heading is drawn with the bold face as it was cut."""
    content = case()["receipt"]
    assert content.extra
    assert set(content.extra) <= {text for _, text in receipt._texts(content)[1]}


def test_all_fonts_are_embedded_and_streams_are_binary(case: Case) -> None:
    pdf = licence.render(case()["licence"]).pdf
    fonts = re.findall(rb"/BaseFont /([A-Za-z+]+)", pdf)
    assert fonts
    assert all(re.match(rb"[A-Z]{6}\+Kiosk", font) for font in fonts), fonts
    assert pdf.count(b"/FontFile2") >= 2
    assert b"ASCII85Decode" not in pdf


def test_names_of_minorities_and_rare_characters_are_drawn_and_read_back(case: Case) -> None:
    assert RARE in text_of(licence.render(case(name=RARE)["licence"]))


def test_a_second_paper_has_all_its_own_characters(case: Case) -> None:
    """reportlab keeps fonts by name: characters that the first paper did not have came out as gaps."""
    licence.render(case()["licence"])
    after = licence.render(case(name=RARE, shop_name="古城墙根老味道")["licence"])
    assert "古城墙根老味道" in text_of(after)
    fresh = page(after)
    blank = page(licence.render(case(name="　" * len(RARE), shop_name="古城墙根老味道")["licence"]))
    assert (fresh != blank).sum() > 500, "the operator's name leaves ink on the paper"


def test_nothing_is_drawn_outside_the_frame_even_with_long_values(case: Case) -> None:
    long = case(
        name=RARE,
        shop_name="古城墙根下老味道手工羊杂",
        premises="和阳街道永泰南路与迎宾街交叉口东北角万达广场一期地下一层十八号铺位甲",
    )
    content = long["licence"]
    assert content.values["premises"] in text_of(licence.render(content))
    sheet = page(licence.render(content))
    inner = sheet[:, int(sheet.shape[1] * 0.92) : int(sheet.shape[1] * 0.94)]
    middle = inner[int(sheet.shape[0] * 0.2) : int(sheet.shape[0] * 0.85)]
    assert middle.min() > 200, "no text runs into the right margin"


def test_a_value_that_cannot_fit_is_refused(case: Case) -> None:
    content = case()["licence"]
    long = replace(content, values={**content.values, "name": "店" * 400})
    with pytest.raises(CertificateTooLong):
        licence.render(long)


def test_the_code_on_the_licence_scans(case: Case) -> None:
    content = case()["licence"]
    (found,) = zxingcpp.read_barcodes(page(licence.render(content), 3.0))
    assert found.text == content.qr


def test_the_code_on_the_receipt_scans(case: Case) -> None:
    content = case()["receipt"]
    (found,) = zxingcpp.read_barcodes(np.asarray(picture(receipt.render(content))))
    assert found.text == content.qr


def test_copies_and_tests_are_marked(case: Case) -> None:
    plain = text_of(licence.render(case()["licence"]))
    marked = text_of(licence.render(as_copy(case(test=True)["licence"], 3)))
    assert "补打" not in plain
    assert "测试" not in plain
    assert "副本·补打第3次" in marked
    assert "不是营业执照" in marked
    short, long = receipt.render(case()["receipt"]), receipt.render(as_copy(case(test=True)["receipt"], 3))
    assert long.raster_height > short.raster_height


def test_the_same_paper_gives_the_same_bytes(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a second later: fonts carry the time of their making unless told not to."""
    content = case()
    pdf = licence.render(content["licence"]).pdf
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert licence.render(content["licence"]).pdf == pdf
    assert receipt.render(content["receipt"]) == receipt.render(content["receipt"])


@pytest.mark.parametrize("service", ["individual_business", "pension_verification"])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_receipt_has_ink_inside_its_margins_only(case: Case, service: str, language: str) -> None:
    sheet = np.asarray(picture(receipt.render(case(service, name=RARE, language=language)["receipt"])))
    share = float((sheet == 0).mean())
    assert 0.03 < share < 0.3
    assert sheet[:, :8].min() == 255
    assert sheet[:, -8:].min() == 255


def test_a_character_no_font_has_stops_the_paper_before_it_is_drawn(case: Case) -> None:
    made = case(name=f"王{UNASSIGNED}{UNASSIGNED}")
    with pytest.raises(GlyphMissing) as caught:
        licence.render(made["licence"])
    assert caught.value.fields == {"operator": 2}
    assert caught.value.count == 2
    assert UNASSIGNED not in str(caught.value)
    assert not caught.value.retryable
    receipt.render(made["receipt"])  # the masked name needs no rare glyph: the visit still ends with a receipt


def test_a_missing_glyph_on_the_receipt_is_found_too(case: Case) -> None:
    paper = case("pension_verification", name=f"{UNASSIGNED}某")["receipt"]
    with pytest.raises(GlyphMissing) as caught:
        receipt.render(paper)
    assert caught.value.fields == {"申请人": 1}


def test_glyphs_are_counted_by_field() -> None:
    class OnlyLatin:
        def covers(self, character: str) -> bool:
            return character.isascii()

    check([("a", "ok\nok")], OnlyLatin())
    with pytest.raises(GlyphMissing) as caught:
        check([("a", "某"), ("b", "ok"), ("a", "某某")], OnlyLatin())
    assert caught.value.fields == {"a": 3}


def test_rare_names_are_found_in_the_fallback_fonts() -> None:
    text: Face = face("text")
    assert all(text.covers(character) for character in "𠮷䶮㛃𬭚\U00020021\U0002a6d0")
    assert not text.covers(UNASSIGNED)
