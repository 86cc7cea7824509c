"""Elliptic curves: the table, and the point arithmetic that PACE needs with a generator of its own.

`cryptography` offers ECDH on fixed generators only, and hands out no point. This arithmetic is not constant in time:
its secrets live for one connection, and who could time it stands inside the terminal.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

Point = tuple[int, int]


class BadPoint(ValueError):
    """Not a point of the curve, or the one that is nowhere."""


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ + ax + b modulo p; ``order`` of the generator, cofactor 1."""

    name: str
    pace: int
    p: int
    a: int
    b: int
    generator: Point
    order: int

    @property
    def size(self) -> int:
        """Bytes of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    def holds(self, point: Point) -> bool:
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0

    def add(self, one: Point, other: Point) -> Point:
        """The sum; BadPoint where it is the point at infinity."""
        return self._flat(self._sum((*one, 1), (*other, 1)))

    def multiply(self, scalar: int, point: Point) -> Point:
        """``scalar`` times ``point``; BadPoint where that is the point at infinity."""
        result = (1, 1, 0)
        for bit in bin(scalar % self.order)[2:]:
            result = self._double(result)
            if bit == "1":
                result = self._sum(result, (*point, 1))
        return self._flat(result)

    def encode(self, point: Point) -> bytes:
        """Uncompressed: 04, x, y."""
        return b"\x04" + point[0].to_bytes(self.size, "big") + point[1].to_bytes(self.size, "big")

    def decode(self, data: bytes) -> Point:
        """BadPoint for every other form, and for what is no point of this curve."""
        if len(data) != 1 + 2 * self.size or data[0] != 0x04:
            raise BadPoint("not an uncompressed point")
        point = int.from_bytes(data[1 : 1 + self.size], "big"), int.from_bytes(data[1 + self.size :], "big")
        if not self.holds(point):
            raise BadPoint("not on the curve")
        return point

    # Jacobian coordinates (x / z², y / z³); z = 0 is the point at infinity.

    def _double(self, point: tuple[int, int, int]) -> tuple[int, int, int]:
        x, y, z = point
        if not y or not z:
            return 1, 1, 0
        p = self.p
        square = y * y % p
        s = 4 * x * square % p
        m = (3 * x * x + self.a * pow(z, 4, p)) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * square * square) % p, 2 * y * z % p

    def _sum(self, one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
        if not one[2]:
            return other
        if not other[2]:
            return one
        p, (x1, y1, z1), (x2, y2, z2) = self.p, one, other
        z1_2, z2_2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * z2_2 % p, x2 * z1_2 % p
        s1, s2 = y1 * z2_2 * z2 % p, y2 * z1_2 * z1 % p
        if u1 == u2:
            return self._double(one) if s1 == s2 else (1, 1, 0)
        h, r = u2 - u1, s2 - s1
        h_2 = h * h % p
        h_3, v = h_2 * h % p, u1 * h_2 % p
        x3 = (r * r - h_3 - 2 * v) % p
        return x3, (r * (v - x3) - s1 * h_3) % p, h * z1 * z2 % p

    def _flat(self, point: tuple[int, int, int]) -> Point:
        x, y, z = point
        if not z:
            raise BadPoint("the point at infinity")
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return x * square % self.p, y * square * inverse % self.p


@cache
def table() -> tuple[Curve, ...]:
    data = tomllib.loads(files("devices.drivers.emrtd").joinpath("curves.toml").read_text(encoding="utf-8"))
    return tuple(_curve(name, entry) for name, entry in data.items())


def _curve(name: str, entry: dict[str, Any]) -> Curve:
    p, a, b, x, y, order = (int(entry[key], 16) for key in ("p", "a", "b", "x", "y", "order"))
    return Curve(name, entry["pace"], p, a, b, (x, y), order)


def by_pace(identifier: int) -> Curve | None:
    """The curve of a PACE parameter identifier; None for those that are no curves, or unknown."""
    return next((curve for curve in table() if curve.pace == identifier), None)


def by_name(name: str) -> Curve | None:
    return next((curve for curve in table() if curve.name == name), None)


def by_parameters(p: int, a: int, b: int, generator: bytes, order: int) -> Curve | None:
    """The curve that somebody wrote out: certificates of travel documents must do so (part 12 section 4.1.6.3).

    Only curves of the table are accepted: parameters of one's own choice are how such a signature is forged. The
    generator may be compressed, its x says enough.
    """
    for curve in table():
        x = int.from_bytes(generator[1 : 1 + curve.size], "big")
        if (p, a % p if p else a, b, x, order) == (curve.p, curve.a, curve.b, curve.generator[0], curve.order):
            return curve
    return None
