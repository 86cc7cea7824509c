"""``kiosk doctor``: what is well, what is not, and what to do. Changes nothing; tells no personal data."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.domain.text import shown
from kiosk.health import readiness
from kiosk.health.readiness import Check, attention, broken, good

if TYPE_CHECKING:
    from kiosk.profile import Profile
    from kiosk.wire import Enrolment

NOT_READ = 2
DENIED = "may not be read by this user"
AS_USER = "Run as the terminal's user, or correct the owner."


def examine(profile_path: Path | None, *, as_json: bool) -> int:
    """Print the report. 0 when nothing is broken, 1 otherwise, 2 for a profile that cannot be read."""
    from kiosk.health import machine
    from kiosk.profile import ProfileError, load

    checks: list[Check] = []
    if profile_path is not None:
        try:
            profile = load(profile_path)
        except ProfileError as error:
            return _not_read(error, as_json=as_json)
        try:
            checks += of_terminal(profile)
        except ModuleNotFoundError as error:  # what is installed is told below
            what = f"it could not be examined: the package {error.name!r} is not installed"
            checks.append(broken("profile", what, machine.SETUP))
    if wrong := machine.clock():  # then nobody need be told how far it is from the backend's
        checks = [check for check in checks if check.name != "clock"] + wrong
    checks += machine.examine()
    _say(readiness.as_json(checks) if as_json else readiness.as_page(checks))
    return 0 if readiness.ready(checks) else 1


def _say(text: str) -> None:
    """Whoever reads it may have seen enough (``| head``)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at the end


def of_terminal(profile: Profile) -> list[Check]:
    """Everything that the profile names: its own files, devices, journal, backend, disk."""
    from kiosk import testmode
    from kiosk.cabinet import make_device
    from kiosk.domain.beijing import beijing_now
    from kiosk.health import books, devices, downloads, entry, line, machine, services
    from kiosk.keystore import notes

    profile = testmode.applied(profile)
    journal = profile.data / "journal"
    found = books.examine(journal, test=profile.test)
    packs, _ = downloads.packs_of(profile)
    packs = {pack_id: packs[pack_id] for pack_id in profile.services or packs}
    asked = devices.examine(profile.devices, make_device, terminal_runs=books.terminal_runs(journal))
    return [
        _profile(profile, len(packs)),
        *_files(profile),
        *entry.examine(profile.staff_cards_file, profile.entry_secret_file),
        *notes.check(profile.data, profile.keys),
        *asked,
        services.examine(packs, asked),
        *services.in_force(packs, beijing_now().date()),
        *found.checks,
        *area(profile.place.area_code, found.enrolment),
        *downloads.examine(profile),
        _calendar(profile),
        *line.examine(profile.backend_url, profile.data, found.enrolment, profile.backend_roots),
        machine.disk(profile.data, profile.least_free_mb << 20),
        *([machine.liveness()] if profile.face_liveness else []),
        *([machine.reading()] if profile.device("document_camera") is not None else []),
        *([machine.speaking()] if profile.device("sound") is not None else []),
    ]


def _profile(profile: Profile, count: int) -> Check:
    test = "; a TEST terminal: its cases do not count" if profile.test else ""
    return good("profile", f"{profile.place.terminal}, area {profile.place.area_code}, {count} services{test}")


def _calendar(profile: Profile) -> Check:
    """Working days as the terminal counts them, a policy from afar included."""
    from kiosk.domain.beijing import beijing_now
    from kiosk.domain.workdays import calendar_of
    from kiosk.health import calendar
    from kiosk.policy import applied
    from kiosk.sync import taking

    found = taking.in_use(profile.data, profile.publishing_keys, profile.place)
    return calendar.examine(calendar_of(applied(profile, found.policy).calendar), beijing_now().date())


def area(area_code: str, enrolment: Enrolment | None) -> list[Check]:
    """Numbers bear the area they were reserved for: a terminal enrolled for another one commits no case."""
    if enrolment is None:
        return []
    if enrolment.area_code == area_code:
        return [good("area", f"enrolled for {area_code}")]
    return [
        broken(
            "area",
            f"enrolled for {enrolment.area_code}, but the profile says {area_code}",
            "Correct terminal.area_code, or begin a new data folder with an enrolment code issued for this area.",
        )
    ]


def _files(profile: Profile) -> list[Check]:
    """The files that the profile points at."""
    checks = []
    secret = profile.staff_secret_file
    if secret is None:
        checks.append(
            attention("staff code", "none: staff cannot vouch for a person here", "Set access.staff_secret_file.")
        )
    elif why := _unreadable(secret):
        fill = f"mkdir -p {secret.parent}; head -c 20 /dev/urandom | base32 > {secret}"
        make = f"Make it: (umask 077; {fill}); or take it out of the profile."
        checks.append(broken("staff code", f"{secret} {why}", AS_USER if why == DENIED else make))
    elif stat.S_IMODE(secret.stat().st_mode) & 0o077:
        checks.append(
            attention("staff code", f"others may read {secret}", f"chmod 600 {secret}, then change the secret.")
        )
    else:
        checks.append(_secret(secret))
    library = profile.photo.library
    if library and (why := _unreadable(Path(library))):
        advice = AS_USER if why == DENIED else "Correct photo_decoder.library."
        checks.append(broken("card photographs", f"{library} {why}", advice))
    elif library:
        checks.append(good("card photographs", f"decoded by {library}"))
    elif profile.face_check:
        checks.append(
            attention(
                "card photographs",
                "nothing decodes them, so no face check is offered; the other ways are",
                "Name the reader vendor's library in photo_decoder.library.",
            )
        )
    return checks


def _unreadable(file: Path) -> str:
    """Why there is no such file for this user; empty where there is."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return "is no file"
    except OSError as error:
        return DENIED if isinstance(error, PermissionError) else "is not there"
    return "" if os.access(file, os.R_OK) else DENIED


def _secret(file: Path) -> Check:
    """Whether it would be taken; what it holds is not told."""
    from kiosk.access.staff_code import CURE, SHARED, read_staff

    try:
        staff = read_staff(file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return broken("staff code", f"{file} holds no secret that can be used: {why}", CURE)
    if SHARED in staff:
        return good("staff code", "its secret is there, for this user alone")
    return good("staff code", f"a secret for each member of staff ({len(staff)}) is there, for this user alone")


def _not_read(error: Exception, *, as_json: bool) -> int:
    if as_json:
        check = {"name": "profile", "state": "broken", "finding": shown(str(error)), "advice": "Correct the profile."}
        print(json.dumps({"ok": False, "checks": [check]}, ensure_ascii=False, indent=1))
    else:
        print(f"kiosk doctor: {shown(str(error))}", file=sys.stderr)
    return NOT_READ
