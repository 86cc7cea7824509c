"""One entrance: a paper's content to its bytes. Runs in the documents worker."""

from __future__ import annotations

from kiosk.documents import certificate, licence, readiness, receipt, test_page
from kiosk.domain.papers import PaperContent, RenderedPaper

_LAYOUTS = {
    "licence": licence.render, "certificate": certificate.render, "receipt": receipt.render, "notice": receipt.render,
    test_page.PAGE: test_page.render, test_page.RECEIPT: test_page.render_receipt,
    readiness.PAGE: readiness.render, readiness.RECEIPT: readiness.render_receipt,
}  # fmt: skip


def render(content: PaperContent) -> RenderedPaper:
    """Raises GlyphMissing, CertificateTooLong, FontsMissing; KeyError for a layout that does not exist."""
    return _LAYOUTS[content.template](content)


def prewarm() -> None:
    """Load the fonts and everything a first paper would wait for."""
    import reportlab.pdfbase.ttfonts
    import reportlab.pdfgen.canvas
    import segno
    from PIL import Image, ImageDraw, ImageFont

    from kiosk.documents.fonts import face

    loaded = (reportlab.pdfbase.ttfonts, reportlab.pdfgen.canvas, segno, Image, ImageDraw, ImageFont)
    if all(loaded):
        for name in ("text", "title"):
            face(name).subset(
                "营业执照登记回执统一社会信用代码名称类型经营者范围场所组成形式注册日期机关办件编号0123456789"
            )
