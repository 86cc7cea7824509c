"""What was published for this terminal, what of it is in use, and where every value comes from. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kiosk import policy, wire
from kiosk.health.readiness import Check, attention, good
from kiosk.journal import reading
from kiosk.journal.connection import FILE
from kiosk.journal.errors import JournalError
from kiosk.journal.keys import load_or_create_key
from kiosk.profile import Profile
from kiosk.services.model import ServicePack
from kiosk.sync import commands, downloads, manifest, taking
from kiosk.sync.state import ENROLMENT

AGAIN = "Publish anew: kiosk backend publish. What is in use stays so meanwhile."


class Kept:
    """The journal's meta table as it is now, read beside whoever has it open (kiosk.sync.state.Meta)."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def meta(self, key: str) -> str | None:
        return self._values.get(key)

    def set_meta(self, key: str, value: str) -> None:
        raise AssertionError("a look changes nothing")


def kept(data: Path) -> Kept:
    """Raises JournalError, OSError. Empty where there is no journal yet."""
    folder = data / "journal"
    if not (folder / FILE).exists():
        return Kept({})
    sql = "SELECT key, value FROM meta WHERE key LIKE 'downloads.%' OR key IN (?, ?)"
    keys = (ENROLMENT, commands.CLOSED_HERE)
    with reading.reading(folder, load_or_create_key(folder)) as connection:
        return Kept({str(key): str(value) for key, value in connection.execute(sql, keys)})


def packs_of(profile: Profile) -> tuple[dict[str, ServicePack], dict[str, str]]:
    """The packs that this terminal uses, and the origins of those that came."""
    found = taking.in_use(profile.data, profile.publishing_keys, profile.place)
    return dict(found.packs), {name: each.origin for name, each in found.origins.items()}


def examine(profile: Profile) -> list[Check]:
    none = good("publishing", "no publishing key in the profile: packs come with the program, values from here")
    try:
        meta = kept(profile.data)
    except (JournalError, OSError):  # what is wrong with the journal is told by its own check
        return [] if profile.publishing_keys else [none]
    if not profile.publishing_keys:
        return [none, *_closed_here(meta)]
    found = taking.in_use(profile.data, profile.publishing_keys, profile.place)
    checks = [_manifests(profile, meta), _packs(found, taking.refused(meta)), _policy(profile, found)]
    return [*checks, *_commands(meta), *_closed_here(meta), *_notes(meta)]


def _manifests(profile: Profile, meta: Kept) -> Check:
    if refused := manifest.trouble(meta):
        words = f"the backend insists on a manifest (version {refused.version}) that is refused: {refused.reason}"
        return attention("publishing", words, f"See manifest.refused in the journal's manual. {AGAIN}")
    text = meta.meta(ENROLMENT)
    if not text:
        return good("publishing", "nothing yet: this terminal is not enrolled")
    enrolment = msgspec.json.decode(text, type=wire.Enrolment)
    scopes = manifest.scopes_of(enrolment.terminal_id, enrolment.area_code)
    keys = profile.publishing_keys
    now = datetime.now(UTC)
    force = [made for kind, scope in scopes.items() if (made := manifest.kept(meta, kind, scope, keys)) is not None]
    words = "; ".join(f"{made.scope} version {made.version}, until {made.expires_at[:10]}" for made in force)
    if old := [made.scope for made in force if manifest.moment(made.expires_at) <= now]:
        return attention("publishing", f"{words}; out of date: {', '.join(old)}", AGAIN)
    return good("publishing", words or "nothing is published for this terminal")


def _packs(found: taking.InUse, refused: list[taking.Refusal]) -> Check:
    own = [f"{name} {pack.version} (built in)" for name, pack in found.packs.items() if name not in found.origins]
    came = [f"{name} {each.artefact.version} (from {each.origin})" for name, each in found.origins.items()]
    words = ", ".join([*came, *own])
    bad = [f"{each.name} {each.version}: {each.reason}" for each in refused]
    bad += [f"{name}: {reason}" for name, reason in found.troubles.items()]
    if bad:
        words = f"{words}; not used: {', '.join(bad)}"
        return attention("packs", words, f"kiosk pack check names what is wrong with one. {AGAIN}")
    return good("packs", words)


def _policy(profile: Profile, found: taking.InUse) -> Check:
    origin = "" if found.policy is None else f"{found.policy_origin}, version {found.policy.version}"
    settings = policy.settings(profile, found.policy, origin)
    return good("policy", ", ".join(f"{each.key} {each.value} ({each.origin})" for each in settings))


def _commands(meta: Kept) -> list[Check]:
    checks = []
    if closed := commands.closed(meta, datetime.now(UTC)):
        until = f" until {closed.until}" if closed.until else ""
        words = f"out of service by command ({closed.reason}){until}"
        checks.append(attention("service", words, "To serve again: kiosk backend publish --command in-service."))
    broken_off = [each for each in commands.entries(meta).values() if each.outcome == "unknown" and not each.reported]
    if broken_off:
        names = ", ".join(sorted(f"{each.name} {each.id}" for each in broken_off))
        checks.append(
            attention("commands", f"broken off, and not begun again: {names}", "Look whether they were done.")
        )
    return checks


def _closed_here(meta: Kept) -> list[Check]:
    if (here := commands.closed_here(meta)) is None:
        return []
    words = f"closed by staff on the spot ({here.reason})" + (f" since {here.at[:16]}" if here.at else "")
    advice = "To serve again: maintenance mode, the power page; or kiosk backend publish --command in-service."
    return [attention("service", words, advice)]


def _notes(meta: Kept) -> list[Check]:
    bad = downloads.unreadable(meta)
    if not bad:
        return []
    words = f"notes that this program cannot read: {', '.join(bad)}"
    return [attention("downloads", words, "A start puts them aside: see downloads.set_aside in the journal's manual.")]
