"""Several frames must agree before a person is said to match or to differ."""

from __future__ import annotations

from devices.contracts.camera import FaceDiffers, FaceMatched
from devices.vision.agreement import Agreement
from devices.vision.parameters import FaceParameters

WANTED = FaceParameters(threshold=0.5, agree=3, window=5, differ=7)


def verdicts(*distances: float) -> list[object]:
    agreement = Agreement(WANTED)
    return [agreement.add(one) for one in distances]


def test_three_near_frames_match() -> None:
    assert verdicts(0.4, 0.3, 0.35) == [None, None, FaceMatched(0.35, 0.5)]


def test_one_lucky_frame_among_far_ones_does_not_match() -> None:
    assert not any(isinstance(one, FaceMatched) for one in verdicts(0.7, 0.2, 0.7, 0.7, 0.2, 0.7, 0.7))


def test_two_lucky_frames_do_not_match() -> None:
    assert verdicts(0.2, 0.2) == [None, None]


def test_a_look_aside_at_the_start_is_forgiven() -> None:
    assert verdicts(0.8, 0.8, 0.3, 0.3, 0.3)[-1] == FaceMatched(0.3, 0.5)


def test_far_frames_differ_only_after_enough_of_them() -> None:
    result = verdicts(*[0.8] * 7)
    assert result[:6] == [None] * 6
    assert result[6] == FaceDiffers(0.8, 0.5)


def test_a_distance_right_at_the_threshold_is_not_a_match() -> None:
    assert verdicts(*[0.5] * 7)[-1] == FaceDiffers(0.5, 0.5)


def test_at_the_deadline_nothing_is_said_of_too_few_frames() -> None:
    agreement = Agreement(WANTED)
    agreement.add(0.9)
    agreement.add(0.9)
    assert agreement.at_deadline() is None
    agreement.add(0.9)
    assert agreement.at_deadline() == FaceDiffers(0.9, 0.5)
