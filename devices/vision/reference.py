"""The picture on the card, described for comparison."""

from __future__ import annotations

import cv2
import numpy as np

from devices.vision.face import Descriptor, Detector, Image, Matcher


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
