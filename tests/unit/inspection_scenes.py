"""Desks under a document camera at commissioning and later, drawn from a seed, with what is wrong and the truth of it.

``python tests/unit/inspection_scenes.py 200 test_page.pdf`` prints how often each is missed or seen where it is not.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from devices.contracts.inspection import Inspection, Place, ReadBack
from devices.simulators import printed
from devices.simulators.desk import Lying, Scene, Spot, render_all
from devices.simulators.papers import A4
from devices.vision.document_look import view
from devices.vision.document_page import straighten
from devices.vision.face import Image
from devices.vision.inspection import common, inspect, packed
from devices.vision.parameters import DocumentParameters, InspectionParameters
from devices.vision.streaks import judge

SIZE = (640, 480)
KINDS = ("well", "dirty", "smeared", "moved", "covered")
WANTED = InspectionParameters(pictures=3)


def pictures(scene: Scene, count: int = 3) -> list[Image]:
    """As OpenCV has them."""
    return [np.ascontiguousarray(np.asarray(one)[:, :, ::-1]) for one in render_all(scene, count)]


def desk(seed: int) -> Scene:
    """At commissioning: some wood or plastic, some screws, some light."""
    chance = random.Random(seed)
    ground = tuple(round(chance.uniform(40, 150) * tint) for tint in (1.0, 0.92, 0.85))
    return Scene(
        (), size=SIZE, desk=(ground[0], ground[1], ground[2]), grain=chance.uniform(4, 18), seed=seed,
        clutter=chance.randint(3, 12), light=chance.uniform(0.7, 1.1), noise=chance.uniform(1.0, 3.5), again=1,
    )  # fmt: skip


def later(before: Scene, kind: str) -> tuple[Scene, Spot | None]:
    """Some weeks afterwards: other light, a shadow, other noise; and what is wrong."""
    chance = random.Random(f"{before.seed}/{kind}")
    scene = replace(
        before, again=2, light=before.light * chance.uniform(0.6, 1.35), shadow=chance.choice((0.0, 0.2, 0.4, 0.55)),
        noise=chance.uniform(1.0, 3.5), blur=chance.choice((0.0, 0.0, 0.8)),
    )  # fmt: skip
    match kind:
        case "dirty" | "smeared":
            long = chance.uniform(3, 6) if kind == "smeared" else chance.uniform(1, 1.6)
            spot = Spot(
                chance.uniform(0.08, 0.92), chance.uniform(0.08, 0.92), chance.uniform(0.012, 0.035),
                chance.choice((chance.uniform(0.2, 0.7), -chance.uniform(0.2, 0.5))), long, chance.uniform(0, 180),
            )  # fmt: skip
            return replace(scene, spots=(spot,)), spot
        case "moved":
            far = chance.uniform(0.03, 0.2)
            return replace(
                scene, moved=(far * chance.choice((-1, 1)), chance.uniform(-0.08, 0.08), chance.uniform(-8, 8))
            ), None
    return scene, None


def seen(seed: int, kind: str) -> tuple[Inspection, Spot | None]:
    before = desk(seed)
    reference = packed(common(pictures(before), WANTED.width))
    scene, spot = later(before, kind)
    shots = pictures(scene)
    if kind == "covered":
        shots = covered(seed)
    return inspect(shots, reference, WANTED, occupied=False), spot


def covered(seed: int) -> list[Image]:
    """A cap, a hand, tape, paper: one colour, more or less lit from one side, without an edge."""
    chance = np.random.default_rng(seed)
    level, slope = chance.uniform(2, 180), chance.uniform(0, 0.5)
    ramp = np.linspace(1 - slope, 1 + slope, SIZE[0])[None, :, None] * np.ones((SIZE[1], 1, 3)) * level
    return [np.clip(ramp + chance.normal(0, 2, ramp.shape), 0, 255).astype(np.uint8) for _ in range(3)]


def verdict(found: Inspection) -> str:
    if found.covered:
        return "covered"
    if found.moved:
        return "moved"
    return "dirty" if found.spots else "well" if found.spots is not None else "unsure"


def where(spot: Spot) -> Place:
    return tuple(Place)[3 * min(2, int(3 * spot.y)) + min(2, int(3 * spot.x))]


def figures(scenes: int, first: int = 0) -> dict[str, Counter[str]]:
    """Of so many desks: what was said of each kind."""
    told: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for seed in range(first, first + scenes):
        for kind in KINDS:
            found, spot = seen(seed, kind)
            told[kind][verdict(found)] += 1
            if spot is not None and found.spots:
                told[kind]["placed"] += where(spot) in found.spots
    return told


def print_seen(seed: int, file: Path, *, spoilt: bool) -> tuple[ReadBack | None, tuple[str, ...]]:
    """A test page that lies under the camera, crooked, in whatever light; and the thirds of its streaks. None where no
    page was found."""
    chance = random.Random(f"{seed}/{spoilt}")
    page, thirds = printed.sheet(file), tuple[str, ...]()
    if spoilt:
        thirds = tuple(
            sorted(chance.sample(sorted(printed.STREAKS), chance.randint(1, 3)), key=list(printed.STREAKS).index)
        )
        page = printed.streaked(
            page, thirds, chance.choice(printed.KINDS), width=chance.uniform(0.7, 2.0), aside=chance.uniform(-8, 8)
        )
    turn = chance.choice((90, -90)) + chance.uniform(-6, 6)
    scene = Scene(
        (Lying(A4, 1, chance.uniform(-6, 6), chance.uniform(-6, 6), turn, print=page),), seed=seed, dots_per_mm=8.0,
        clutter=4, light=chance.uniform(0.7, 1.05), shadow=chance.choice((0.0, 0.2, 0.4)),
        noise=chance.uniform(1, 3.5), blur=chance.choice((0.0, 0.8)),
        tilt=(chance.uniform(-3, 3), chance.uniform(-3, 3)),
    )  # fmt: skip
    image = pictures(scene, 1)[0]
    found = view(image, DocumentParameters())
    if found.outline is None or found.measure is None:
        return None, thirds
    flat = straighten(image, found.outline.corners, (found.measure.width, found.measure.height))
    return judge(flat, WANTED), thirds


def print_figures(pages: int, file: Path, first: int = 0) -> Counter[str]:
    told: Counter[str] = Counter()
    for seed in range(first, first + pages):
        for spoilt in (False, True):
            found, thirds = print_seen(seed, file, spoilt=spoilt)
            kind = "spoilt" if spoilt else "well"
            if found is None or found.streaks is None:
                told[f"{kind} not judged"] += 1
                continue
            told[f"{kind} code"] += bool(found.code)
            told[f"{kind} right"] += tuple(third.value for third in found.streaks) == thirds
            told[f"{kind} streaked"] += bool(found.streaks)
    return told


if __name__ == "__main__":
    import sys

    for kind, told in figures(int(sys.argv[1])).items():
        print(kind, dict(told))
    if len(sys.argv) > 2:
        print("prints", dict(print_figures(int(sys.argv[1]), Path(sys.argv[2]))))
