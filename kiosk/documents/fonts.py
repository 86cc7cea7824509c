"""Faces for paper, made from the system's fonts glyph by glyph.

reportlab embeds TrueType outlines only, and the handsome free Chinese fonts (Noto CJK) are CFF. So the few glyphs
that a paper needs are converted as they are needed and put together into a small TrueType font in memory. Rare
characters come from Hanazono into the same small font, so layout never has to switch fonts. Nothing is cached on disk
and nothing has to be built at set-up; Debian's fonts-noto-cjk (there for the screen) and fonts-hanazono suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from kiosk.documents import sfnt

UNITS = 1000
OPENTYPE = Path("/usr/share/fonts/opentype/noto")
TRUETYPE = Path("/usr/share/fonts/truetype")

# Face -> (file, name of the font inside it), tried in order for each character.
RARE = ((TRUETYPE / "hanazono/HanaMinA.ttf", ""), (TRUETYPE / "hanazono/HanaMinB.ttf", ""))
FACES: dict[str, tuple[tuple[Path, str], ...]] = {
    "text": ((OPENTYPE / "NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"), *RARE),
    "title": ((OPENTYPE / "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC"), *RARE),
}


class FontsMissing(Exception):
    """No font for a face is installed: no paper can be made here."""

    code = "fonts-missing"
    advice = "Install fonts-noto-cjk and fonts-hanazono."
    retryable = False


class _Source:
    """One font file, opened by FreeType when first asked: that reads what a glyph needs, and nothing of the 65,000
    others (fontTools takes half a second to open such a file, and this child is born anew for every visit)."""

    def __init__(self, path: Path, family: str) -> None:
        self._path, self._family = path, family

    @cached_property
    def _face(self) -> Any:
        import freetype  # type: ignore[import-untyped]  # ships no types

        first = freetype.Face(str(self._path))
        if not self._family:
            return first
        several = (freetype.Face(str(self._path), index) for index in range(first.num_faces))
        return next(face for face in several if face.family_name.decode() == self._family)

    def has(self, character: str) -> bool:
        return bool(self._face.get_char_index(character))

    def glyph(self, character: str) -> tuple[Any, int]:
        """(TrueType glyph, advance) in units of 1/1000 em."""
        import freetype
        from fontTools.pens.cu2quPen import Cu2QuPen
        from fontTools.pens.transformPen import TransformPen
        from fontTools.pens.ttGlyphPen import TTGlyphPen

        scale = UNITS / self._face.units_per_EM
        self._face.load_char(character, freetype.FT_LOAD_NO_SCALE)
        found = self._face.glyph
        pen = TTGlyphPen(None)
        target = Cu2QuPen(pen, 0.8, reverse_direction=True) if self._face.get_format() == b"CFF" else pen
        _draw(found.outline, TransformPen(target, (scale, 0, 0, scale, 0, 0)))
        return pen.glyph(), round(found.metrics.horiAdvance * scale)


def _draw(outline: Any, pen: Any) -> None:
    """FreeType's outline on a pen of fontTools, which wants each contour ended."""
    open_contour = False

    def begin(to: Any, _: None) -> None:
        nonlocal open_contour
        if open_contour:
            pen.closePath()
        open_contour = True
        pen.moveTo((to.x, to.y))

    def line(to: Any, _: None) -> None:
        pen.lineTo((to.x, to.y))

    def conic(over: Any, to: Any, _: None) -> None:
        pen.qCurveTo((over.x, over.y), (to.x, to.y))

    def cubic(one: Any, two: Any, to: Any, _: None) -> None:
        pen.curveTo((one.x, one.y), (two.x, two.y), (to.x, to.y))

    outline.decompose(None, move_to=begin, line_to=line, conic_to=conic, cubic_to=cubic)
    if open_contour:
        pen.closePath()


@cache
def _source(path: Path, family: str) -> _Source:
    return _Source(path, family)


class _Advances(dict[str, int]):
    """Widths by character, looked up when first asked."""

    def __init__(self, glyph: Callable[[str], tuple[Any, int]]) -> None:
        self._glyph = glyph

    def __missing__(self, character: str) -> int:
        found = self[character] = self._glyph(character)[1]
        return found


class Face:
    """Characters of one style. Implements glyphs.Coverage."""

    def __init__(self, name: str) -> None:
        self.name, self.family = name, f"Kiosk {name.title()}"
        self._sources = [_source(path, family) for path, family in FACES[name] if path.exists()]
        if not self._sources or not FACES[name][0][0].exists():
            raise FontsMissing(f"no font for the face {name!r} is installed")
        self._glyph = lru_cache(maxsize=4096)(self._draw)
        self._written = lru_cache(maxsize=4096)(self._write)
        self._advances = _Advances(self._glyph)
        self._has = lru_cache(maxsize=4096)(self._covers)

    def covers(self, character: str) -> bool:
        return self._has(character)

    def _covers(self, character: str) -> bool:
        return any(source.has(character) for source in self._sources)

    def _draw(self, character: str) -> tuple[Any, int]:
        return next(source for source in self._sources if source.has(character)).glyph(character)

    def _write(self, character: str) -> sfnt.Glyph:
        """The glyph as it stands in a font. To write each one anew for every paper took a third of its time."""
        glyph, advance = self._glyph(character)
        data: bytes = glyph.compile(None)
        if not data:
            return sfnt.Glyph(b"", advance)
        box = (glyph.xMin, glyph.yMin, glyph.xMax, glyph.yMax)
        return sfnt.Glyph(data, advance, box, len(glyph.coordinates), glyph.numberOfContours)

    def advance(self, character: str) -> int:
        """Width of a character in thousandths of the size."""
        return self._advances[character]

    def width(self, text: str, size: float) -> float:
        return sum(map(self._advances.__getitem__, text)) * size / UNITS

    def outline(self, character: str, pen: Any) -> None:
        """The character's outline on a pen of fontTools, in units of 1/1000 em."""
        self._glyph(character)[0].draw(pen, None)

    def subset(self, text: str) -> bytes:
        """A TrueType font with the characters of ``text``, which glyphs.check has let through."""
        written = [(ord(character), self._written(character)) for character in self.characters(text)]
        return sfnt.font(self.family, UNITS, written)

    def characters(self, text: str) -> str:
        """Those of a font for ``text``, in the order of their glyphs, from glyph 1 on."""
        return "".join(sorted(set(text) - {"\n"} | {" "}))


@cache
def face(name: str) -> Face:
    """The face ``text`` or ``title``. Raises FontsMissing."""
    return Face(name)
