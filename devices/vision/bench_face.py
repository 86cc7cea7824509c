"""What a face costs in a frame, against the networks alone; and a preview frame, which must keep up with 30 a second.

Needs the extra ``face`` (and ``liveness`` for its row) and a face: scikit-image's photograph, read straight from its
package. Nothing is stored.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from devices.vision.bench_turns import in_turns, row
from devices.vision.capture import inspect
from devices.vision.face import DlibMatcher, Face, Image, LibFaceDetector
from devices.vision.mesh import FaceMesh, MeshMissing
from devices.vision.parameters import CaptureParameters, FaceParameters
from devices.vision.quality import advise
from devices.vision.serving import narrowed

LIMIT = 1.20
PREVIEW_MS = 1000 / 30


def person() -> Image:
    """The photograph around the face, 640x480."""
    spec = importlib.util.find_spec("skimage")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        picture = cv2.imread(str(Path(folder) / "data" / "astronaut.png"), cv2.IMREAD_COLOR)
        if picture is not None:
            return np.asarray(cv2.resize(picture[0:249, 56:388], (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    raise RuntimeError("install the package scikit-image for its photograph of a person")


def measure(rounds: int = 20) -> list[dict[str, Any]]:
    """Rows: a look at a face, a comparison, a liveness look (where installed), a preview frame."""
    cv2.setNumThreads(1)
    wanted, image = FaceParameters(), person()
    detector, matcher = LibFaceDetector(confidence=wanted.confidence, width=wanted.detector_width), DlibMatcher()
    (face,) = detector.find(image)
    if (hint := advise(image, [face], None, wanted)) is not None:
        raise RuntimeError(f"the bench's own face is not good enough: {hint.value}")
    detect = importlib.import_module("yuface").detect
    align, net, dlib = matcher._align, matcher._net, importlib.import_module("dlib")

    def networks() -> object:
        small = cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA)
        return detect(small, wanted.confidence)

    def described() -> object:
        networks()
        side = (face.width + face.height) / 2
        left, top = int(face.middle[0] - side / 2), int(face.middle[1] - side / 2)
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        chip = dlib.get_face_chip(rgb, align(rgb, dlib.rectangle(left, top, int(left + side), int(top + side))))
        return net.compute_face_descriptor(chip)

    def look() -> Face:
        found = detector.find(image)
        advise(image, found, None, wanted)
        return found[0]

    rows = [
        row(
            "a look at a face: find, judge",
            "libfacedetection alone",
            "devices.vision",
            in_turns(networks, look, rounds),
            rounds,
            LIMIT,
        ),
        row(
            "a comparison: find, judge, describe",
            "libfacedetection and dlib's ResNet alone",
            "devices.vision",
            in_turns(described, lambda: matcher.describe(image, look()), rounds),
            rounds,
            LIMIT,
        ),
    ]
    with suppress(MeshMissing):
        rows.append(_liveness(image, face, networks, look, rounds))
    rows.append(_preview(image, rounds))
    return rows


def _liveness(image: Image, face: Face, networks: Any, look: Any, rounds: int) -> dict[str, Any]:
    mesh = FaceMesh()
    crop, eye = cv2.resize(image, (192, 192)).astype(np.uint8), cv2.resize(image, (64, 64)).astype(np.uint8)

    def alone() -> None:
        networks()
        mesh._face.run(crop)
        mesh._eye.run(eye)
        mesh._eye.run(eye)

    measured = in_turns(alone, lambda: mesh.pose(image, look()), rounds)
    return row(
        "a liveness look: find, judge, mesh, eyes", "the networks alone", "devices.vision", measured, rounds, LIMIT
    )


def _preview(image: Image, rounds: int) -> dict[str, Any]:
    """From a decoded frame to the preview's JPEG."""
    times = []
    for number in range(rounds):
        start = time.thread_time()
        shot = inspect(image, number, 0.0)
        cv2.imencode(".jpg", narrowed(shot.image, CaptureParameters().width), [cv2.IMWRITE_JPEG_QUALITY, 80])
        times.append(time.thread_time() - start)
    return {
        "work": "a preview frame: inspect, scale, JPEG (30 a second leave 33 ms)",
        "ours": round(sorted(times)[rounds // 2] * 1000, 3),
        "unit": "ms",
        "limit": round(PREVIEW_MS, 1),
        "notes": "processor time",
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1, ensure_ascii=False))
