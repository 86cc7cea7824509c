"""``kiosk doctor``: what is well, what is not, and what to do. Changes nothing; tells no personal data."""

from __future__ import annotations

import json
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
        checks += of_terminal(profile)
    checks += machine.examine()
    print(readiness.as_json(checks) if as_json else readiness.as_page(checks))
    return 0 if readiness.ready(checks) else 1


def of_terminal(profile: Profile) -> list[Check]:
    """Everything that the profile names: its own files, devices, journal, backend, disk."""
    from kiosk.cabinet import make_device
    from kiosk.health import books, devices, line, machine, services
    from kiosk.services.loader import load_builtin

    journal = profile.data / "journal"
    found = books.examine(journal)
    packs = load_builtin(profile.place)
    packs = {pack_id: packs[pack_id] for pack_id in profile.services or packs}
    asked = devices.examine(profile.devices, make_device, terminal_runs=books.terminal_runs(journal))
    return [
        _profile(profile, len(packs)),
        *_files(profile),
        *asked,
        services.examine(packs, asked),
        *found.checks,
        *area(profile.place.area_code, found.enrolment),
        *line.examine(profile.backend_url, profile.data, found.enrolment),
        machine.disk(profile.data),
    ]


def _profile(profile: Profile, count: int) -> Check:
    test = "; a TEST terminal: its cases do not count" if profile.test else ""
    return good("profile", f"{profile.place.terminal}, area {profile.place.area_code}, {count} services{test}")


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
    elif not secret.is_file():
        checks.append(broken("staff code", f"{secret} is not there", "Make it, or take it out of the profile."))
    elif stat.S_IMODE(secret.stat().st_mode) & 0o077:
        checks.append(
            attention("staff code", f"others may read {secret}", f"chmod 600 {secret}, then change the secret.")
        )
    else:
        checks.append(_secret(secret))
    library = profile.photo.library
    if library and not Path(library).is_file():
        checks.append(broken("card photographs", f"{library} is not there", "Correct photo_decoder.library."))
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


def _secret(file: Path) -> Check:
    """Whether it would be taken; what it holds is not told."""
    from kiosk.access.staff_code import CURE, read_secret

    try:
        read_secret(file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return broken("staff code", f"{file} holds no secret that can be used: {why}", CURE)
    return good("staff code", "its secret is there, for this user alone")


def _not_read(error: Exception, *, as_json: bool) -> int:
    if as_json:
        check = {"name": "profile", "state": "broken", "finding": shown(str(error)), "advice": "Correct the profile."}
        print(json.dumps({"ok": False, "checks": [check]}, ensure_ascii=False, indent=1))
    else:
        print(f"kiosk doctor: {shown(str(error))}", file=sys.stderr)
    return NOT_READ
