"""What a document frame costs on its way to a page's JPEG, against the OpenCV calls alone.

The reference makes the same calls on the same arrays, written down one after the other: shrink, soften, three masks,
contours, edges read along four sides, warp, light, JPEG. What is left over is ours: choosing among candidates, refining
corners, judging the page. The scene is drawn here (a sheet on a desk, 8 MP); nothing is read or stored.
"""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np

from devices.vision.bench_turns import in_turns, row
from devices.vision.document_look import take, view
from devices.vision.face import Image
from devices.vision.parameters import DocumentParameters

LIMIT = 1.10
SIZE = (3264, 2448)
_CORNERS = ((520.0, 310.0), (2790.0, 360.0), (2740.0, 1990.0), (470.0, 1940.0))


def sheet() -> Image:
    """A printed sheet on a dark desk, seen aslant, with a soft shadow and a sensor's noise; seeded."""
    chance = np.random.default_rng(7)
    page = np.full((1654, 2339, 3), 240, np.uint8)
    for line in range(120, 1560, 46):
        for column in range(140, 2200, 38):
            if chance.random() < 0.8:
                stroke = chance.integers(4, 28, 4).tolist()
                cv2.rectangle(page, (column, line), (column + stroke[0], line + stroke[1] // 8 + 2), (30, 30, 30), -1)
                cv2.line(page, (column + stroke[2], line), (column + stroke[3], line + 26), (30, 30, 30), 3)
    corners = np.array(_CORNERS, np.float32)
    home = np.array(((0, 0), (2339, 0), (2339, 1654), (0, 1654)), np.float32)
    frame = np.full((SIZE[1], SIZE[0], 3), (62, 70, 76), np.uint8)
    matrix = cv2.getPerspectiveTransform(home, corners)
    frame = cv2.warpPerspective(page, matrix, SIZE, frame, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT).astype(np.uint8)
    light = np.linspace(1.0, 0.62, SIZE[0], dtype=np.float32)[None, :, None]
    noise = chance.normal(0, 2, frame.shape[:2]).astype(np.float32)[:, :, None]
    return np.asarray(np.clip(frame * light + noise, 0, 255), dtype=np.uint8)


def ours(image: Image, wanted: DocumentParameters) -> int:
    seen = view(image, wanted)
    return len(take(image, seen, 0.0, wanted).jpeg)


def plainly(image: Image) -> int:
    """The same work by OpenCV alone, with the corners known beforehand."""
    half = cv2.resize(image, (1306, 978), interpolation=cv2.INTER_NEAREST)
    small = cv2.resize(half, (653, 489), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (5, 5), 0)
    grey = cv2.cvtColor(soft, cv2.COLOR_BGR2GRAY)
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    cv2.dilate(cv2.magnitude(x, y), np.ones((5, 5), np.uint8))
    close = np.ones((9, 9), np.uint8)
    around = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    around = cv2.blur(cv2.dilate(around, np.ones((15, 15), np.uint8)), (15, 15))
    flat = cv2.divide(grey, cv2.resize(around, (grey.shape[1], grey.shape[0])), scale=200.0)
    lab = cv2.cvtColor(soft, cv2.COLOR_BGR2LAB)
    masks = [
        cv2.morphologyEx(cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)[1], cv2.MORPH_CLOSE, close),
        cv2.morphologyEx(cv2.threshold(flat, 0, 255, cv2.THRESH_OTSU)[1], cv2.MORPH_CLOSE, close),
        cv2.dilate(cv2.Canny(grey, 20, 60), np.ones((3, 3), np.uint8)),
        cv2.dilate(cv2.Canny(grey, 40, 110), np.ones((5, 5), np.uint8)),
        cv2.morphologyEx(cv2.inRange(lab, (40, 100, 100), (90, 150, 150)), cv2.MORPH_CLOSE, close),
    ]
    for mask in masks:
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            if cv2.boundingRect(contour)[2] > 100:
                cv2.contourArea(cv2.convexHull(contour))
    across = np.mgrid[0:192, 0:61].astype(np.float32)
    edges = cv2.blur(cv2.remap(image, across[1], across[0], cv2.INTER_LINEAR).astype(np.float32), (3, 1))
    cv2.split(cv2.absdiff(edges[:, 4:-1].copy(), edges[:, 1:-4].copy()))
    corners = np.array(_CORNERS, np.float32)
    width, height = 2272, 1632
    target = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
    judged = target * (1000 / width)
    matrix = cv2.getPerspectiveTransform(corners, judged)
    looked = cv2.cvtColor(cv2.warpPerspective(image, matrix, (1000, 718)), cv2.COLOR_BGR2GRAY)
    cv2.absdiff(looked[:, 1:], looked[:, :-1])
    cv2.absdiff(looked[1:], looked[:-1])
    for one in (looked, looked, looked, looked):
        cv2.calcHist([one], [0], None, [256], [0, 256])
    lesser = cv2.resize(looked, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    cv2.morphologyEx(cv2.threshold(lesser, 251, 255, cv2.THRESH_BINARY)[1], cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    page = cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, target), (width, height))
    dim = cv2.resize(cv2.resize(page, (378, 272), interpolation=cv2.INTER_NEAREST), (189, 136))
    paper = cv2.dilate(cv2.cvtColor(dim, cv2.COLOR_BGR2GRAY), close)
    paper = cv2.GaussianBlur(cv2.medianBlur(paper, 9), (0, 0), 3)
    gain = cv2.resize(cv2.divide(np.full_like(paper, 242), paper, scale=64.0), (width, height))
    lit = cv2.multiply(page, cv2.merge([gain, gain, gain]), scale=1 / 64)
    return len(cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def measure(rounds: int = 31) -> dict[str, Any]:
    """One row; see ``bench_turns``."""
    cv2.setNumThreads(1)
    image, wanted = sheet(), DocumentParameters()
    if view(image, wanted).hint is not None:
        raise RuntimeError("the bench's own sheet is not taken")
    measured = in_turns(lambda: plainly(image), lambda: ours(image, wanted), rounds)
    work = "document frame of 8 MP to a page's JPEG: find, judge, straighten, light, encode"
    return row(
        work, "the same OpenCV calls alone, corners known", "devices.vision.document_look", measured, rounds, LIMIT
    )


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
