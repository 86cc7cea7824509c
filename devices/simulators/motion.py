"""The demonstration's person in motion: blinking, turning the head; and a photograph of the person being waved about.

Made by bending one photograph: the head is an ellipsoid with a nose on it that is turned, an eyelid is skin drawn down
over the eye. That shows that the liveness check follows a motion it asks for, and no more: real heads, eyes and light
are not like this. numpy is imported at the first call.
"""

from __future__ import annotations

import io
import math
from functools import cache
from typing import TYPE_CHECKING, Any

from devices.simulators import portrait

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

# Measured on ``portrait.camera_picture`` (640x480): the head as an ellipse, the nose's tip, the eyes.
_HEAD = (326.0, 228.0, 112.0, 150.0)  # middle x, y, half width, half height
_NOSE = (319.0, 250.0)
_EYES = ((283.0, 195.5, 23.0), (366.0, 200.0, 23.0))  # middle x, y, half width
_LID = 6.5  # half the height of an open eye
TURN = 26.0  # degrees: what a person does who is asked to turn the head a little

GESTURES = ("blink", "turn_left", "turn_right")


@cache
def gesture(name: str) -> tuple[bytes, ...]:
    """The frames of one gesture at 15 a second, from rest to rest: JPEG, 640x480."""
    if name == "blink":
        return tuple(frame(lids=share, shift=step) for step, share in enumerate((0.4, 1.0, 1.0, 1.0, 0.4, 0.0)))
    sign = {"turn_left": 1.0, "turn_right": -1.0}[name]
    way = [0.3, 0.6, 0.85, 1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.35, 0.0]
    return tuple(frame(turn=sign * TURN * share, shift=step) for step, share in enumerate(way))


@cache
def waved(kind: str) -> tuple[bytes, ...]:
    """A flat photograph of the person held before the camera and moved: ``tilted`` about two axes, or ``bobbing``."""
    frames = []
    for step in range(16):
        phase = 2 * math.pi * step / 16
        if kind == "tilted":
            frames.append(_flat(40 * math.sin(phase), 30 * math.sin(2 * phase), 0.0, 0.0))
        else:
            frames.append(_flat(0.0, 0.0, 40 * math.sin(phase), 15 * math.sin(2 * phase)))
    return tuple(frames)


def frame(*, turn: float = 0.0, lids: float = 0.0, shift: int = 0) -> bytes:
    """One picture: head turned to the person's left by ``turn`` degrees, eyes closed by ``lids`` (0-1), swaying."""
    import numpy as np

    picture = _picture()
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x + 0.4 * (shift % 5), y + 0.3 * (shift % 3)
    source_x, source_y = x, y
    if turn:
        left, top, wide, tall = _HEAD
        rows = slice(max(0, int(top - 1.2 * tall)), int(top + 1.2 * tall))
        columns = slice(int(left - 1.2 * wide), int(left + 1.2 * wide))
        source_x = x.copy()
        source_x[rows, columns] = _turned(x[rows, columns], y[rows, columns], math.radians(turn))
    if lids:
        source_y = _lidded(source_x, source_y, lids)
    return _jpeg(_sampled(picture, source_x, source_y))


def _turned(x: Pixels, y: Pixels, angle: float) -> Pixels:
    """Where the pixels of a turned head come from: u_seen = u cos + z(u, v) sin, solved for u step by step."""
    import numpy as np

    left, top, wide, tall = _HEAD
    u_seen, v = (x - left) / wide, (y - top) / tall
    nose_u, nose_v = (_NOSE[0] - left) / wide, (_NOSE[1] - top) / tall
    u = u_seen.copy()
    for _ in range(8):
        inside = np.clip(1 - u * u - v * v, 0, 1)
        bump = 0.3 * np.exp(-(((u - nose_u) / 0.16) ** 2 + ((v - nose_v) / 0.2) ** 2))
        depth = np.sqrt(inside) + bump
        u = u + 0.6 * ((u_seen - depth * math.sin(angle)) / math.cos(angle) - u)
    far = np.sqrt(u_seen * u_seen + v * v)
    weight = np.clip((1.12 - far) / 0.3, 0, 1)
    weight = weight * weight * (3 - 2 * weight)  # the head's edge goes over into what stands still
    return np.asarray(x + weight * (left + u * wide - x), dtype=np.float32)


def _lidded(x: Pixels, y: Pixels, share: float) -> Pixels:
    """Skin between brow and upper lid, drawn down towards the lower lid."""
    import numpy as np

    source = y.copy()
    for middle_x, middle_y, half in _EYES:
        along = (x - middle_x) / half
        opening = _LID * np.clip(1 - along * along, 0, 1)
        brow, upper, lower = middle_y - 26.0, middle_y - opening, middle_y + opening + 1.0
        edge = upper + share * (lower - upper)
        skin = (np.abs(along) < 1) & (y > brow) & (y <= edge)
        drawn = brow + (y - brow) * (upper - 2.0 - brow) / np.maximum(edge - brow, 1.0)
        source = np.where(skin, drawn, source)
    return np.asarray(source, dtype=np.float32)


def _flat(yaw: float, pitch: float, right: float, down: float) -> bytes:
    """The picture as a plane turned about both axes and moved, seen by a pinhole 800 pixels away."""
    import numpy as np
    from PIL import Image

    width, height = 640, 480
    a, b = math.radians(yaw), math.radians(pitch)
    rotation = np.array(
        [
            [math.cos(a), math.sin(a) * math.sin(b), math.sin(a) * math.cos(b)],
            [0.0, math.cos(b), -math.sin(b)],
            [-math.sin(a), math.cos(a) * math.sin(b), math.cos(a) * math.cos(b)],
        ]
    )
    # A seen pixel's ray meets the plane: columns 0 and 1 of the rotation span it, 800 away.
    plane = np.column_stack([rotation[:, 0], rotation[:, 1], np.array([right, down, 800.0])])
    ray = np.array([[1.0, 0.0, -width / 2], [0.0, 1.0, -height / 2], [0.0, 0.0, 800.0]])
    home = np.linalg.inv(plane) @ ray
    home[0] += width / 2 * home[2]
    home[1] += height / 2 * home[2]
    home /= home[2, 2]
    with Image.open(io.BytesIO(portrait.camera_picture())) as picture:
        seen = picture.transform(
            (width, height), Image.Transform.PERSPECTIVE, home.ravel()[:8].tolist(), Image.Resampling.BILINEAR
        )
    buffer = io.BytesIO()
    seen.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _sampled(picture: Pixels, x: Pixels, y: Pixels) -> Pixels:
    """Bilinear, the borders repeated."""
    import numpy as np

    height, width = picture.shape[:2]
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = (x - left)[:, :, None], (y - top)[:, :, None]
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, dtype=np.float32)


@cache
def _picture() -> Any:
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(portrait.camera_picture())) as opened:
        return np.asarray(opened.convert("RGB"), dtype=np.float32)


def _jpeg(pixels: Pixels) -> bytes:
    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
