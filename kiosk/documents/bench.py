"""`kiosk bench certificate`: a certificate's page, warm, against plain reportlab; the seal's time apart.

Reference: the same texts at the same places by reportlab as it comes: its settings untouched (but for rl_accel, which
is installed here and helps both), Debian's Chinese TrueType font registered beforehand under two names, its own code
widget. Ours comes out of the warm child with its pipe. Each round has another name, whose characters were not drawn
before.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from kiosk.bench.rows import Row, compare, interleave
from kiosk.documents import certificate, render
from kiosk.documents.certifying import statement_of_fact
from kiosk.documents.page import Page
from kiosk.documents.worker import DocumentsWorker
from kiosk.domain.licence_id import LicenceId
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import Text
from kiosk.papers.mark import marked

ROUNDS = 60
LIMIT = 0.55
TRUETYPE = "/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"  # what reportlab can embed of what Debian has
AT = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
AUTHORITY = "平城区民政局"
_COMMON = range(0x4E00, 0x9000)


def measure(rounds: int = ROUNDS) -> list[Row]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name in ("plain-text", "plain-title"):
        pdfmetrics.registerFont(TTFont(name, TRUETYPE))
    worker = DocumentsWorker()
    try:
        worker.prewarm()
        papers = _papers()
        row = compare(
            "a certificate's page with fonts and code, from the warm child",
            lambda: _nothing(_plain(next(papers), own=True)),
            lambda: _nothing(worker.render(next(papers), 20)), rounds, limit=LIMIT, warm_up=5,
            notes="reference: reportlab as it comes, its own code widget, HanaMinA",
        )  # fmt: skip
        alike = compare(
            "the same page in one process, the code drawn alike", lambda: _nothing(_plain(next(papers), own=False)),
            lambda: _nothing(render.render(next(papers))), rounds, warm_up=5,
            notes="reference: reportlab as it comes, but for the code, which is ours",
        )  # fmt: skip
    finally:
        worker.release()
    return [row, alike, *_seals(papers, rounds)]


def _seals(papers: Iterator[PaperContent], rounds: int) -> list[Row]:
    from kiosk.seals import making
    from kiosk.seals.sealer import Sealer
    from kiosk.seals.sealing import place_of, seal, seal_sm2
    from kiosk.suites import shangmi

    key = making.new_key()
    made = making.sample_certificate(AUTHORITY, key, AT - timedelta(days=1), 365)
    sealer = Sealer(AUTHORITY, key, made, sm2=shangmi.new_signing_pair()[0])
    pdf = render.render(next(papers)).pdf
    sealed = partial(seal, pdf, sealer, reason="bench", at=AT, place=place_of("certificate"))
    whole = sealed()
    _, times = interleave(lambda: _nothing(seal_sm2(whole, sealer)), lambda: _nothing(sealed()), rounds, warm_up=5)
    beside, _ = interleave(lambda: _nothing(seal_sm2(whole, sealer)), lambda: None, rounds)
    return [
        Row(work, None, sorted(found)[len(found) // 2] * 1000, None, None, "ms", notes)
        for work, found, notes in (
            ("its seal (PAdES, ECDSA P-256, the round seal as vectors)", times, f"{len(whole) - len(pdf)} bytes more"),
            ("its SM2 signature beside it", beside, f"over {len(whole)} bytes"),
        )
    ]


def _papers() -> Iterator[PaperContent]:
    """The same certificate for one after another."""
    chance = random.Random(7)  # noqa: S311  # names, not secrets
    content = statement_of_fact(
        Text("老年人优待证", "Senior citizen's concession card"), Text(AUTHORITY, "Civil affairs office"),
        [(Text("姓名", "Name"), "name", "某"), (Text("证件号码", "Document number"), "number", "1402 **** **** 0023"),
         (Text("住址", "Address"), "address", "山西省大同市平城区南关街18号2单元301")],
        body=Text("持证人已满 60 周岁，可以按当地公布的办法享受老年人优待。",
                  "The holder is 60 or older and may have the concessions that the locality has published."),
        until=Text("长期有效", "without end"),
        notes=[Text("使用时与身份证一起出示；享受哪些优待，以当地公布的为准。", "Show it together with the ID card.")],
        day=AT.date(), number=str(LicenceId("0" * 21, "0" * 18, "140213261122000003184")),
    )  # fmt: skip
    told = {"item": "0" * 31, "service": "elder_card", "outcome": "approved", "rung": "final", "at": AT.isoformat(),
            "shown": "老年人优待证\n王**"}  # fmt: skip
    content = marked(
        replace(content, case_id="bench", case_no="140213261122000003184", mark=told,
                qr="https://office.example/progress?no=140213261122000003184"), bytes(32), AT,
    )  # fmt: skip
    while True:
        name = "".join(chr(chance.choice(_COMMON)) for _ in range(3))
        (label, _), *others = content.rows
        yield replace(content, rows=((label, name), *others), values={**content.values, "name": name})


class _Widths:
    """A face as reportlab measures it."""

    def __init__(self, font: str) -> None:
        self._font = font

    def width(self, text: str, size: float) -> float:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(stringWidth(text, self._font, size))


def _plain(content: PaperContent, *, own: bool) -> bytes:
    """The page as a program makes it that has reportlab alone. ``own``: with its code widget."""
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    settings: Any = rl_config
    kept, settings.useA85 = settings.useA85, 1
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(certificate.WIDTH, certificate.HEIGHT))
    fonts = {"text": "plain-text", "title": "plain-title"}
    faces: Any = {style: _Widths(font) for style, font in fonts.items()}
    sheet = Page(canvas, faces, fonts, (certificate.WIDTH, certificate.HEIGHT))
    if own:
        sheet.code = partial(_widget, canvas, sheet.height)  # type: ignore[method-assign]
    certificate.draw(sheet, content)
    canvas.showPage()
    canvas.save()
    settings.useA85 = kept
    return out.getvalue()


def _widget(canvas: Any, height: float, x: float, y: float, payload: str, side: float = 108.0) -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing

    drawing = Drawing(side, side)
    drawing.add(QrCodeWidget(payload, barLevel="M", barWidth=side, barHeight=side, barBorder=0))
    renderPDF.draw(drawing, canvas, x, height - y - side)


def _nothing(_made: object) -> float | None:
    """The wall clock is looked at by who measures."""
    return None
