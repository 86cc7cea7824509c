"""The other end of ``devices.vision.ocr``: ``python -m devices.vision.ocr_child``, started by it alone.

Asked (``do``): ``begin`` idle max_pixels threads, first and once | ``load`` | ``test`` | ``read`` + body JPEG.
Answers: ``engine`` | ``right`` | ``lines`` (text, confidence, [left, top, right, bottom]) width height turn |
``fault``.
Without a request for ``idle`` seconds it ends.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from devices.contracts.deadline import Deadline
from devices.transports.child import attach

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from devices.transports.child_channel import Channel, Message

    Image = NDArray[np.uint8]
    Box = NDArray[np.float32]  # 4 corners (x, y), clockwise from the line's upper left

VOTES = 12  # lines, the longest, that are asked which way up the page lies
SEARCH = 1280  # pixels: the longer side of the copy on which lines are looked for; they are read from the page itself
SURE = 0.9  # of a vote that counts
TALL = 1.5  # a line so much higher than wide stands on its side
SAMPLE = "0123456789"


class Refused(Exception):
    """``code``: why a page is not read."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def main() -> None:
    channel = attach()  # before the heavy imports: the parent's death must end us from now on
    os.nice(5)  # whoever touches the screen comes first
    try:
        serve(channel)
    except (EOFError, TimeoutError):
        os._exit(0)  # the parent is gone, or nothing was wanted for a while


def serve(channel: Channel) -> None:
    """Answer until the channel ends (EOFError) or has been idle (TimeoutError)."""
    wanted = channel.receive().head
    reader: Reader | None = None
    while True:
        message = channel.receive(Deadline.after(float(wanted["idle"])))
        try:
            if reader is None:
                reader = Reader(int(wanted["threads"]), int(wanted["max_pixels"]))
            channel.send(answer(reader, message))
        except Refused as refusal:
            channel.send({"fault": refusal.code})


def answer(reader: Reader, message: Message) -> Mapping[str, Any]:
    match message.head["do"]:
        case "load":
            return {"engine": reader.engine}
        case "test":
            return {"right": reader.test()}
        case _:
            return reader.read(message.body)


class Reader:
    """The networks, loaded (0.5 s, 110 MB before the first page)."""

    def __init__(self, threads: int, max_pixels: int) -> None:
        try:
            self._ocr = import_module("rapidocr_onnxruntime").RapidOCR(
                intra_op_num_threads=threads, inter_op_num_threads=1
            )
        except ImportError:
            raise Refused("ocr-missing") from None
        self._max_pixels = max_pixels
        self.engine = "RapidOCR, PP-OCRv4"

    def test(self) -> bool:
        """Whether digits that are drawn now are read as they are."""
        import cv2
        import numpy as np

        drawn = np.full((736, 736, 3), 255, np.uint8)  # the networks' own size: a smaller one would be blown up
        cv2.putText(drawn, SAMPLE, (150, 380), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (20, 20, 20), 4, cv2.LINE_AA)
        return [text for text, _, _ in self._look(drawn)["lines"]] == [SAMPLE]

    def read(self, jpeg: bytes) -> dict[str, Any]:
        return self._look(self._decoded(jpeg))

    def _decoded(self, jpeg: bytes) -> Image:
        """The picture, looked at only when its header says that it is not too large."""
        import cv2
        import numpy as np
        from PIL import Image as images

        images.MAX_IMAGE_PIXELS = None  # what is too large is said below, as a word
        try:
            with images.open(io.BytesIO(jpeg)) as header:
                width, height = header.size
        except (OSError, ValueError, SyntaxError):
            raise Refused("picture-malformed") from None
        if width * height > self._max_pixels:
            raise Refused("picture-too-large")
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None or min(image.shape[:2]) < 16:
            raise Refused("picture-malformed")
        return np.asarray(image, np.uint8)

    def _look(self, page: Image) -> dict[str, Any]:
        """Lines of the page, turned as it reads: first onto its feet by the lines' shape, then by what the classifier
        says of the longest; a page has one way up, so its lines have no vote of their own."""
        import numpy as np

        turn = 0
        boxes = self._boxes(page)
        if boxes and np.median([_height(box) / max(1.0, _width(box)) for box in boxes]) > TALL:
            turn, page = 90, np.ascontiguousarray(np.rot90(page, -1))
            boxes = self._boxes(page)
        crops = self._ocr.get_crop_img_list(page, boxes) if boxes else []
        height, width = page.shape[:2]
        if crops and self._upside_down(crops):
            turn += 180
            boxes = [np.array([width, height], np.float32) - box[[2, 3, 0, 1]] for box in boxes]
            crops = [np.ascontiguousarray(np.rot90(crop, 2)) for crop in crops]
        read = self._ocr.text_rec(crops, False)[0] if crops else []
        lines = [
            (text, round(float(sure), 4), [round(float(side), 1) for side in _bounds(box)])
            for box, (text, sure, *_) in zip(boxes, read, strict=True)
            if text.strip()
        ]
        lines.sort(key=lambda line: (line[2][1], line[2][0]))
        return {"lines": lines, "width": width, "height": height, "turn": turn}

    def _boxes(self, page: Image) -> list[Box]:
        """Where lines stand, in pixels of the page; looked for on a copy, which is half of the time."""
        import cv2
        import numpy as np

        scale = max(1.0, max(page.shape[:2]) / SEARCH)
        size = round(page.shape[1] / scale), round(page.shape[0] / scale)
        found, _ = self._ocr.auto_text_det(cv2.resize(page, size, interpolation=cv2.INTER_AREA) if scale > 1 else page)
        return [] if found is None else [np.asarray(box * scale, np.float32) for box in found]

    def _upside_down(self, crops: Sequence[Image]) -> bool:
        longest = sorted(crops, key=lambda crop: crop.shape[1], reverse=True)[:VOTES]
        _, votes, _ = self._ocr.text_cls(list(longest))
        sure = [label for label, confidence in votes if confidence >= SURE]
        return bool(sum(label == "180" for label in sure) * 2 > len(sure))


def _width(box: Box) -> float:
    return float(abs(box[1] - box[0]).max())


def _height(box: Box) -> float:
    return float(abs(box[3] - box[0]).max())


def _bounds(box: Box) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


if __name__ == "__main__":
    main()
