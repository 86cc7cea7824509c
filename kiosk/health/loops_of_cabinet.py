"""Which closed loops this cabinet has: those that need no person, for the night, and all of them, for staff.

No person: cameras covered or moved, dirty glass, the way of the sound, the chime where there is a microphone, and the
test page where the profile says that a camera sees the printer's exit. With a person: the test page laid under the
camera, the receipt, taking a reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk import __version__
from kiosk.documents import test_page
from kiosk.health.loops_camera import CAMERAS, GLASS, Commission, Glass, Sight
from kiosk.health.loops_print import CARRIED_SECONDS, Bench, PrintedPage, TestPage, TestReceipt
from kiosk.health.loops_sound import SoundHeard, SoundPath

if TYPE_CHECKING:
    from kiosk.counter.actors import Actor
    from kiosk.documents.worker import DocumentsWorker
    from kiosk.domain.papers import PaperContent
    from kiosk.health.loops import Loop
    from kiosk.health.references import References
    from kiosk.parts import Parts
    from kiosk.profile import Profile

    Choose = Callable[[Profile, Mapping[str, Actor], References, Bench, Callable[[], datetime]], tuple[Loop, ...]]


def of_terminal(parts: Parts, choose: Choose, going: Callable[[], bool]) -> tuple[Loop, ...]:
    """Those of a terminal that stands; ``choose``: `for_the_night` or `for_staff`. ``going``: see Bench."""
    from kiosk.domain.beijing import beijing_now
    from kiosk.health.references import References

    profile = parts.profile
    made = replace(bench(profile, parts.documents, parts.known_as, beijing_now), going=going)
    return choose(profile, parts.actors(), References(profile.data), made, beijing_now)


def bench(
    profile: Profile, documents: DocumentsWorker, terminal: Callable[[], str], now: Callable[[], datetime]
) -> Bench:
    """``terminal``: its number, "" before it is enrolled. Test pages are numbered by the minute and second of the hour:
    enough to know this one from the one before."""

    def content(kind: str, at: datetime, serial: str) -> PaperContent:
        device = profile.device(kind)
        printer = device.driver if device is not None else ""
        make = test_page.content if kind == "page_printer" else test_page.receipt_content
        return make(profile.place, terminal=terminal(), at=at, serial=serial, printer=printer, software=__version__)

    return Bench(documents.render, content, lambda: f"{now():%M%S}", now)


def for_the_night(
    profile: Profile, actors: Mapping[str, Actor], references: References, made: Bench, now: Callable[[], datetime]
) -> tuple[Loop, ...]:
    """What only looks first, then what sounds, then what prints."""
    loops: list[Loop] = [Sight(kind, actors[kind], references, now) for kind in CAMERAS if kind in actors]
    loops += [Glass(kind, actors[kind], references, now) for kind in GLASS if kind in actors]
    sound = profile.device("sound")
    if "sound" in actors:
        loops.append(SoundPath(actors["sound"], now))
        if sound is not None and sound.options.get("microphone"):
            loops.append(SoundHeard(actors["sound"], now))
    camera = profile.night.exit_seen_by
    if camera and camera in actors and "page_printer" in actors:
        loops.append(TestPage(made, actors["page_printer"], actors[camera]))
    return tuple(loops)


def for_staff(
    profile: Profile, actors: Mapping[str, Actor], references: References, made: Bench, now: Callable[[], datetime]
) -> tuple[Loop, ...]:
    """Those of the night, and those that a person stands beside."""
    loops = list(for_the_night(profile, actors, references, made, now))
    there = {(loop.subject, loop.test) for loop in loops}
    more: list[Loop] = [Commission(kind, actors[kind], references, now) for kind in CAMERAS if kind in actors]
    if "sound" in actors:
        more.append(SoundHeard(actors["sound"], now))
    if "page_printer" in actors:
        camera = actors.get("document_camera")
        more.append(PrintedPage(made, actors["page_printer"], None))
        more.append(TestPage(made, actors["page_printer"], camera, CARRIED_SECONDS))
    if "receipt_printer" in actors:
        more.append(TestReceipt(made, actors["receipt_printer"]))
    return tuple(loops + [loop for loop in more if (loop.subject, loop.test) not in there])
