"""Papers as generated pictures: a printed sheet, an identity card, a passport page. Nobody real, nothing stored.

What stands on them is drawn from a seed: lines of Chinese as a certificate or a licence has them. Pillow and a font
with Chinese characters (Debian fonts-noto-cjk or fonts-wqy-*) are needed at the first call.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)
_PRINTED = (
    "兹证明、申请人、经营场所、登记机关、统一社会信用代码、个体工商户、营业执照、经营范围、组成形式、注册日期、核准日期、社会保险、待遇领取、资格"
    "认证、居民户口、出生日期、住址、有效期限、签发机关、办理事项、受理编号、材料清单、申请书、承诺书、不动产、权利人、义务人、共有情况、坐落、用途、面积、附记、人民政府、行政审批、服务中心"
)
_PAPER = 236  # grey of the darkest paper: nothing that is printed is whiter than its paper
_WORDS = tuple(_PRINTED.split("、"))


class FontMissing(RuntimeError):
    """No font with Chinese characters is installed; the message names a package."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of paper: its size in millimetres, upright or as it is usually held."""

    name: str
    width: float
    height: float

    @property
    def size(self) -> tuple[float, float]:
        return self.width, self.height


A4 = Sheet("a4", 210.0, 297.0)
ID1 = Sheet("id1", 85.6, 53.98)  # ISO/IEC 7810
PASSPORT = Sheet("passport", 125.0, 88.0)  # one page of a booklet, ID-3
STRIP = Sheet("strip", 80.0, 200.0)  # a receipt
SHEETS = {sheet.name: sheet for sheet in (A4, ID1, PASSPORT, STRIP)}
PRINTED: dict[str, Callable[[Sheet, int, float], Image]] = {}
"""Sheets that say something (``documents``), and who draws them: sheet, seed, dots per millimetre."""


def font(pixels: int) -> FreeTypeFont:
    """A font with Chinese characters; FontMissing without one."""
    return _font(max(6, pixels))


@cache
def _font(pixels: int) -> FreeTypeFont:
    from PIL import ImageFont

    for path in FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, pixels)
    raise FontMissing("install the Debian package fonts-noto-cjk")


def draw(sheet: Sheet, seed: int, *, dots_per_mm: float = 6.0, code: str = "") -> Image:
    """The sheet as it was printed, upright; with a QR code of 30 mm in its middle where ``code`` says one."""
    chance = random.Random(f"{sheet.name}/{seed}")
    size = round(sheet.width * dots_per_mm), round(sheet.height * dots_per_mm)
    if sheet.name in PRINTED:
        drawn = PRINTED[sheet.name](sheet, seed, dots_per_mm)
    else:
        drawn = _card(size, chance, sheet) if sheet in (ID1, PASSPORT) else _page(size, chance, dots_per_mm)
    if code:
        square = _code(code, round(30 * dots_per_mm))
        drawn.paste(square, ((size[0] - square.width) // 2, (size[1] - square.height) // 2))
    return drawn


def _code(text: str, side: int) -> Image:
    import segno
    from PIL import Image as images

    rows = [bytes(_PAPER * (1 - dark) for dark in row) for row in segno.make_qr(text).matrix]
    quiet = len(rows) + 8
    square = images.new("L", (quiet, quiet), _PAPER)
    square.paste(images.frombytes("L", (len(rows), len(rows)), b"".join(rows)), (4, 4))
    return square.resize((side, side), images.Resampling.NEAREST).convert("RGB")


def _page(size: tuple[int, int], chance: random.Random, scale: float) -> Image:
    from PIL import Image as images
    from PIL import ImageDraw

    white = chance.randint(236, 252)
    page = images.new("RGB", size, (white, white, white - chance.randint(0, 8)))
    pen = ImageDraw.Draw(page)
    margin, line = round(size[0] * 0.1), round(6.5 * scale)
    title = chance.choice(("登记证明", "受理通知书", "承诺书", "申请表", "回执"))
    pen.text((size[0] / 2, margin * 0.9), title, font=font(round(8 * scale)), fill=(20, 20, 20), anchor="mm")
    y = margin * 1.6
    while y < size[1] - margin:
        words = [chance.choice(_WORDS)]
        while len("".join(words)) * 4 * scale < size[0] - 2 * margin - 12 * scale:
            words.append(chance.choice(_WORDS))
        text = " ".join(words)[: chance.randint(8, 60)]
        pen.text((margin, y), text, font=font(round(3.7 * scale)), fill=(30, 30, 35))
        y += line * chance.choice((1.0, 1.0, 1.0, 1.7))
    if chance.random() < 0.5:  # a red seal
        x, y, r = size[0] * 0.72, size[1] * 0.82, 20 * scale
        pen.ellipse((x - r, y - r, x + r, y + r), outline=(200, 40, 40), width=round(1.2 * scale))
        pen.text((x, y), "仅供演示", font=font(round(6 * scale)), fill=(200, 40, 40), anchor="mm")
    return page


def _card(size: tuple[int, int], chance: random.Random, sheet: Sheet) -> Image:
    from PIL import Image as images
    from PIL import ImageDraw

    ground = tuple(chance.randint(185, 235) for _ in range(3))
    card = images.new("RGB", size, ground)
    pen = ImageDraw.Draw(card)
    width, height = size
    for step in range(0, width, max(4, width // 40)):  # a guilloche, roughly
        shade = tuple(max(0, level - 14) for level in ground)
        pen.arc((step - width // 3, -height // 2, step + width // 3, height * 1.5), 60, 300, fill=shade)
    pen.rectangle((width * 0.64, height * 0.12, width * 0.94, height * 0.74), fill=(120, 130, 150))
    pen.ellipse((width * 0.72, height * 0.2, width * 0.86, height * 0.5), fill=(205, 175, 155))
    rows = (
        "姓名 样本",
        "性别 女 民族 汉",
        "出生 2000 年 1 月 1 日",
        "住址 " + chance.choice(_WORDS),
        "仅供演示 不是证件",
    )
    for row, text in enumerate(rows):
        pen.text((width * 0.06, height * (0.1 + 0.15 * row)), text, font=font(round(height * 0.075)), fill=(30, 30, 60))
    if sheet is PASSPORT:
        for low in (0.82, 0.9):
            zone = "".join(chance.choice("ABCDEFGHKLMNP<<0123456789") for _ in range(44))
            pen.text((width * 0.04, height * low), zone, font=font(round(height * 0.05)), fill=(20, 20, 20))
    else:
        digits = "".join(str(chance.randint(0, 9)) for _ in range(18))
        pen.text((width * 0.06, height * 0.87), f"号码 {digits}", font=font(round(height * 0.08)), fill=(20, 20, 20))
    return card
