"""The course of a liveness check: poses and the clock in, what to ask and the verdict out. Pure; knows no picture.

First the face must rest (its own eyes and its own straight look are the measure of all that follows), then each
challenge is answered and followed by rest. What is done before it could have been heard does not count.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from devices.contracts.liveness import Challenge, NotLiveReason
from devices.vision.parameters import LivenessParameters

_MOST = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One picture: how open the eyes are (lids' distance to width), how far the head is turned (-1 to 1)."""

    eyes: float
    turn: float


@dataclass(frozen=True, slots=True)
class Asked:
    """Ask this now; None: look straight at the camera."""

    challenge: Challenge | None
    number: int


@dataclass(frozen=True, slots=True)
class Rested:
    """The face is at rest: compare it now. ``done`` after the last challenge."""

    done: bool


def drawn(count: int) -> tuple[Challenge, ...]:
    """A random sequence: no challenge twice running, a blink and a turn among them, so at least two."""
    count = min(max(count, 2), _MOST)
    while True:
        picked: list[Challenge] = []
        while len(picked) < count:
            one = secrets.choice(list(Challenge))
            if not picked or one is not picked[-1]:
                picked.append(one)
        if Challenge.BLINK in picked and len(set(picked)) > 1:
            return tuple(picked)


class Course:
    """Follows one face through ``challenges``."""

    def __init__(self, challenges: Sequence[Challenge], wanted: LivenessParameters) -> None:
        self._challenges, self._wanted = tuple(challenges), wanted
        self._rest: list[Reading] = []  # pictures of the rest that has begun
        self._eyes = self._straight = 0.0  # the face's own measure
        self._number = -1  # of the challenge that runs; -1 before the first rest
        self._asked: float | None = None  # when; None while rest is waited for
        self._since: float | None = None  # of the wait, whatever for
        self._seen = 0.0  # when the face was seen last
        self._did = 0  # pictures in a row that show what was asked
        self._wrong = 0
        self._shut = False

    @property
    def started(self) -> bool:
        """Whether the first rest is over."""
        return self._number >= 0

    def see(self, reading: Reading | None, now: float) -> Asked | Rested | NotLiveReason | None:
        """What follows from one picture more (None: no usable face in it)."""
        if self._since is None:
            self._since = self._seen = now
            return Asked(None, 0)
        if reading is None:
            self._rest.clear()
            lost = self.started and now - self._seen > self._wanted.lost_seconds
            return NotLiveReason.FACE_LOST if lost else self._late(now)
        self._seen = now
        return self._resting(reading, now) if self._asked is None else self._answering(reading, now)

    def ask(self, now: float) -> Asked:
        """The next challenge, once ``Rested`` was said and the face compared."""
        self._number += 1
        self._asked = self._since = now
        self._did = self._wrong = 0
        self._shut = False
        return Asked(self._challenges[self._number], self._number + 1)

    def _late(self, now: float) -> NotLiveReason | None:
        if self.started and now - (self._since or now) > self._wanted.answer_seconds:
            return NotLiveReason.NO_RESPONSE
        return None

    def _resting(self, reading: Reading, now: float) -> Rested | NotLiveReason | None:
        wanted = self._wanted
        self._rest.append(reading)
        last = self._rest[-wanted.rest_pictures :]
        turns = [one.turn for one in last]
        calm = max(turns) - min(turns) < wanted.rest_turn
        if self.started:
            calm &= abs(reading.turn - self._straight) < wanted.rest_turn
            calm &= reading.eyes > wanted.open_share * self._eyes
        else:
            calm &= abs(median(turns)) < wanted.straight_turn
            calm &= min(one.eyes for one in last) > wanted.open_eyes
        if not calm:
            self._rest = [reading]
        elif len(last) == wanted.rest_pictures:
            if not self.started:
                self._eyes, self._straight = median(one.eyes for one in last), median(turns)
            self._rest = []
            return Rested(self._number + 1 == len(self._challenges))
        return self._late(now)

    def _answering(self, reading: Reading, now: float) -> Asked | NotLiveReason | None:
        wanted, challenge = self._wanted, self._challenges[self._number]
        turned = reading.turn - self._straight
        shut = reading.eyes < wanted.shut_share * self._eyes
        sign = {Challenge.TURN_LEFT: 1, Challenge.TURN_RIGHT: -1}.get(challenge, 0)
        wrong = abs(turned) > wanted.turn if sign == 0 else -sign * turned > wanted.turn
        self._wrong = self._wrong + 1 if wrong else 0
        if self._wrong >= wanted.pictures:
            return NotLiveReason.WRONG_MOVE
        if sign:
            self._did = self._did + 1 if sign * turned > wanted.turn else 0
            answered = self._did >= wanted.pictures
        else:
            self._shut |= shut
            answered = self._shut and reading.eyes > wanted.open_share * self._eyes
        moved = shut if sign == 0 else sign * turned > wanted.turn
        if moved and now - (self._asked or now) < wanted.earliest:
            return NotLiveReason.WRONG_MOVE  # nobody is that quick: it was under way before it was asked
        if not answered:
            return self._late(now)
        self._asked, self._since, self._rest = None, now, []
        return Asked(None, self._number + 1)
