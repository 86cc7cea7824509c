"""A one-page A4 PDF for self-tests, made by hand: frame, grey steps, thin lines and a line of text."""

from __future__ import annotations

MM = 72 / 25.4


def page(line: str) -> bytes:
    """PDF 1.4 bytes; ``line`` is printed in Helvetica and may hold ASCII without parentheses only."""
    safe = "".join(c for c in line if " " <= c <= "~" and c not in "()\\")
    drawing = [f"BT /F1 14 Tf {20 * MM:.1f} {270 * MM:.1f} Td ({safe}) Tj ET"]
    drawing.append(f"1 w {10 * MM:.1f} {10 * MM:.1f} {190 * MM:.1f} {277 * MM:.1f} re S")
    for step in range(11):
        drawing.append(f"{step / 10:.1f} g {(20 + 15 * step) * MM:.1f} {230 * MM:.1f} {15 * MM:.1f} {20 * MM:.1f} re f")
    drawing.append("0 g")
    for index in range(20):
        y = (200 - 4 * index) * MM
        drawing.append(f"{0.1 * (index + 1):.1f} w {20 * MM:.1f} {y:.1f} m {185 * MM:.1f} {y:.1f} l S")
    stream = "\n".join(drawing).encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.28 841.89] /Contents 5 0 R"
        b" /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
