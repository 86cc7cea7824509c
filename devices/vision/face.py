"""Finding faces and comparing them: two small interfaces, and the implementations behind them.

Detector: libfacedetection (PyPI ``yuface``, BSD), a small network inside the wheel. Matcher: dlib's ResNet
(PyPI ``dlib-bin``, Boost licence) with the weights of ``face_recognition_models``: 128 numbers a face, compared by
Euclidean distance. Both come with the optional extra ``face``; without it ``MatcherMissing`` is raised and the
citizen is verified another way. Never checks liveness, never stores a picture or a descriptor.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
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
        scale = min(1.0, self._width / image.shape[1])
        small = image if scale == 1.0 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
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


class ReferenceProblem(ValueError):
    """The reference picture cannot be used; the message is the stable reason."""


_REFERENCE_WIDTH = 204  # twice the 102 pixels of a card: below this small faces are found less surely


def describe_reference(data: bytes, detector: Detector, matcher: Matcher, *, max_bytes: int) -> Descriptor:
    """Descriptor of the one face in a card picture (BMP, PNG, JPEG or WebP).

    Raises ReferenceProblem: ``too-large`` | ``undecodable`` | ``too-small`` | ``no-face`` | ``several-faces``.
    """
    if len(data) > max_bytes:
        raise ReferenceProblem("too-large")
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error:  # a header that claims more pixels than OPENCV_IO_MAX_IMAGE_PIXELS
        raise ReferenceProblem("undecodable") from None
    if decoded is None:
        raise ReferenceProblem("undecodable")
    image: Image = decoded.astype(np.uint8, copy=False)
    if min(image.shape[:2]) < 48:
        raise ReferenceProblem("too-small")
    if image.shape[1] < _REFERENCE_WIDTH:
        factor = _REFERENCE_WIDTH / image.shape[1]
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    faces = detector.find(image)
    if not faces:
        raise ReferenceProblem("no-face")
    if len(faces) > 1 and faces[1].height > faces[0].height * 0.5:
        raise ReferenceProblem("several-faces")
    return matcher.describe(image, faces[0])
