"""What a document camera sees: papers on a desk, in perspective, with shadow, glare, blur and noise; and the truth.

A scene is drawn from a seed and knows exactly where its papers' corners lie. Pillow and numpy are imported at the
first call. The camera model is a pinhole over the middle of the desk; light falls off, a hand's shadow has a soft edge,
glare is a lamp's reflection. None of this was compared with a real camera.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devices.simulators import papers
from devices.simulators.papers import Sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Plane = NDArray[np.float32]

Corner = tuple[float, float]
Quad = tuple[Corner, Corner, Corner, Corner]


@dataclass(frozen=True, slots=True)
class Lying:
    """One paper on the desk: middle in millimetres from the desk's middle, turned by ``angle`` degrees."""

    sheet: Sheet
    seed: int
    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0
    code: str = ""  # what the code on it says; none where empty
    print: Image | None = None  # what stands on it, where a printer has printed it


@dataclass(frozen=True, slots=True)
class Spot:
    """Dirt on the glass: middle and radius as shares of the picture's width (``y`` of its height), ``strength`` the
    share of light it takes (below 0: that it scatters), ``long`` how many times longer than wide (a smear)."""

    x: float
    y: float
    radius: float
    strength: float
    long: float = 1.0
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A desk with papers, and how it is seen. ``desk_mm`` is the width of what an upright camera sees.

    ``tilt`` (two angles in degrees) leans the camera, ``shadow`` 0-1 darkens one side softly, ``glare`` is the radius
    of a reflection as a share of the paper's width, ``blur`` a radius and ``motion`` a length in pixels of a frame
    1600 wide, ``light`` scales everything, ``noise`` is a standard deviation in grey levels.

    ``spots`` is dirt on the glass, ``moved`` what the camera was knocked by (shares of the width right and down,
    degrees), ``clutter`` how many edges the desk itself has (a rail, screws, a mark), so that it is not only wood.
    ``again`` is another moment at the same desk: other noise, and the shadow falls from elsewhere."""

    papers: tuple[Lying, ...]
    size: tuple[int, int] = (1600, 1200)
    desk_mm: float = 420.0
    tilt: tuple[float, float] = (0.0, 0.0)
    desk: tuple[int, int, int] = (70, 60, 52)
    grain: float = 14.0
    shadow: float = 0.0
    glare: float = 0.0
    blur: float = 0.0
    motion: float = 0.0
    light: float = 1.0
    noise: float = 2.0
    seed: int = 0
    quality: int = 92
    dots_per_mm: float = field(default=0.0)  # of the drawn papers; 0 takes what the frame can show
    spots: tuple[Spot, ...] = ()
    moved: tuple[float, float, float] = (0.0, 0.0, 0.0)
    clutter: int = 0
    again: int = 0

    @property
    def mm_per_pixel(self) -> float:
        """At the desk's middle, seen from above."""
        return self.desk_mm / self.size[0]

    def corners(self, lying: Lying) -> Quad:
        """Where a paper's corners lie in the frame (pixel centres at whole numbers), from its own upper left on,
        clockwise on the paper."""
        w, h = lying.sheet.size
        turn = math.radians(lying.angle)
        places = []
        for u, v in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)):
            x = lying.x + u * math.cos(turn) - v * math.sin(turn)
            y = lying.y + u * math.sin(turn) + v * math.cos(turn)
            places.append(self._seen(x, y))
        return places[0], places[1], places[2], places[3]

    def _seen(self, x: float, y: float) -> Corner:
        """Pinhole at a distance of the desk's width, leaned by ``tilt`` around the desk's middle."""
        distance = self.desk_mm
        a, b = (math.radians(angle) for angle in self.tilt)
        # rotate the desk about the x axis by a, then about the y axis by b
        y1, z1 = y * math.cos(a), y * math.sin(a)
        x1, z2 = x * math.cos(b) + z1 * math.sin(b), z1 * math.cos(b) - x * math.sin(b)
        scale = self.size[0] / self.desk_mm * distance / (distance + z2)
        return self.size[0] / 2 - 0.5 + x1 * scale, self.size[1] / 2 - 0.5 + y1 * scale


def jpegs(scene: Scene, count: int = 1) -> tuple[bytes, ...]:
    """The scene as a camera sends it, again and again: only the sensor's noise differs."""
    encoded = []
    for picture in render_all(scene, count):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=scene.quality)
        encoded.append(buffer.getvalue())
    return tuple(encoded)


def render(scene: Scene) -> Image:
    """The scene as a picture."""
    return render_all(scene, 1)[0]


def render_all(scene: Scene, count: int) -> list[Image]:
    import numpy as np
    from PIL import Image as images
    from PIL import ImageFilter

    chance = np.random.default_rng(scene.seed)
    frame = images.fromarray(_desk(scene, chance))
    if scene.clutter:
        _clutter(frame, scene)
    if any(scene.moved):
        frame = _knocked(frame, scene)
    for lying in scene.papers:
        _lay(frame, scene, lying)
    scale = scene.size[0] / 1600
    if scene.blur:
        frame = frame.filter(ImageFilter.GaussianBlur(scene.blur * scale))
    pixels = np.asarray(frame)
    if scene.motion:
        pixels = _smeared(np.asarray(frame, dtype=np.float32), round(scene.motion * scale))
    light = _light(scene)
    for spot in scene.spots:
        light = light * _dirt(scene, spot)
    bands = [pixels[:, :, band] * light for band in range(3)]  # by itself each is twice as fast as all as one array
    if scene.glare and scene.papers:
        glare = _glare(scene)
        bands = [band + glare for band in bands]
    pictures = []
    if scene.again:
        chance = np.random.default_rng((scene.seed, scene.again))
    for _ in range(count):
        noise = chance.standard_normal(light.shape, dtype=np.float32) * scene.noise
        pictures.append(images.fromarray(_levels([band + noise for band in bands])))
    return pictures


def _levels(bands: Sequence[Plane]) -> NDArray[np.uint8]:
    """Red, green and blue as the levels of a picture."""
    import numpy as np

    levels = np.empty((*bands[0].shape, 3), np.uint8)
    for number, band in enumerate(bands):
        levels[:, :, number] = np.clip(band, 0, 255)
    return levels


def _desk(scene: Scene, chance: Any) -> NDArray[np.uint8]:
    """Wood, roughly: grain along x in several scales."""
    import numpy as np
    from PIL import Image as images

    width, height = scene.size
    grey = np.zeros((height, width), np.float32)
    for cells, share in ((6, 0.5), (24, 0.3), (90, 0.2)):
        coarse = images.fromarray(chance.standard_normal((cells * 3, max(2, cells // 3)), dtype=np.float32))
        grey += share * np.asarray(coarse.resize((width, height), images.Resampling.BICUBIC))
    grain = scene.grain * grey
    return _levels([np.float32(level) + grain for level in scene.desk])


def _clutter(frame: Image, scene: Scene) -> None:
    """What is screwed to a desk: a rail along its upper edge, a mark for the paper's corner, some screws."""
    from PIL import ImageDraw

    pen, (w, h) = ImageDraw.Draw(frame), scene.size
    chance = random.Random(9000 + scene.clutter)
    pen.rectangle((0, 0, w, h * 0.03), fill=(40, 42, 45))
    pen.line((w * 0.1, h * 0.1, w * 0.1, h * 0.2), fill=(190, 190, 180), width=max(2, w // 300))
    pen.line((w * 0.1, h * 0.1, w * 0.2, h * 0.1), fill=(190, 190, 180), width=max(2, w // 300))
    for _ in range(scene.clutter):
        x, y, r = chance.uniform(0.05, 0.95) * w, chance.uniform(0.1, 0.95) * h, w * chance.uniform(0.004, 0.012)
        shade = chance.choice((25, 130, 170))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(shade, shade, shade))


def _knocked(frame: Image, scene: Scene) -> Image:
    """The same desk seen by a camera that was pushed: turned about the middle, then shifted; the rim goes on."""
    import numpy as np
    from PIL import Image as images

    right, down, degrees = scene.moved
    w, h = scene.size
    rim = w // 4
    wide = images.fromarray(np.pad(np.asarray(frame), ((rim, rim), (rim, rim), (0, 0)), mode="reflect"))
    wide = wide.rotate(degrees, images.Resampling.BICUBIC)
    left, top = rim - round(right * w), rim - round(down * w)
    return wide.crop((left, top, left + w, top + h))


def _dirt(scene: Scene, spot: Spot) -> Plane:
    """What a spot leaves of the light: all of it outside, less inside, with a rim of a fifth of its radius."""
    import numpy as np

    w, h = scene.size
    x = np.arange(w, dtype=np.float32)[None, :] - spot.x * w
    y = np.arange(h, dtype=np.float32)[:, None] - spot.y * h
    turn = math.radians(spot.angle)
    along = (x * math.cos(turn) + y * math.sin(turn)) / spot.long
    across = y * math.cos(turn) - x * math.sin(turn)
    reach = np.sqrt(along * along + across * across) / (spot.radius * w)
    inside = 1 / (1 + np.exp(np.clip((reach - 1) / 0.07, -40, 40)))
    return np.asarray(1 - spot.strength * inside, dtype=np.float32)


def _lay(frame: Image, scene: Scene, lying: Lying) -> None:
    """Draw the paper, supersampled twice, with the thin dark line that a sheet's own shadow makes on the desk."""
    from PIL import Image as images
    from PIL import ImageFilter

    quad = scene.corners(lying)
    density = scene.dots_per_mm or min(12.0, 1.3 / scene.mm_per_pixel)
    printed = lying.print or papers.draw(lying.sheet, lying.seed, dots_per_mm=density, code=lying.code)
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    left, top = max(0, math.floor(min(xs)) - 8), max(0, math.floor(min(ys)) - 8)
    right, bottom = min(frame.width, math.ceil(max(xs)) + 9), min(frame.height, math.ceil(max(ys)) + 9)
    if right <= left or bottom <= top:
        return
    size = (right - left) * 2, (bottom - top) * 2
    target = [((x + 0.5 - left) * 2, (y + 0.5 - top) * 2) for x, y in quad]
    w, h = printed.size
    matrix = _perspective(target, ((0, 0), (w, 0), (w, h), (0, h)))
    paper = printed.transform(size, images.Transform.PERSPECTIVE, matrix, images.Resampling.BICUBIC)
    mask = images.new("L", (w, h), 255).transform(size, images.Transform.PERSPECTIVE, matrix)
    box = (right - left, bottom - top)
    paper, mask = paper.resize(box, images.Resampling.BOX), mask.resize(box, images.Resampling.BOX)
    shade = mask.filter(ImageFilter.GaussianBlur(3)).point(lambda level: level * 0.35)
    frame.paste((0, 0, 0), (left + 2, top + 2), shade)
    frame.paste(paper, (left, top), mask)


def _perspective(source: Sequence[Corner], target: Sequence[Corner]) -> list[float]:
    """Pillow's eight coefficients: where in ``target`` a place of ``source`` comes from."""
    import numpy as np

    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(one) for one in np.linalg.solve(np.array(rows), np.array(values))]


def _smeared(pixels: Plane, length: int) -> Plane:
    import numpy as np

    total = np.zeros_like(pixels)
    for shift in range(max(1, length)):
        total += np.roll(pixels, (shift // 2, shift), axis=(0, 1))
    return np.asarray(total / max(1, length), dtype=np.float32)


def _light(scene: Scene) -> Plane:
    """Light over the frame: falls off to the corners; a shadow covers one side with a soft edge."""
    import numpy as np

    width, height = scene.size
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = scene.light * (1 - 0.12 * (x * x + y * y) / 2)
    if scene.shadow:
        turn = random.Random(scene.seed + 7919 * scene.again).uniform(0, 2 * math.pi)
        across = x * math.cos(turn) + y * math.sin(turn)
        light = light * (1 - scene.shadow / (1 + np.exp(-(across - 0.1) * 14)))
    return light.astype(np.float32)


def _glare(scene: Scene) -> Plane:
    import numpy as np

    quad = scene.corners(scene.papers[0])
    middle_x, middle_y = sum(x for x, _ in quad) / 4, sum(y for _, y in quad) / 4
    chance = random.Random(scene.seed + 1)
    reach = math.dist(quad[0], quad[1])
    x = np.arange(scene.size[0], dtype=np.float32)[None, :] - middle_x - chance.uniform(-0.2, 0.2) * reach
    y = np.arange(scene.size[1], dtype=np.float32)[:, None] - middle_y - chance.uniform(-0.2, 0.2) * reach
    radius = scene.glare * reach
    return np.asarray(420 * np.exp(-(((x * x + y * y) / (radius * radius)) ** 2)), dtype=np.float32)
