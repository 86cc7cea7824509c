"""The face of a simulated travel document, drawn or from portrait.py, as a record of ISO/IEC 19794-5."""

from __future__ import annotations

import io
import struct
from random import Random
from typing import TYPE_CHECKING

from devices.simulators import portrait

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = (240, 320)  # pixels, 3:4
IMAGES = {"jpeg": 0, "jpeg2000": 1}  # image data type
_GENDERS = {"M": 1, "F": 2}
_FILE = struct.Struct(">4s4sIH")  # FAC, version 010, length of the record, number of faces
_FACE = struct.Struct(">IHBBB3s2s3s3s")  # block length, feature points, gender, eyes, hair, features, expression, pose
_PICTURE = struct.Struct(">BBHHBBHH")  # face image type, data type, width, height, colours, source, device, quality


def drawn_face(seed: str) -> Image:
    """A face made of ellipses in colours drawn by ``seed``: nobody."""
    from PIL import Image, ImageDraw  # heavy; only whoever makes pictures pays for it

    random = Random(seed)
    skin = tuple(random.randrange(low, low + 40) for low in (190, 150, 120))
    hair = tuple(random.randrange(20, 110) for _ in range(3))
    image = Image.new("RGB", SIZE, (214, 220, 226))
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 270, 210, 420), fill=tuple(random.randrange(40, 140) for _ in range(3)))  # shoulders
    draw.ellipse((58, 40, 182, 200), fill=hair)
    draw.ellipse((68, 62, 172, 250), fill=skin)
    for x in (96, 144):
        draw.ellipse((x - 12, 134, x + 12, 148), fill=(250, 250, 250))
        draw.ellipse((x - 6, 135, x + 6, 147), fill=hair)
    draw.line((120, 150, 116, 184, 124, 186), fill=tuple(part - 40 for part in skin), width=3)
    draw.arc((96, 186, 144, 222), 20, 160, fill=(150, 60, 60), width=4)
    return image


def picture_of(source: str) -> Image:
    """``portrait`` (the demonstration's person) or ``stranger:N``."""
    from PIL import Image

    who, _, number = source.partition(":")
    if who not in ("portrait", "stranger"):
        raise ValueError("picture must be portrait or stranger:N")
    data = portrait.card_portrait() if who == "portrait" else portrait.stranger_portrait(int(number or 0))
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB").resize(SIZE)


def face_record(picture: Image, image: str, *, sex: str = "<") -> bytes:
    """One face, full frontal, no feature points, unspecified but for gender (ISO/IEC 19794-5:2005, 5)."""
    if image not in IMAGES:
        raise ValueError(f"image must be one of {', '.join(IMAGES)}")
    buffer = io.BytesIO()
    if image == "jpeg":
        picture.save(buffer, "JPEG", quality=82)
    else:
        picture.save(buffer, "JPEG2000", quality_mode="rates", quality_layers=[24], no_jp2=False)
    data = buffer.getvalue()
    size = _FACE.size + _PICTURE.size + len(data)
    nothing = bytes(3)
    face = _FACE.pack(size, 0, _GENDERS.get(sex, 0), 0, 0, nothing, bytes(2), nothing, nothing)
    about = _PICTURE.pack(1, IMAGES[image], picture.width, picture.height, 1, 2, 0, 0)  # frontal, sRGB, digital camera
    return _FILE.pack(b"FAC\0", b"010\0", _FILE.size + size, 1) + face + about + data
