"""The line between terminal and backend, in every weather: a Transport whose other end is a House.

Each request meets a fate that the weather draws. Time passes as it would: a deadline costs the whole of it.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kiosk.sync.transport import Reply, TransportFailure
from tests.faults.sync_world import Died, House, Time

Request = tuple[str, str, Mapping[str, str], bytes]

FATES = (
    "lost-request", "lost-answer", "half-answer", "late-request", "doubled", "portal", "proxy", "old-answer",
    "flipped-answer", "flipped-request", "slow", "backend-dies-before", "backend-dies-after",
)  # fmt: skip
WEATHER: dict[str, Mapping[str, float]] = {
    "clear": {},
    "partition": {"lost-request": 1.0},
    "deaf": {"lost-answer": 1.0},  # everything arrives, no answer does
    "lossy": {"lost-request": 0.15, "lost-answer": 0.2, "half-answer": 0.1},
    "late": {"late-request": 0.3, "doubled": 0.3, "lost-answer": 0.1},
    "slow": {"slow": 0.7, "lost-answer": 0.1},
    "hotel": {"portal": 1.0},
    "proxies": {"proxy": 0.4, "old-answer": 0.2, "flipped-answer": 0.2, "flipped-request": 0.1},
    "crashes": {"backend-dies-before": 0.2, "backend-dies-after": 0.2},
    "storm": {fate: 0.06 for fate in FATES},
}
PORTAL = (
    Reply(200, {"content-type": "text/html"}, b"<html>Please log in</html>"),
    Reply(302, {"location": "http://portal.example/"}, b""),
    Reply(511, {}, b"<html>Network Authentication Required</html>"),
    Reply(200, {}, b'{"results": []}'),
    Reply(403, {}, b"blocked"),
)
LOST = ("refused", "reset", "deadline", "dns", "unreachable", "stalled", "tls")


@dataclass
class Traffic:
    """What the terminal gave to the line."""

    requests: int = 0
    lost_answers: int = 0
    sent: Counter[str] = field(default_factory=Counter)  # bytes of bodies by method


class Line:
    """The terminal's Transport."""

    def __init__(self, house: House, time: Time, rng: random.Random) -> None:
        self._house, self._time, self._rng = house, time, rng
        self.weather: Mapping[str, float] = {}
        self.traffic = Traffic()
        self._under_way: deque[Request] = deque()  # requests that arrive when nobody waits for them any more
        self._heard: deque[Reply] = deque(maxlen=20)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        self.traffic.requests += 1
        self.traffic.sent[method] += len(body)
        self._time.move(self._rng.uniform(0.001, 0.2))
        while self._under_way and self._rng.random() < 0.5:
            self.arrive_late()
        request = (method, target, dict(headers), body)
        reply = self._meet(self.fate(*request), request, seconds)
        self._heard.append(reply)
        return reply

    def interrupt(self) -> None: ...

    def close(self) -> None: ...

    def arrive_late(self) -> None:
        """A request that was given up long ago reaches the backend, out of its turn; nobody hears the answer."""
        self._rng.shuffle(self._under_way)
        request = self._under_way.popleft()
        try:
            self._house.answer(*request)
        except Died:
            self._house.die()

    def settle(self) -> None:
        """Whatever is under way arrives."""
        while self._under_way:
            self.arrive_late()

    def fate(self, _method: str, _target: str, _headers: Mapping[str, str], _body: bytes) -> str:
        """Drawn from the weather; a test may decide by itself."""
        drawn = self._rng.random()
        for fate, chance in self.weather.items():
            drawn -= chance
            if drawn < 0:
                return fate
        return "arrives"

    def _meet(self, fate: str, request: Request, seconds: float) -> Reply:
        rng = self._rng
        if fate == "lost-request":
            raise self._lost(seconds)
        if fate == "late-request":
            self._under_way.append(request)
            raise self._lost(seconds)
        if fate == "portal":
            return rng.choice(PORTAL)
        if fate == "proxy":
            return Reply(rng.choice((500, 502, 503, 504)), {"content-type": "text/html"}, b"<html>")
        if fate == "old-answer" and self._heard:
            return rng.choice(self._heard)
        if fate == "flipped-request" and request[3]:
            request = (*request[:3], _flipped(request[3], rng))
        if fate.startswith("backend-dies"):
            self._house.dies_at = (fate.removeprefix("backend-dies-"), rng.randrange(1, 7))
        if fate == "slow":
            taken = rng.uniform(0, 2 * seconds)
            if taken > seconds:
                if rng.random() < 0.5:
                    self._house.answer(*request)
                self._time.move(seconds)
                raise TransportFailure("deadline")
            self._time.move(taken)
        reply = self._arrive(request)
        if fate == "doubled":
            again = self._arrive(request)  # a proxy that sends twice
            reply = rng.choice((reply, again))
        if fate == "lost-answer":
            self.traffic.lost_answers += 1
            raise self._lost(seconds, heard=True)
        if fate == "half-answer":
            self.traffic.lost_answers += 1
            raise TransportFailure("half-reply")
        if fate == "flipped-answer" and reply.body:
            return replace(reply, body=_flipped(reply.body, rng))
        return reply

    def _arrive(self, request: Request) -> Reply:
        try:
            return self._house.answer(*request)
        except Died:
            self._house.die()
            raise TransportFailure("reset", stale=self._rng.random() < 0.5) from None
        finally:
            self._house.dies_at = ("", 0)

    def _lost(self, seconds: float, *, heard: bool = False) -> TransportFailure:
        cause = self._rng.choice(LOST) if not heard else self._rng.choice(("reset", "deadline", "half-reply"))
        if cause in ("deadline", "stalled"):
            self._time.move(seconds)
        return TransportFailure(cause, stale=cause == "reset" and self._rng.random() < 0.5)


def _flipped(data: bytes, rng: random.Random) -> bytes:
    place, bit = rng.randrange(len(data)), rng.randrange(8)
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
