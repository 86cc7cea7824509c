"""Codes in camera frames: made by other programs (segno, python-barcode) where there is one, else by zxing's writer."""

from __future__ import annotations

import io
import time

import barcode
import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from barcode.writer import ImageWriter
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures

from devices.contracts.code_scanner import ScannedCode, Symbology
from devices.vision.code_message import SeenCode, code_head, code_of
from devices.vision.codes import read, text_of
from devices.vision.face import Image
from devices.vision.parameters import CodeParameters

WANTED = CodeParameters()
CHINESE = "政务服务中心 受理编号 440308-20261126 张三丰"
RARE = "𠮷䶮"


def qr(data: bytes | str, **options: object) -> Image:
    buffer = io.BytesIO()
    segno.make_qr(data, **options).save(buffer, kind="png", scale=6, border=4)
    return np.array(Pictures.open(buffer).convert("RGB"))


def written(kind: str, text: str) -> Image:
    """Data Matrix and PDF417: nobody else here writes them."""
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    grey = np.array(made.to_image(scale=5))
    return np.repeat(grey[:, :, None], 3, axis=2)


def printed(kind: str, text: str) -> Image:
    buffer = io.BytesIO()
    barcode.get_barcode_class(kind)(text, writer=ImageWriter()).write(buffer, {"write_text": False, "dpi": 400})
    return np.array(Pictures.open(buffer).convert("RGB"))


def framed(code: Image, *, angle: float = 0.0, size: tuple[int, int] = (1920, 1080), noise: float = 6.0) -> Image:
    """The code somewhere in a noisy frame, turned."""
    width, height = size
    scale = min(1.0, 0.6 * height / max(code.shape[:2]))
    code = cv2.resize(code, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((height, width, 3), 150, np.uint8)
    turn = cv2.getRotationMatrix2D((code.shape[1] / 2, code.shape[0] / 2), angle, 1.0)
    turn[:, 2] += (width * 0.55 - code.shape[1] / 2, height * 0.5 - code.shape[0] / 2)
    frame = cv2.warpAffine(code, turn, size, frame, borderMode=cv2.BORDER_TRANSPARENT)
    grains = np.random.default_rng(1).normal(0, noise, frame.shape[:2])
    return np.clip(frame + grains[:, :, None], 0, 255).astype(np.uint8)


def only(image: Image) -> SeenCode:
    (found,) = read(image, WANTED, 12.5)
    return found


@pytest.mark.parametrize(
    ("picture", "symbology", "data"),
    [
        (lambda: qr("KIOSK-42", error="m"), Symbology.QR, b"KIOSK-42"),
        (lambda: written("DataMatrix", "KIOSK-42"), Symbology.DATA_MATRIX, b"KIOSK-42"),
        (lambda: written("PDF417", "KIOSK-42 PDF"), Symbology.PDF417, b"KIOSK-42 PDF"),
        (lambda: printed("code128", "KIOSK-42"), Symbology.CODE_128, b"KIOSK-42"),
        (lambda: printed("ean13", "690123456789"), Symbology.EAN, b"6901234567892"),
        (lambda: printed("ean8", "6901234"), Symbology.EAN, b"69012341"),
    ],
    ids=["qr", "datamatrix", "pdf417", "code128", "ean13", "ean8"],
)
@pytest.mark.parametrize("angle", [0.0, 17.0, 90.0, 181.0])
def test_every_kind_is_read_however_it_is_turned(
    picture: object, symbology: Symbology, data: bytes, angle: float
) -> None:
    assert callable(picture)
    if angle == 17.0 and symbology not in (Symbology.QR, Symbology.DATA_MATRIX):
        angle = 4.0  # codes of bars are read along lines: they must lie nearly straight
    found = only(framed(picture(), angle=angle, noise=3.0))
    assert (found.code.symbology, found.code.data) == (symbology, data)
    assert found.code.text == data.decode()
    assert found.code.scanned_at == 12.5


@pytest.mark.parametrize("text", [CHINESE, RARE])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_is_right_in_both_encodings_that_are_in_use(text: str, encoding: str) -> None:
    found = only(framed(qr(text.encode(encoding)), angle=5))
    assert found.code.data == text.encode(encoding)
    assert found.code.text == text


def test_an_encoding_that_the_code_declares_is_obeyed() -> None:
    for text, encoding in (("Привет", "iso-8859-5"), ("né", "iso-8859-1"), (CHINESE, "utf-8")):
        assert only(framed(qr(text, encoding=encoding, eci=True))).code.text == text


@pytest.mark.parametrize("text", ["受理", "受理 1", "中文 123"])
def test_chinese_that_its_writer_put_into_shift_jis_is_read(text: str) -> None:
    """segno does so by itself with every character that Shift JIS has."""
    found = only(framed(qr(text)))
    assert found.code.data == text.encode("shift_jis")
    assert found.code.text == text


def test_bytes_that_are_no_text_stay_bytes() -> None:
    found = only(framed(qr(b"\xff\x00\xfe\x81")))
    assert found.code.data == b"\xff\x00\xfe\x81"
    assert found.code.text is None


def test_the_corners_lie_on_the_code() -> None:
    code = qr("corners")
    frame = np.full((1080, 1920, 3), 200, np.uint8)
    height, width = code.shape[:2]
    frame[300 : 300 + height, 700 : 700 + width] = code
    quiet = 4 * 6
    truth = [(700 + quiet, 300 + quiet), (700 + width - quiet, 300 + quiet)]
    truth += [(700 + width - quiet, 300 + height - quiet), (700 + quiet, 300 + height - quiet)]
    for seen, wanted in zip(only(frame).corners, truth, strict=True):
        assert np.hypot(seen[0] - wanted[0], seen[1] - wanted[1]) < 8
    larger = cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    for seen, wanted in zip(only(larger).corners, truth, strict=True):
        assert np.hypot(seen[0] - 2 * wanted[0], seen[1] - 2 * wanted[1]) < 16


def test_several_codes_are_all_read() -> None:
    frame = np.full((1080, 1920, 3), 200, np.uint8)
    for number, left in enumerate((100, 700, 1300)):
        code = qr(f"number {number}")
        frame[300 : 300 + code.shape[0], left : left + code.shape[1]] = code
    assert {one.code.text for one in read(frame, WANTED, 0.0)} == {"number 0", "number 1", "number 2"}


@pytest.mark.parametrize("kind", ["black", "noise", "text", "stripes", "tiny"])
def test_a_frame_without_a_code_has_none_and_takes_no_longer_than_a_bound(kind: str) -> None:
    shape = (3, 3, 3) if kind == "tiny" else (2448, 3264, 3)
    frame = np.zeros(shape, np.uint8)
    if kind == "noise":
        frame[:] = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    elif kind == "stripes":
        frame[:, ::7] = 255
    elif kind == "text":
        for row in range(60, shape[0], 60):
            cv2.putText(frame, "0123456789 abcdefghijklmnop" * 3, (20, row), 0, 1.5, (255, 255, 255), 2)
    begun = time.process_time()
    assert read(frame, WANTED, 0.0) == []
    assert time.process_time() - begun < 1.5  # processor time; about 0.05 s for print, 0.3 s for noise


@given(st.binary(max_size=60))
def test_any_bytes_become_text_or_none(data: bytes) -> None:
    text = text_of(data)
    assert text is None or text.encode("utf-8") == data or text.encode("gb18030") == data or data


@given(
    st.binary(max_size=40),
    st.none() | st.text(max_size=20),
    st.sampled_from(Symbology),
    st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 2), min_size=4, max_size=4),
)
@settings(max_examples=50)
def test_a_code_survives_its_message(
    data: bytes, text: str | None, symbology: Symbology, corners: list[tuple[float, float]]
) -> None:
    a, b, c, d = corners
    seen = SeenCode(ScannedCode(data, text, symbology, "]Q1", 4.0), (a, b, c, d))
    back = code_of(code_head(seen))
    assert back.code == seen.code
    assert np.allclose(back.corners, seen.corners, atol=0.01)


@pytest.mark.parametrize(
    "change",
    [{"data": "xyz"}, {"data": 5}, {"symbology": "?"}, {"corners": [[1, 2]]}, {"corners": None}, {"at": "now"}],
)
def test_garbage_is_no_code(change: dict[str, object]) -> None:
    seen = SeenCode(ScannedCode(b"1", "1"), ((0, 0), (1, 0), (1, 1), (0, 1)))
    with pytest.raises((ValueError, TypeError, KeyError)):
        code_of({**code_head(seen), **change})
