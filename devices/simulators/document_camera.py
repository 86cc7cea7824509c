"""Twin of a document camera: a desk with papers as MJPEG over HTTP on the loopback; see ``camera`` for the stream.

Scenes are generated (``desk``), rendered once when first shown, and differ from frame to frame by noise alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devices.simulators import documents  # noqa: F401  # its papers join SHEETS
from devices.simulators.camera import CameraTwin
from devices.simulators.desk import Lying, Scene, jpegs
from devices.simulators.papers import A4, ID1, SHEETS, FontMissing
from devices.simulators.twin import Json, UnknownAction

_FRAMES = 4
_HOW = ("good", "far", "close", "cut", "dark", "glare", "blurred", "moving", "tilted", "shadow", "turned")
_FAULTS = ("ok", "covered", "frozen", "gone", "slow")
_ACTIONS = (
    "ok | covered | frozen [how=same|silent] | gone | slow | take | several | "
    f"lay [paper={'|'.join(SHEETS)}] [seed=N] [how={'|'.join(_HOW)}] [code=TEXT]"
)


class DocumentCameraTwin(CameraTwin):
    """Options: ``rate`` (frames a second, 15), ``width`` (of a frame in pixels, 1600; 4:3).

    Actions: ``lay`` (a paper, also of ``documents``, with what is wrong with how it lies), ``take`` (nothing lies
    there), ``several`` (two papers), ``ok`` (an A4 sheet lies well) and the camera's faults."""

    SHOWING = ("lay", "take", "several")

    def __init__(self, name: str, **options: Json) -> None:
        self._width = int(str(options.pop("width", 1600)))
        super().__init__(name, **options)
        self._who = "a4/1/good/"

    @property
    def scene(self) -> Scene:
        """What lies there now, and where: the truth for tests."""
        return self._scene(self._who)

    def _check(self, action: str, arguments: Mapping[str, Json]) -> tuple[str, str]:
        allowed = {"frozen": {"how"}, "lay": {"paper", "seed", "how", "code"}}
        how, paper = str(arguments.get("how", "good" if action == "lay" else "same")), str(arguments.get("paper", "a4"))
        fits = set(arguments) <= allowed.get(action, set()) and paper in SHEETS
        fits &= how in (_HOW if action == "lay" else ("same", "silent")) and str(arguments.get("seed", 1)).isdigit()
        if action not in (*_FAULTS, *self.SHOWING) or not fits:
            raise UnknownAction(f"document camera {self.name}: {_ACTIONS}")
        if action == "lay":
            return "", f"{paper}/{arguments.get('seed', 1)}/{how}/{arguments.get('code', '')}"
        if action in ("take", "several"):
            return "", action
        if action == "ok":
            return "", "a4/1/good/"
        return how if action == "frozen" else "", self._who

    def _frames(self, what: str) -> tuple[bytes, ...]:
        if what not in self._encoded:
            try:
                if what == "covered":
                    return super()._frames(what)
                scene = self._scene(what)
                if "/moving/" in what:
                    steps = tuple(replace(one, x=one.x + 8, y=one.y + 5) for one in scene.papers)
                    self._encoded[what] = jpegs(scene) + jpegs(replace(scene, papers=steps))
                else:
                    self._encoded[what] = jpegs(scene, _FRAMES)
            except (FontMissing, ImportError) as error:
                raise UnknownAction(f"document camera {self.name}: {error}") from error
        return self._encoded[what]

    def _scene(self, what: str) -> Scene:
        """A4 lies across: the camera sees 420 x 315 mm."""
        desk = Scene((), size=(self._width, self._width * 3 // 4))
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
