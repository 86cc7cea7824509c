"""Finding faces and comparing them: two small interfaces, and the implementations behind them.

Detector: libfacedetection (PyPI ``yuface``, BSD), a small network inside the wheel. Matcher: dlib's ResNet
(PyPI ``dlib-bin``, Boost licence) with the weights of ``face_recognition_models``: 128 numbers a face, compared by
Euclidean distance. Both come with the optional extra ``face``; without it ``MatcherMissing`` is raised and the
citizen is verified another way. Never checks liveness, never stores a picture or a descriptor. Does without OpenCV,
which would double the time and memory that the networks' own process takes to start.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # height x width x 3, BGR
Descriptor = NDArray[np.float64]


class MatcherMissing(RuntimeError):
    """A package of the extra ``face`` is not installed, or its model file is missing."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face in pixels of the picture it was found in; ``confidence`` 0-1."""

    left: float
    top: float
    width: float
    height: float
    confidence: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def scaled(self, factor: float) -> Face:
        return Face(self.left * factor, self.top * factor, self.width * factor, self.height * factor, self.confidence)


class Detector(Protocol):
    """Finds faces."""

    name: str

    def find(self, image: Image) -> list[Face]:
        """Faces, tallest first."""
        ...


class Matcher(Protocol):
    """Describes a face so that distances between descriptions say how alike two faces are."""

    name: str

    def describe(self, image: Image, face: Face) -> Descriptor: ...

    def distance(self, one: Descriptor, other: Descriptor) -> float: ...


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MatcherMissing(f"package {name} is not installed") from error


class LibFaceDetector:
    """libfacedetection: upright, roughly frontal faces of 12 pixels and more. 3-11 ms at 320 pixels of width."""

    name = "libfacedetection (yuface 2023.5)"

    def __init__(self, *, confidence: float, width: int) -> None:
        self._detect = _module("yuface").detect
        self._confidence, self._width = confidence, width

    def find(self, image: Image) -> list[Face]:
        small = image
        if image.shape[1] > self._width:
            from devices.vision.scale import narrowed  # OpenCV: not where the networks have a process of their own

            small = narrowed(image, self._width)
        scale = small.shape[1] / image.shape[1]
        confidences, boxes, _ = self._detect(np.ascontiguousarray(small), self._confidence)
        faces = [
            Face(float(x), float(y), float(w), float(h), float(sure) / 100).scaled(1 / scale)
            for sure, (x, y, w, h) in zip(confidences, boxes, strict=True)
            if w > 0 and h > 0
        ]
        return sorted(faces, key=lambda face: -face.height)


class DlibMatcher:
    """dlib's 5-point alignment and ResNet-34 descriptor; 60-120 ms a face on one core, 35 MB."""

    name = "dlib ResNet v1 (dlib-bin 20, face_recognition_models 0.3)"
    _BOX_DOWN = 0.05  # the aligner was trained on squares from brow to chin; the detector's boxes reach higher

    def __init__(self) -> None:
        self._dlib = _module("dlib")
        models = self._models()
        self._align = self._dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._net = self._dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    @staticmethod
    def _models() -> Path:
        # Not imported: the package's own __init__ needs pkg_resources, which setuptools no longer brings.
        spec = importlib.util.find_spec("face_recognition_models")
        for folder in (spec.submodule_search_locations or []) if spec is not None else []:
            if (models := Path(folder) / "models").is_dir():
                return models
        raise MatcherMissing("package face_recognition_models is not installed")

    def describe(self, image: Image, face: Face) -> Descriptor:
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        (x, y), side = face.middle, (face.width + face.height) / 2
        y += self._BOX_DOWN * face.height
        box = self._dlib.rectangle(int(x - side / 2), int(y - side / 2), int(x + side / 2), int(y + side / 2))
        chip = self._dlib.get_face_chip(rgb, self._align(rgb, box))
        return np.asarray(self._net.compute_face_descriptor(chip), dtype=np.float64)

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        return float(np.linalg.norm(one - other))
