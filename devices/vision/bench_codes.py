"""What reading codes costs in a 1080p frame, against zxing-cpp alone on the same frame."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import zxingcpp

from devices.vision.bench_turns import in_turns, row
from devices.vision.codes import FORMATS, read
from devices.vision.face import Image
from devices.vision.parameters import CodeParameters

LIMIT = 1.15
TEXT = "https://example.invalid/受理/20261126-000042"


def frame(text: str = TEXT) -> Image:
    """A QR code in the middle of a noisy grey frame; with an empty text the frame without it."""
    chance = np.random.default_rng(3)
    made = np.full((1080, 1920, 3), 150, np.uint8)
    if text:
        code = np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=7))
        top, left = (1080 - code.shape[0]) // 2, (1920 - code.shape[1]) // 2
        made[top : top + code.shape[0], left : left + code.shape[1]] = code[:, :, None]
    noise = chance.normal(0, 4, made.shape[:2]).astype(np.float32)[:, :, None]
    return np.asarray(np.clip(made + noise, 0, 255), dtype=np.uint8)


def measure(rounds: int = 25) -> list[dict[str, Any]]:
    """One row for a frame with a code, one for a frame without."""
    cv2.setNumThreads(1)
    rows = []
    for work, image, count in (("with a QR code", frame(), 1), ("without a code", frame(""), 0)):
        if len(read(image, CodeParameters(), 0.0)) != count:
            raise RuntimeError("the bench's own frame is not read")
        measured = in_turns(
            lambda image=image: zxingcpp.read_barcodes(image, formats=FORMATS, text_mode=zxingcpp.TextMode.HexECI),  # type: ignore[misc]  # default binds the image
            lambda image=image: read(image, CodeParameters(), 0.0),  # type: ignore[misc]  # default binds the image
            rounds,
        )
        rows.append(
            row(f"codes in a 1080p frame {work}", "zxing-cpp alone", "devices.vision.codes", measured, rounds, LIMIT)
        )
    return rows


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1, ensure_ascii=False))
