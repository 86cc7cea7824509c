"""What a face costs in a frame, against the networks alone; and a preview frame, which must keep up with 30 a second.

Needs the extra ``face`` (and ``liveness`` for its row) and a face: scikit-image's photograph, read straight from its
package. Nothing is stored.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from devices.vision.bench_turns import in_turns, row
from devices.vision.capture import inspect
from devices.vision.face import DlibMatcher, Face, Image
from devices.vision.mesh import FaceMesh, MeshMissing
from devices.vision.networks import Networks
from devices.vision.parameters import CaptureParameters, FaceParameters
from devices.vision.preview import QUALITY
from devices.vision.quality import advise
from devices.vision.scale import narrowed

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
    """Rows: a look at a face, a comparison, a liveness look (where installed), a preview frame. Ours goes the way it
    goes in the street, to the networks' own process and back; its time there counts."""
    cv2.setNumThreads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    wanted = FaceParameters()
    networks = Networks(confidence=wanted.confidence, width=wanted.detector_width)
    try:
        networks.ready(60.0)
        return _measured(person(), wanted, networks, rounds)
    finally:
        networks.close()


def _measured(image: Image, wanted: FaceParameters, networks: Networks, rounds: int) -> list[dict[str, Any]]:
    detector, matcher, alone = networks.detector, networks.matcher, DlibMatcher()
    (face,) = detector.find(image)
    if (hint := advise(image, [face], None, wanted)) is not None:
        raise RuntimeError(f"the bench's own face is not good enough: {hint.value}")
    detect = importlib.import_module("yuface").detect
    align, net, dlib = alone._align, alone._net, importlib.import_module("dlib")

    def found() -> object:
        small = cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA)
        return detect(small, wanted.confidence)

    def described() -> object:
        found()
        side = (face.width + face.height) / 2
        left, top = int(face.middle[0] - side / 2), int(face.middle[1] - side / 2)
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        chip = dlib.get_face_chip(rgb, align(rgb, dlib.rectangle(left, top, int(left + side), int(top + side))))
        return net.compute_face_descriptor(chip)

    def look() -> Face:
        faces = detector.find(image)
        advise(image, faces, None, wanted)
        return faces[0]

    def turns(reference: Callable[[], object], ours: Callable[[], object]) -> tuple[float, float]:
        return in_turns(reference, ours, rounds, lambda: networks.spent)

    rows = [
        row(
            "a look at a face: find, judge",
            "libfacedetection alone",
            "devices.vision",
            turns(found, look),
            rounds,
            LIMIT,
        ),
        row(
            "a comparison: find, judge, describe",
            "libfacedetection and dlib's ResNet alone",
            "devices.vision",
            turns(described, lambda: matcher.describe(image, look())),
            rounds,
            LIMIT,
        ),
    ]
    with suppress(MeshMissing):
        rows.append(_liveness(image, face, found, look, turns, rounds))
    rows.append(_preview(image, rounds))
    return rows


def _liveness(image: Image, face: Face, found: Any, look: Any, turns: Any, rounds: int) -> dict[str, Any]:
    mesh = FaceMesh()
    crop, eye = cv2.resize(image, (192, 192)).astype(np.uint8), cv2.resize(image, (64, 64)).astype(np.uint8)

    def alone() -> None:
        found()
        mesh._face.run(crop)
        mesh._eye.run(eye)
        mesh._eye.run(eye)

    measured = turns(alone, lambda: mesh.pose(image, look()))
    return row(
        "a liveness look: find, judge, mesh, eyes", "the networks alone", "devices.vision", measured, rounds, LIMIT
    )


def _preview(image: Image, rounds: int) -> dict[str, Any]:
    """From a decoded frame to the preview's JPEG."""
    times = []
    for number in range(rounds):
        start = time.thread_time()
        shot = inspect(image, number, 0.0)
        cv2.imencode(".jpg", narrowed(shot.image, CaptureParameters().width), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
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
