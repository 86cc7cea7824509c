"""Real faces from packages: found in a kilobyte of card picture, matched, and told apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.contracts.camera import FaceHint
from devices.simulators import portrait
from devices.vision.face import (
    Descriptor,
    DlibMatcher,
    Face,
    Image,
    LibFaceDetector,
)
from devices.vision.parameters import FaceParameters
from devices.vision.quality import advise
from devices.vision.reference import ReferenceProblem, describe_reference

WANTED = FaceParameters()


@pytest.fixture(scope="module")
def detector() -> LibFaceDetector:
    return LibFaceDetector(confidence=WANTED.confidence, width=WANTED.detector_width)


@pytest.fixture(scope="module")
def matcher() -> DlibMatcher:
    return DlibMatcher()


@pytest.fixture(scope="module")
def live() -> Image:
    return picture(portrait.camera_picture())


@pytest.fixture(scope="module")
def described(live: Image, detector: LibFaceDetector, matcher: DlibMatcher) -> Descriptor:
    return matcher.describe(live, detector.find(live)[0])


def picture(data: bytes) -> Image:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.uint8)


def reference(data: bytes, detector: LibFaceDetector, matcher: DlibMatcher) -> Descriptor:
    return describe_reference(data, detector, matcher, max_bytes=WANTED.max_reference_bytes)


def test_the_card_picture_is_as_small_as_a_card_allows() -> None:
    card = portrait.card_portrait()
    assert len(card) <= 1016
    assert picture(card).shape == (126, 102, 3)


def test_a_kilobyte_of_card_picture_matches_its_person(
    described: Descriptor, detector: LibFaceDetector, matcher: DlibMatcher
) -> None:
    card = reference(portrait.card_portrait(), detector, matcher)
    assert matcher.distance(card, described) < WANTED.threshold - 0.05


@pytest.mark.parametrize("encoding", [".bmp", ".png", ".jpg"])
def test_other_encodings_of_the_card_picture_match_too(
    encoding: str, described: Descriptor, detector: LibFaceDetector, matcher: DlibMatcher
) -> None:
    data = cv2.imencode(encoding, picture(portrait.card_portrait()))[1].tobytes()
    assert matcher.distance(reference(data, detector, matcher), described) < WANTED.threshold


@pytest.mark.parametrize("number", range(0, 30, 2))
def test_strangers_differ(number: int, described: Descriptor, detector: LibFaceDetector, matcher: DlibMatcher) -> None:
    card = reference(portrait.stranger_portrait(number), detector, matcher)
    assert matcher.distance(card, described) > WANTED.threshold + 0.05


def test_a_sharp_picture_of_another_person_differs(
    described: Descriptor, detector: LibFaceDetector, matcher: DlibMatcher
) -> None:
    try:
        other = picture(portrait.other_picture())
    except portrait.PictureMissing as missing:
        pytest.skip(str(missing))
    assert matcher.distance(matcher.describe(other, detector.find(other)[0]), described) > 0.6


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "undecodable"),
        (b"no picture at all", "undecodable"),
        (portrait.card_portrait()[:300], "undecodable"),
        (bytes(WANTED.max_reference_bytes + 1), "too-large"),
        (cv2.imencode(".png", np.full((126, 102, 3), 128, np.uint8))[1].tobytes(), "no-face"),
        (cv2.imencode(".png", np.full((30, 30, 3), 128, np.uint8))[1].tobytes(), "too-small"),
        (portrait.several_picture(), "several-faces"),
    ],
    ids=["empty", "text", "torn", "too-large", "grey", "tiny", "two-people"],
)
def test_a_reference_that_cannot_serve_says_why(
    data: bytes, reason: str, detector: LibFaceDetector, matcher: DlibMatcher
) -> None:
    with pytest.raises(ReferenceProblem, match=f"^{reason}$"):
        reference(data, detector, matcher)


def _blurred(image: Image) -> Image:
    return cv2.GaussianBlur(image, (31, 31), 0).astype(np.uint8)


def _dark(image: Image) -> Image:
    return (image * 0.15).astype(np.uint8)


def _bright(image: Image) -> Image:
    return np.clip(image.astype(np.int16) + 120, 0, 255).astype(np.uint8)


def _far(image: Image) -> Image:
    canvas = np.full((480, 640, 3), 128, np.uint8)
    canvas[180:300, 240:400] = cv2.resize(image, (160, 120), interpolation=cv2.INTER_AREA)
    return canvas


def _near(image: Image) -> Image:
    return cv2.resize(image[115:350, 180:460], (640, 480)).astype(np.uint8)


def _aside(image: Image) -> Image:
    return cv2.copyMakeBorder(image[:, 200:], 0, 0, 0, 200, cv2.BORDER_REPLICATE).astype(np.uint8)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda image: image, None),
        (_blurred, FaceHint.BLURRED),
        (_dark, FaceHint.TOO_DARK),
        (_bright, FaceHint.TOO_BRIGHT),
        (_far, FaceHint.COME_CLOSER),
        (_near, FaceHint.STEP_BACK),
        (_aside, FaceHint.CENTRE),
        (lambda _: picture(portrait.several_picture()), FaceHint.SEVERAL_FACES),
        (lambda _: picture(portrait.nobody_picture()), FaceHint.NO_FACE),
        (lambda _: picture(portrait.covered_picture()), FaceHint.TOO_DARK),
    ],
    ids=["good", "blurred", "dark", "bright", "far", "near", "aside", "two", "nobody", "covered"],
)
def test_the_person_is_told_what_to_do(
    change: object, hint: FaceHint | None, live: Image, detector: LibFaceDetector
) -> None:
    assert callable(change)
    seen = change(live)
    assert advise(seen, detector.find(seen), None, WANTED) is hint


def test_a_face_that_jumps_is_asked_to_hold_still(live: Image, detector: LibFaceDetector) -> None:
    faces = detector.find(live)
    before = Face(faces[0].left + faces[0].width, faces[0].top, faces[0].width, faces[0].height, 0.9)
    assert advise(live, faces, before, WANTED) is FaceHint.HOLD_STILL
