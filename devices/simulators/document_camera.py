"""Twin of a document camera: a desk with papers as MJPEG over HTTP on the loopback; see ``camera`` for the stream.

Scenes are generated (``desk``), rendered once when first shown, and differ from frame to frame by noise alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from devices.simulators import (
    documents,  # noqa: F401  # its papers join SHEETS
    printed,
)
from devices.simulators.camera import CameraTwin
from devices.simulators.desk import Lying, Scene, Spot, jpegs
from devices.simulators.papers import A4, ID1, SHEETS, FontMissing
from devices.simulators.twin import Json, UnknownAction

if TYPE_CHECKING:
    from PIL.Image import Image

_FRAMES = 4
_HOW = ("good", "far", "close", "cut", "dark", "glare", "blurred", "moving", "tilted", "shadow", "turned")
_FAULTS = ("ok", "covered", "frozen", "gone", "slow")
_DIRT = {
    "upper_left": (0.13, 0.16), "upper": (0.5, 0.14), "upper_right": (0.86, 0.15), "left": (0.12, 0.5),
    "middle": (0.52, 0.47), "right": (0.88, 0.5), "lower_left": (0.14, 0.84), "lower": (0.48, 0.86),
    "lower_right": (0.87, 0.83),
}  # fmt: skip
_STAYS = ("dirty", "clean", "moved", "mount")
_ACTIONS = (
    f"dirty [at={'|'.join(_DIRT)}] | clean | moved | mount | "
    "lay-print file=PDF|PNG [streak=THIRD,…] [kind=white|dark] | "
    "ok | covered | frozen [how=same|silent] | gone | slow | take | several | "
    f"lay [paper={'|'.join(SHEETS)}] [seed=N] [how={'|'.join(_HOW)}] [code=TEXT]"
)


class DocumentCameraTwin(CameraTwin):
    """Options: ``rate`` (frames a second, 15), ``width`` (of a frame in pixels, 1600; 4:3).

    Actions: ``lay`` (a paper, also of ``documents``, with what is wrong with how it lies), ``take`` (nothing lies
    there), ``several`` (two papers), ``ok`` (an A4 sheet lies well) and the camera's faults. ``lay-print`` lays down
    what a printer has printed (``file``), with streaks in the thirds named. ``dirty`` puts a spot on the glass that
    stays in every picture until ``clean``, ``moved`` knocks the camera until ``mount``; ``ok`` mends both."""

    SHOWING = ("lay", "take", "several", "lay-print")

    def __init__(self, name: str, **options: Json) -> None:
        self._width = int(str(options.pop("width", 1600)))
        super().__init__(name, **options)
        self._who = "a4/1/good/"
        self._dirt: tuple[str, ...] = ()
        self._moved = False
        self._printed: dict[str, Image] = {}

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        if action in _STAYS:
            place = str(arguments.get("at", "upper_left"))
            if set(arguments) - ({"at"} if action == "dirty" else set()) or place not in _DIRT:
                raise UnknownAction(f"document camera {self.name}: {_ACTIONS}")
            dirt = (*self._dirt, place) if action == "dirty" else () if action == "clean" else self._dirt
            moved = action == "moved" or (self._moved and action != "mount")
            self._draw(self._who, dirt, moved)  # before it is shown: whoever looks waits for nothing
            with self._changed:
                self._dirt, self._moved = dirt, moved
            return
        if action == "ok":
            self._draw("a4/1/good/", (), False)
            with self._changed:
                self._dirt, self._moved = (), False
        super().act(action, arguments)

    def state(self) -> dict[str, Json]:
        return {**super().state(), "dirt": list(self._dirt), "moved": self._moved}

    @property
    def scene(self) -> Scene:
        """What lies there now, and where: the truth for tests."""
        return self._scene(self._who, self._dirt, self._moved)

    def _check(self, action: str, arguments: Mapping[str, Json]) -> tuple[str, str]:
        allowed = {"frozen": {"how"}, "lay": {"paper", "seed", "how", "code"}}
        how, paper = str(arguments.get("how", "good" if action == "lay" else "same")), str(arguments.get("paper", "a4"))
        fits = set(arguments) <= allowed.get(action, set()) and paper in SHEETS
        fits &= how in (_HOW if action == "lay" else ("same", "silent")) and str(arguments.get("seed", 1)).isdigit()
        if action == "lay-print":
            return "", self._print(arguments)
        if action not in (*_FAULTS, *self.SHOWING) or not fits:
            raise UnknownAction(f"document camera {self.name}: {_ACTIONS}")
        if action == "lay":
            return "", f"{paper}/{arguments.get('seed', 1)}/{how}/{arguments.get('code', '')}"
        if action in ("take", "several"):
            return "", action
        if action == "ok":
            return "", "a4/1/good/"
        return how if action == "frozen" else "", self._who

    def _print(self, arguments: Mapping[str, Json]) -> str:
        """Who to show for a printed page. Raises UnknownAction."""
        thirds = tuple(filter(None, str(arguments.get("streak", "")).split(",")))
        kind = str(arguments.get("kind", "white"))
        fits = {"file"} <= set(arguments) <= {"file", "streak", "kind"}
        if not fits or kind not in printed.KINDS or set(thirds) - set(printed.STREAKS):
            raise UnknownAction(f"document camera {self.name}: {_ACTIONS}")
        try:
            page = printed.streaked(printed.sheet(Path(str(arguments["file"]))), thirds, kind)
        except (OSError, ValueError, ImportError) as error:
            raise UnknownAction(f"document camera {self.name}: {error}") from error
        name = f"print/{len(self._printed) + 1}"
        self._printed[name] = page
        return name

    def _frames(self, what: str) -> tuple[bytes, ...]:
        if what == "covered":
            return super()._frames(what)
        return self._draw(what, self._dirt, self._moved)

    def _draw(self, what: str, dirt: tuple[str, ...], moved: bool) -> tuple[bytes, ...]:
        key = f"{what}|{','.join(dirt)}|{moved}"
        if key not in self._encoded:
            try:
                scene = self._scene(what, dirt, moved)
                if "/moving/" in what:
                    steps = tuple(replace(one, x=one.x + 8, y=one.y + 5) for one in scene.papers)
                    self._encoded[key] = jpegs(scene) + jpegs(replace(scene, papers=steps))
                else:
                    self._encoded[key] = jpegs(scene, _FRAMES)
            except (FontMissing, ImportError) as error:
                raise UnknownAction(f"document camera {self.name}: {error}") from error
        return self._encoded[key]

    def _scene(self, what: str, dirt: tuple[str, ...], moved: bool) -> Scene:
        """A4 lies across: the camera sees 420 x 315 mm."""
        desk = Scene((), size=(self._width, self._width * 3 // 4), clutter=5)
        spots = tuple(Spot(*_DIRT[place], 0.022, 0.5) for place in dirt)
        desk = replace(desk, spots=spots, moved=(0.06, 0.03, 3.0) if moved else desk.moved)
        if what in self._printed:
            return replace(desk, papers=(Lying(A4, 1, 3, -2, 92, print=self._printed[what]),), dots_per_mm=8.0)
        if what == "take":
            return desk
        if what == "several":
            return replace(desk, papers=(Lying(ID1, 1, -90, 0, 4), Lying(ID1, 2, 60, 10, -6)))
        name, seed, how, code = what.split("/", 3)
        sheet = SHEETS[name]
        paper = Lying(sheet, int(seed), 3, -2, 92 if sheet.size == A4.size else 4, code)
        scene = replace(desk, papers=(paper,), seed=int(seed))
        match how:
            case "far":
                return replace(scene, desk_mm=1500.0)
            case "close":
                return replace(
                    scene, desk_mm=max(sheet.size) * 0.9, papers=(replace(paper, x=max(sheet.size) * 0.135),)
                )
            case "cut":
                return replace(scene, papers=(replace(paper, x=paper.x + 170),))
            case "dark":
                return replace(scene, light=0.25)
            case "glare":
                return replace(scene, glare=0.12)
            case "blurred":
                return replace(scene, blur=4.0)
            case "tilted":
                return replace(scene, tilt=(9.0, -7.0))
            case "shadow":
                return replace(scene, shadow=0.5)
            case "turned":
                return replace(scene, papers=(replace(paper, angle=paper.angle + 12),))
        return scene
