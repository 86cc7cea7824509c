"""The course of a liveness check, from readings and a clock: what passes, and everything that must not."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from devices.contracts.liveness import Challenge, NotLiveReason
from devices.vision.liveness import Asked, Course, Reading, Rested, drawn
from devices.vision.parameters import LivenessParameters

WANTED = LivenessParameters()
FRAME = 1 / 15
REST = Reading(0.36, -0.05)
SHUT = Reading(0.08, -0.05)
LEFT = Reading(0.36, 0.35)
RIGHT = Reading(0.36, -0.45)
ANSWERS = {Challenge.BLINK: [SHUT] * 3, Challenge.TURN_LEFT: [LEFT] * 5, Challenge.TURN_RIGHT: [RIGHT] * 5}
ALL = (Challenge.BLINK, Challenge.TURN_LEFT, Challenge.TURN_RIGHT)


class Person:
    """Plays readings into a course at 15 a second and keeps what is asked."""

    def __init__(self, *challenges: Challenge, wanted: LivenessParameters = WANTED) -> None:
        self.course = Course(challenges or ALL, wanted)
        self.now = 100.0
        self.asked: Challenge | None = None
        self.end: NotLiveReason | str | None = None

    def show(self, *readings: Reading | None) -> Person:
        for reading in readings:
            if self.end is not None:
                break
            self.now += FRAME
            event = self.course.see(reading, self.now)
            if isinstance(event, Rested):
                if event.done:
                    self.end = "live"
                    break
                event = self.course.ask(self.now)
            if isinstance(event, Asked):
                self.asked = event.challenge
            elif isinstance(event, NotLiveReason):
                self.end = event
        return self

    def until_asked(self) -> Person:
        for _ in range(60):
            if self.asked is not None or self.end is not None:
                break
            self.show(REST)
        assert self.asked is not None
        return self.show(*[REST] * 5)  # a third of a second: hears the question


def test_a_person_who_does_as_asked_is_live() -> None:
    person = Person()
    for challenge in ALL:
        person.until_asked()
        assert person.asked is challenge
        person.show(*ANSWERS[challenge]).show(*[REST] * 6)
    assert person.end == "live"


@pytest.mark.parametrize("challenge", list(Challenge))
def test_a_face_that_never_moves_does_not_answer(challenge: Challenge) -> None:
    person = Person(challenge).until_asked()
    assert person.show(*[REST] * 200).end is NotLiveReason.NO_RESPONSE
    assert person.now < 100 + WANTED.answer_seconds + 2


@pytest.mark.parametrize(
    ("challenge", "does"),
    [
        (Challenge.BLINK, [LEFT] * 3),
        (Challenge.TURN_LEFT, [RIGHT] * 3),
        (Challenge.TURN_RIGHT, [LEFT] * 3),
    ],
)
def test_the_wrong_move_ends_it(challenge: Challenge, does: list[Reading]) -> None:
    assert Person(challenge).until_asked().show(*does).end is NotLiveReason.WRONG_MOVE


@pytest.mark.parametrize("challenge", list(Challenge))
def test_what_is_done_before_it_can_have_been_heard_does_not_count(challenge: Challenge) -> None:
    person = Person(challenge)
    while person.asked is None:
        person.show(REST)
    assert person.show(*ANSWERS[challenge]).end is NotLiveReason.WRONG_MOVE


def test_one_odd_picture_is_no_turn() -> None:
    person = Person(Challenge.TURN_LEFT).until_asked()
    person.show(LEFT, REST, LEFT, REST, RIGHT, REST)
    assert person.end is None
    assert person.asked is Challenge.TURN_LEFT


def test_eyes_that_only_close_have_not_blinked() -> None:
    person = Person(Challenge.BLINK).until_asked()
    assert person.show(*[SHUT] * 200).end is NotLiveReason.NO_RESPONSE


def test_a_blink_while_turning_is_human() -> None:
    person = Person(Challenge.TURN_LEFT).until_asked()
    assert person.show(SHUT, SHUT, *[LEFT] * 4, *[REST] * 6).end == "live"


def test_the_next_is_asked_only_when_the_face_is_straight_again() -> None:
    person = Person(Challenge.TURN_LEFT, Challenge.BLINK).until_asked().show(*[LEFT] * 30)
    assert person.asked is None
    assert person.show(*[REST] * 6).asked is Challenge.BLINK


def test_a_face_that_stays_turned_runs_out_of_time() -> None:
    person = Person(Challenge.TURN_LEFT, Challenge.BLINK).until_asked().show(*[LEFT] * 200)
    assert person.end is NotLiveReason.NO_RESPONSE


def test_a_face_that_leaves_in_between_is_lost_and_a_short_gap_is_forgiven() -> None:
    assert Person().until_asked().show(*[None] * 30).end is NotLiveReason.FACE_LOST
    assert Person(Challenge.BLINK).until_asked().show(*[None] * 5, SHUT, SHUT, *[REST] * 7).end == "live"


def test_nothing_is_asked_before_there_is_a_face_at_rest() -> None:
    sway = [Reading(0.36, 0.2 * (-1) ** step) for step in range(100)]
    for shown in ([None] * 100, sway, [Reading(0.05, 0.0)] * 100, [Reading(0.36, 0.6)] * 100):
        person = Person().show(*shown)
        assert not person.course.started
        assert person.end is None


@pytest.mark.parametrize("turn", [-0.2, 0.0, 0.2])
@pytest.mark.parametrize("eyes", [0.2, 0.3, 0.45])
def test_every_face_is_measured_by_itself(turn: float, eyes: float) -> None:
    """Narrow eyes and a nose that stands to one side are no fault of the person's."""
    person = Person(Challenge.BLINK, Challenge.TURN_LEFT)
    rest = Reading(eyes, turn)
    person.show(*[rest] * 12).show(*[Reading(eyes * 0.25, turn)] * 2).show(*[rest] * 12)
    person.show(*[Reading(eyes, turn + 0.35)] * 4).show(*[rest] * 8)
    assert person.end == "live"


@pytest.mark.parametrize(("wanted", "given"), [(0, 2), (1, 2), (4, 4), (100, 8)])
def test_a_sequence_has_at_least_two_challenges_and_an_end(wanted: int, given: int) -> None:
    assert len(drawn(wanted)) == given


def test_sequences_are_random_and_always_hold_a_blink_and_a_turn() -> None:
    seen = Counter(drawn(3) for _ in range(2000))
    assert len(seen) == 10
    assert min(seen.values()) > 100  # each about 200
    for sequence in seen:
        assert Challenge.BLINK in sequence
        assert set(sequence) != {Challenge.BLINK}
        assert all(one is not other for one, other in pairwise(sequence))
