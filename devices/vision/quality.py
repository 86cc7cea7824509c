"""Is the face in this frame good enough to compare, and if not, what should the person do?"""

from __future__ import annotations

import cv2
import numpy as np

from devices.contracts.camera import FaceHint
from devices.vision.face import Face, Image
from devices.vision.parameters import FaceParameters


def advise(image: Image, faces: list[Face], before: Face | None, wanted: FaceParameters) -> FaceHint | None:
    """What stands in the way of a comparison, or None. ``faces`` tallest first; ``before`` is the last look's face."""
    if not faces:
        # An all-dark frame has no face either; say the thing that helps.
        return FaceHint.TOO_DARK if float(np.mean(image[::8, ::8])) < wanted.min_light / 2 else FaceHint.NO_FACE
    face = faces[0]
    if len(faces) > 1 and faces[1].height >= wanted.rival * face.height:
        return FaceHint.SEVERAL_FACES
    height, width = image.shape[:2]
    if face.height < wanted.min_height * height or face.height < wanted.min_pixels:
        return FaceHint.COME_CLOSER
    if face.height > wanted.max_height * height:
        return FaceHint.STEP_BACK
    x, y = face.middle
    if abs(x / width - 0.5) > wanted.off_centre or abs(y / height - 0.5) > wanted.off_centre:
        return FaceHint.CENTRE
    return _light_and_focus(image, face, wanted) or _movement(face, before, wanted)


def _light_and_focus(image: Image, face: Face, wanted: FaceParameters) -> FaceHint | None:
    height, width = image.shape[:2]
    left, top = max(0, int(face.left)), max(0, int(face.top))
    right, bottom = min(width, int(face.left + face.width)), min(height, int(face.top + face.height))
    patch = cv2.resize(cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY), (112, 112))
    light = float(np.mean(patch))
    if light < wanted.min_light:
        return FaceHint.TOO_DARK
    if light > wanted.max_light:
        return FaceHint.TOO_BRIGHT
    if sharpness(patch.astype(np.uint8)) < wanted.min_sharpness:
        return FaceHint.BLURRED
    return None


def sharpness(grey: Image) -> float:
    """Variance of the Laplacian: low for a defocused or smeared picture."""
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def _movement(face: Face, before: Face | None, wanted: FaceParameters) -> FaceHint | None:
    if before is None:
        return None
    (x, y), (u, v) = face.middle, before.middle
    moved = max(abs(x - u), abs(y - v), abs(face.height - before.height))
    return FaceHint.HOLD_STILL if moved > wanted.max_move * face.width else None
