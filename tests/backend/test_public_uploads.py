"""What a telephone sends as a paper is made anew or refused: bombs, other types, scripts in PDFs, hidden words."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from kiosk.backend.public import uploads
from kiosk.backend.public.uploads import JPEG, LARGEST, PDF, SIDE, NotTakenError, cleaned

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode != "P" else 1).save(out, form, **more)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int) -> bytes:
    """A few bytes that say that they are a picture of so many points."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG_HEAD + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def pdf(*, use: Callable[[Canvas], None] = lambda _: None, **how: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, **how)  # type: ignore[arg-type]  # options of reportlab
    canvas.drawString(100, 700, "Lease")
    use(canvas)
    canvas.save()
    return out.getvalue()


def by_hand(*objects: bytes, tail: bytes = b"<< /Root 1 0 R >>") -> bytes:
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer\n" + tail + b"\nstartxref\n0\n%%EOF\n"


def packed(inside: bytes, more: bytes = b"", name: bytes = b"ObjStm") -> bytes:
    data = zlib.compress(inside)
    head = b"<< /Type /%b /N 1 /First 4 /Filter /FlateDecode %b /Length %d >>\nstream\n" % (name, more, len(data))
    return head + data + b"\nendstream"


def refused(data: bytes) -> str:
    with pytest.raises(NotTakenError) as found:
        cleaned(data)
    return found.value.code


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"),
                                            ("PNG", "P"), ("PNG", "I;16"), ("PNG", "1")])  # fmt: skip
def test_a_picture_is_written_anew(form: str, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (60, 40)).save(out, form)
    kind, data = cleaned(out.getvalue())
    made = Image.open(io.BytesIO(data))
    assert (kind, made.format, made.mode, made.size) == (JPEG, "JPEG", "RGB", (60, 40))


def test_nothing_but_its_pixels_is_kept_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone 9"  # taken sideways
    data = picture(exif=exif, comment=b"a comment", icc_profile=b"profile", xmp=b"<x/>") + b"<script>behind</script>"
    _, made = cleaned(data)
    image = Image.open(io.BytesIO(made))
    assert image.size == (40, 60)
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not any(word in made for word in (b"Phone 9", b"a comment", b"profile", b"<x/>", b"script"))


def test_a_large_one_becomes_as_large_as_it_is_kept() -> None:
    assert Image.open(io.BytesIO(cleaned(picture(size=(2 * SIDE, 100)))[1])).size == (SIDE, 50)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "broken"),
        (bytes(LARGEST + 1), "size"),
        (b"GIF89a" + bytes(100), "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "type"),
        (b"PK\x03\x04 word/vbaProject.bin", "type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "type"),
        (b"\xff\xd8\xff" + bytes(50), "broken"),
        (picture()[:-400], "broken"),
        (PNG_HEAD, "broken"),
        (png_of(60000, 60000), "bomb"),
        (png_of(5000, 5000), "bomb"),
        (png_of(100, 100), "broken"),
        (PNG_HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))
         + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(2_000_000))), "broken"),
    ],
    ids=["empty", "large", "gif", "svg", "docm", "doc", "no-jpeg", "cut", "head", "bomb", "many-points", "short",
         "text"],
)  # fmt: skip
def test_what_is_no_picture_or_too_much_of_one_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_a_picture_with_spoilt_exif_is_refused() -> None:
    said = Image.Exif()
    said[0x0112], said[0x010F] = 6, "cam"
    whole = bytearray(picture(exif=said))
    whole[41] = 1  # the maker is a number now, and is none
    assert refused(bytes(whole)) == "broken"


def test_a_jpeg_has_no_more_scans_than_a_picture_needs() -> None:
    whole = picture(progressive=True)
    last = whole[whole.rfind(b"\xff\xda") : -2]
    assert refused(whole[:-2] + 40 * last + whole[-2:]) == "bomb"  # each of a few bytes is a pass over all pixels
    assert cleaned(whole + 40 * last)[0] == JPEG  # behind its end, as a telephone's moving picture lies


def test_streams_that_never_end_are_not_looked_at_for_ever() -> None:
    assert refused(b"%PDF-1.7\n" + b"stream\n" * 200_000 + b"%%EOF") == "bomb"
    far = (
        b"obj << /Type /ObjStm /N 1 /Filter /FlateDecode /X ("
        + b"x" * 3000
        + b") >>\nstream\n"
        + zlib.compress(b"1 0 /Launch")
    )
    assert refused(b"%PDF-1.7\n" + far + b"%%EOF") == "active"


@pytest.mark.parametrize("compressed", [0, 1])
def test_a_plain_pdf_stays_as_it_is(compressed: int) -> None:
    data = pdf(pageCompression=compressed)
    assert cleaned(data) == (PDF, data)
    objects = by_hand(b"<< /Type /Catalog /Pages 2 0 R >>", packed(b"2 0 << /Type /Pages /Count 0 >>"))
    assert cleaned(objects) == (PDF, objects)
    at_page = by_hand(b"<< /Type /Catalog /OpenAction [ 3 0 R /Fit ] >>")
    assert cleaned(at_page) == (PDF, at_page)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R %b >>"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (by_hand(CATALOG % b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "active"),
        (by_hand(CATALOG % b"/OpenAction << /S /#4aava#53cript /JS (x) >>"), "active"),
        (by_hand(CATALOG % b"/Names << /Emb#65ddedFiles 3 0 R >>"), "active"),
        (by_hand(CATALOG % b"/AcroForm << /XFA 3 0 R >>"), "active"),
        (by_hand(CATALOG % b"", b"<< /S /Launch /F (cmd.exe) >>"), "active"),
        (by_hand(CATALOG % b"", packed(b"3 0 << /S /JavaScript /JS (x) >>")), "active"),
        (by_hand(CATALOG % b"", packed(b"3 0 << >>", b"/DecodeParms << /Predictor 12 >>")), "active"),
        (by_hand(CATALOG % b"", packed(b"3 0 << >>", b"/Filter [ /FlateDecode /FlateDecode ]")), "active"),
        (by_hand(CATALOG % b"", packed(b"3 0 << >>", b"/X (obj)").replace(b"/X (obj)", b"/Y (/ObjStm)")), "active"),
        (by_hand(CATALOG % b"", packed(b"3 0 << >>")[:-14] + b"\nendstream"), "broken"),
        (by_hand(CATALOG % b"", tail=b"<< /Root 1 0 R /Encrypt 9 0 R >>"), "locked"),
        (b"%PDF-1.7\nnothing", "broken"),
    ],
    ids=["script", "hidden-name", "attachment", "xfa", "launch", "packed", "predictor", "twice", "one-too-many", "cut",
         "password", "no-end"],
)  # fmt: skip
def test_a_pdf_that_does_or_hides_something_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


@pytest.mark.parametrize("name", [b"ObjStm", b"XRef"])
def test_a_pdf_unpacks_to_no_more_than_it_may(name: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_UNPACKED", 50_000)
    one = packed(b"3 0 << >>" + bytes(30_000), name=name)
    assert cleaned(by_hand(CATALOG % b"", one))[0] == PDF
    assert refused(by_hand(CATALOG % b"", one, one)) == "bomb", "all together"
    assert refused(by_hand(CATALOG % b"", packed(bytes(60_000), name=name))) == "bomb"


def test_a_jpeg_is_weighed_by_its_head_before_it_is_decoded() -> None:
    """So many points cost so much for each scan: a camera's single one is taken, a progressive file is not."""
    progressive = picture(size=(64, 48), progressive=True)
    assert refused(sized(progressive, 8000, 6000)) == "bomb"
    assert cleaned(progressive)[0] == cleaned(sized(picture(size=(64, 48)), 3000, 2000))[0] == JPEG


def sized(jpeg: bytes, width: int, height: int) -> bytes:
    """The same file, which says that it is so large (ITU-T T.81, B.2.2)."""
    at = next(at for at in range(len(jpeg)) if jpeg[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]
