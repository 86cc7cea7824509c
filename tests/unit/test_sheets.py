"""A PDF that somebody sent, as pictures: what they filled in is on them, and what is not to be drawn says why."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from kiosk.documents.sheets import NotDrawnError, drawn

SIDE = 600


def pdf(*, pages: int = 1, filled: str = "") -> bytes:
    """Blank pages; ``filled``: what stands in a field of a form on the first."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(300, 400))
    for number in range(pages):
        if filled and not number:
            canvas.acroForm.textfield(name="a", value=filled, x=20, y=150, width=260, height=40, fontSize=30)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def ink(jpeg: bytes) -> int:
    return int((np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")) < 100).sum())


def test_each_page_is_a_picture_of_that_size() -> None:
    pages = drawn(pdf(pages=2), 2, SIDE, 80)
    assert [Image.open(io.BytesIO(page)).size for page in pages] == [(450, SIDE)] * 2
    assert [ink(page) for page in pages] == [0, 0]


def test_what_was_filled_in_is_drawn() -> None:
    empty, filled = (drawn(pdf(filled=text), 1, SIDE, 80)[0] for text in (" ", "WWWW"))
    assert ink(filled) > ink(empty) + 100


def without_its_page() -> bytes:
    """A file whose catalogue is whole and whose page is not."""
    return re.sub(rb"/Type /Page\b(?!s)", b"/Type /Oops", pdf())


@pytest.mark.parametrize(
    ("data", "code"),
    [(pdf(pages=3), "many"), (b"%PDF-1.7 and nothing more", "broken"), (without_its_page(), "broken")],
)
def test_what_is_not_drawn_says_why(data: bytes, code: str) -> None:
    with pytest.raises(NotDrawnError) as told:
        drawn(data, 2, SIDE, 80)
    assert told.value.code == code
