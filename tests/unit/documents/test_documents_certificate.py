"""Certificates out of a pack's data: both languages, what they are, every character; and their parts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pypdfium2
import pytest
import zxingcpp
from fontTools.ttLib import TTFont

from kiosk.documents import certificate
from kiosk.documents.certifying import statement_of_fact, until_text
from kiosk.documents.compose import as_copy
from kiosk.documents.fonts import face
from kiosk.documents.glyphs import GlyphMissing
from kiosk.documents.page import CertificateTooLong
from kiosk.documents.qr import matrix_of
from kiosk.documents.render import render
from kiosk.domain import licence_id
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import EMPTY, Text
from kiosk.services.loader import load_builtin
from kiosk.services.model import PaperKind

Case = Callable[..., dict[str, PaperContent]]
UNEMPLOYED = {"reason": "never", "ended": "", "education": "senior", "wish": "job", "birth": date(1990, 3, 1)}


def text_of(content: PaperContent) -> str:
    with pypdfium2.PdfDocument(render(content).pdf) as document:
        assert len(document) == 1
        sheet = document[0].get_textpage()
        text = str(sheet.get_text_bounded())
        sheet.close()
    return re.sub(r"\s", "", text)


def test_a_certificate_says_whose_what_by_whom_and_until_when_in_both_languages(case: Case) -> None:
    content = case("elder_card")["certificate"]
    text = text_of(content)
    for word in ("老年人优待证", "Seniorcitizen'sconcessioncard", "王某某", "Name", "平城区民政局", "2026年11月22日",
                 "长期有效", "withoutend", "已满60周岁", "concessionsforseniorcitizens", content.values["licence_id"],
                 "第1版", "没有盖章", "bearsnoseal"):  # fmt: skip
        assert word in text, word
    assert "补打" not in text
    assert "样本" not in text
    known = licence_id.parse(content.values["licence_id"])
    assert (known.serial, known.version) == (content.case_no, 1)
    assert content == case("elder_card", language="en")["certificate"], (
        "it is shown to others: the same in any language"
    )


def test_what_was_not_asked_has_no_row(case: Case) -> None:
    labels = [label for label, _ in case("unemployment_registration", **UNEMPLOYED)["certificate"].rows]
    assert not any("失业日期" in label for label in labels)
    with_a_day = case("unemployment_registration", **UNEMPLOYED | {"reason": "quit", "ended": "20260901"})[
        "certificate"
    ]
    assert ("失业日期\nWithout work since", "2026年9月1日") in with_a_day.rows
    assert ("失业原因\nReason", "自己辞职") in with_a_day.rows


def test_offline_a_registration_gives_no_certificate_and_a_seniors_card_does(case: Case) -> None:
    assert "certificate" not in case("unemployment_registration", online=False, **UNEMPLOYED)
    assert "certificate" in case("elder_card", online=False)


def test_which_packs_give_one() -> None:
    giving = {
        name: paper.template
        for name, pack in load_builtin().items()
        if pack.bundle is None
        for paper in pack.papers
        if paper.kind is PaperKind.CERTIFICATE
    }
    decided_at_once = ("elder_card", "flexible_employment", "unemployment_registration", "residence_permit_renewal")
    expected = {"individual_business": "licence"} | dict.fromkeys(decided_at_once, "certificate")
    assert expected.items() <= giving.items()


def test_the_code_scans_and_copies_and_samples_say_what_they_are(case: Case) -> None:
    content = as_copy(case("elder_card", test=True)["certificate"], 2)
    assert {"副本·补打第2次", "本页由测试终端打印"} <= {
        word for word in ("副本·补打第2次", "本页由测试终端打印") if word in text_of(content)
    }
    with pypdfium2.PdfDocument(render(content).pdf) as document:
        sheet = np.asarray(document[0].render(scale=3.0).to_pil().convert("L"))
    (found,) = zxingcpp.read_barcodes(sheet)
    assert found.text == content.qr


def test_a_rare_name_is_drawn_and_one_that_no_font_has_is_told_by_its_field(case: Case) -> None:
    rare = "阿卜杜热合曼·麦麦提𠮷䶮㛃"
    assert rare in text_of(case("elder_card", name=rare)["certificate"])
    with pytest.raises(GlyphMissing) as caught:
        render(case("elder_card", name="王\U0003fff0")["certificate"])
    assert caught.value.fields == {"姓名": 1}
    assert "fonts-hanazono" in caught.value.advice
    assert "counter" in caught.value.advice


def test_what_does_not_fit_one_page_is_refused_and_never_cut(case: Case) -> None:
    content = case("elder_card")["certificate"]
    for change in ({"rows": (("姓名\nName", "某" * 400), *content.rows[1:])}, {"notes": ("附" * 60,) * 12}):
        with pytest.raises(CertificateTooLong):
            render(replace(content, **change))  # type: ignore[arg-type]


def test_a_department_s_answer_takes_the_same_layout_without_a_case() -> None:
    made = statement_of_fact(
        Text("无房证明", "Certificate of owning no home"), Text("某局", "An office"),
        [(Text("姓名", "Name"), "name", "某")], body=EMPTY, until=until_text(3, date(2026, 11, 30)), notes=(),
        day=date(2026, 11, 30), number=str(licence_id.LicenceId("0" * 21, "0" * 18, "1")),
    )  # fmt: skip
    text = text_of(replace(made, qr="1"))
    assert "无房证明" in text
    assert "至2027年2月28日" in text


def test_the_small_font_is_one_that_others_read() -> None:
    text = "王某𠮷䶮 abc营业执照0123"
    with io.BytesIO(face("title").subset(text)) as data, TTFont(data, checkChecksums=2) as font:
        assert set(map(chr, font.getBestCmap())) == set(text)
        assert [table.format for table in font["cmap"].tables] == [4, 12]
        for character, name in ((c, font.getBestCmap()[ord(c)]) for c in text):
            assert font["hmtx"][name][0] == face("title").advance(character)
            assert font["glyf"][name].numberOfContours >= (0 if character == " " else 1)
        assert font["head"].xMin <= min(glyph.xMin for glyph in map(font["glyf"].__getitem__, font.getGlyphOrder())
                                        if glyph.numberOfContours)  # fmt: skip
    assert face("title").subset(text) == face("title").subset(text)


@pytest.mark.parametrize(
    "text", ["140213261122000003187", "https://office.example/progress?no=140213261122000003187#P1." + "QRG2EAJH" * 40]
)
def test_a_code_is_read_by_another_library_than_the_one_that_made_it(text: str) -> None:
    dark = np.kron(np.array([list(row) for row in matrix_of(text)], dtype=np.uint8), np.ones((6, 6), dtype=np.uint8))
    picture = np.pad(255 - 255 * dark, 48, constant_values=255)
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == text


def test_the_mark_still_packs_as_letters_and_digits() -> None:
    assert len(matrix_of("https://office.example/progress?no=140213261122000003187#P1." + "QRG2EAJH" * 40)) <= 69
    assert len(matrix_of("名称：某店\n信用代码：92140213MA0011FHXF")) > 21, "Chinese text"


def test_every_layout_says_where_its_seal_goes_inside_the_page() -> None:
    for layout in (certificate,):
        left, low, side = layout.SEAL
        assert 0 < left < left + side < layout.WIDTH
        assert 0 < low < low + side < layout.HEIGHT
