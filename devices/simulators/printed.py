"""What a printer printed, as a sheet that can be laid under a camera; with the streaks of a worn drum where planted."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from devices.simulators.papers import A4

if TYPE_CHECKING:
    from PIL.Image import Image

STREAKS = {"left": 48.0, "middle": 104.0, "right": 163.0}  # mm from the left edge
WIDTH = 1.2  # mm
KINDS = ("white", "dark")
_DOTS = 8.0  # a millimetre


def sheet(file: Path) -> Image:
    """As ``_sheet``; drawn once for each version of the file."""
    return _sheet(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _sheet(file: Path, changed: int) -> Image:
    """The first page of a PDF, or a picture of it, as A4 paper. OSError, ValueError where there is none."""
    from PIL import Image as images

    size = round(A4.width * _DOTS), round(A4.height * _DOTS)
    if file.suffix.lower() == ".pdf":
        import pypdfium2  # type: ignore[import-untyped]  # ships no types

        try:
            document = pypdfium2.PdfDocument(file.read_bytes())
            drawn = document[0].render(scale=_DOTS * 25.4 / 72).to_pil().convert("RGB")
        except pypdfium2.PdfiumError as error:
            raise ValueError(str(error)) from None
    else:
        with images.open(file) as opened:
            drawn = opened.convert("RGB")
    ground = drawn.resize(size, images.Resampling.BILINEAR)
    seen: Image = ground.point(lambda level: 12 + level * 232 // 255)  # no paper is white, no toner black under a lens
    return seen


def streaked(page: Image, thirds: tuple[str, ...], kind: str, *, width: float = WIDTH, aside: float = 0.0) -> Image:
    """Along the whole page: toner missing (``white``: what is printed there is pale), or too much (``dark``).
    ``width`` of a streak and how far it lies ``aside`` of its usual place (mm)."""
    from PIL import Image as images

    page = page.copy()
    for third in thirds:
        left = round((STREAKS[third] + aside) * _DOTS)
        box = (left, 0, left + max(1, round(width * _DOTS)), page.height)
        strip = page.crop(box)
        ink = images.new("RGB", strip.size, (240, 240, 240) if kind == "white" else (70, 70, 70))
        page.paste(images.blend(strip, ink, 0.7 if kind == "white" else 0.45), box)
    return page
