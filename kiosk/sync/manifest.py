"""Manifests: what a publisher wants of this terminal. Each is believed by its signature, scope, version and time alone.

Of each scope the newest is kept in the journal's meta table. One that goes back, forks, is not ours, has run out or is
signed with a key that a newer one has replaced is refused, and told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kiosk import wire
from kiosk.services import signing
from kiosk.sync import notes
from kiosk.sync.notes import Journal
from kiosk.sync.state import Meta

META = "downloads.manifest."  # and the kind of scope
TROUBLE = "downloads.trouble"
KINDS = ("all", "area", "terminal")  # from the widest to the narrowest
LARGEST_VERSION = 10**16 - 1
FORGOTTEN_AFTER = 20  # passes: then what was refused is asked for again, and is told no more if it is gone


@dataclass(frozen=True, slots=True)
class Trouble:
    """A manifest that was refused last, as long as the backend insists on it. ``reason`` is a word of `judge`."""

    reason: str
    version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """An artefact, and the scope, version and end of the manifest that names it."""

    artefact: wire.Artefact
    scope: str
    manifest: int
    until: str

    def lasts(self, now: datetime) -> bool:
        """Whether it may still be taken up; what is in use stays in any case."""
        return now < moment(self.until)


def scopes_of(terminal_id: str, area_code: str) -> Mapping[str, str]:
    """This terminal's scopes by kind."""
    return {"all": "all", "area": f"area.{area_code}", "terminal": f"terminal.{terminal_id}"}


def kept(meta: Meta, kind: str, scope: str, keys: Sequence[bytes]) -> wire.Manifest | None:
    """The manifest in force of this scope. What another identity was told, or a key that is no longer ours, is none."""
    found = notes.read(meta, META + kind, wire.Manifest)
    return found if found is not None and found.scope == scope and signing.genuine(found, keys) else None


def wanted(manifests: Sequence[wire.Manifest]) -> dict[tuple[str, str], Wanted]:
    """By kind and name; of manifests from the widest to the narrowest scope the last word counts."""
    return {
        (each.kind, each.name): Wanted(each, made.scope, made.version, made.expires_at)
        for made in manifests
        for each in made.artefacts
    }


def judge(
    sent: wire.Manifest, scopes: Mapping[str, str], keys: Sequence[bytes], have: wire.Manifest | None, now: datetime
) -> str:
    """Why ``sent`` does not take the place of ``have``; empty if it does. ``now`` by the backend's clock."""
    if sent.scope not in scopes.values():
        return "foreign"
    if sent.key_id not in {wire.key_id(key) for key in keys}:
        return "unknown-key"
    number = signing.genuine(sent, keys)
    if not number or not _in_form(sent, keys):
        return "signature"
    if have is not None:
        before = signing.genuine(have, keys)
        if number < before:
            return "old-key"  # a key that was replaced, perhaps because it was lost
        if number == before and sent.version < have.version:
            return "rolled-back"
        if number == before and sent.version == have.version and sent != have:
            return "forked"
    if moment(sent.expires_at) <= now:
        return "expired"
    return "early" if now < moment(sent.not_before) else ""


class Manifests:
    """Used by one thread. ``keys``: publishing keys, oldest first."""

    def __init__(self, journal: Journal, keys: Sequence[bytes]) -> None:
        self._journal, self._keys = journal, keys
        self._seen: dict[str, wire.Manifest] = {}  # by kind: looked at in this life and not in force (yet)
        self._trouble = trouble(journal)
        self._passes = 0
        self._kept: dict[str, wire.Manifest | None] = {}
        self._scopes: Mapping[str, str] = {}

    def of(self, enrolment: wire.Enrolment) -> None:
        """Whose manifests these are: called before anything else, in every pass."""
        self._passes += 1
        if self._passes % FORGOTTEN_AFTER == 0:
            self._seen.clear()
        scopes = scopes_of(enrolment.terminal_id, enrolment.area_code)
        if scopes != self._scopes:
            self._scopes = scopes
            self._kept = {kind: kept(self._journal, kind, scope, self._keys) for kind, scope in scopes.items()}

    def known(self) -> str:
        """The versions that need not be sent again: what is in force, or was looked at since."""
        found = [self._seen.get(kind) or self._kept.get(kind) for kind in KINDS]
        return ".".join("0" if made is None else str(made.version) for made in found)

    def take(self, sent: Sequence[wire.Manifest], now: datetime) -> str:
        """Puts in force what is in order, also what came before its time. Why something is refused, or empty."""
        found: Trouble | None = None
        by_scope = {scope: kind for kind, scope in self._scopes.items()}
        newly = {made.scope for made in sent}
        for made in (*(seen for seen in self._seen.values() if seen.scope not in newly), *sent):
            kind = by_scope.get(made.scope, "")
            reason = judge(made, self._scopes, self._keys, self._kept.get(kind), now)
            if kind:
                self._seen[kind] = made
            if reason not in ("", "early"):
                found = Trouble(reason, min(max(made.version, 0), LARGEST_VERSION))
            elif not reason:
                self._keep(kind, made)
        self._tell(found)
        return found.reason if found is not None else ""

    def in_force(self) -> list[wire.Manifest]:
        """From the widest to the narrowest scope. One that has run out since still says what is used."""
        return [made for kind in KINDS if (made := self._kept.get(kind)) is not None]

    def _keep(self, kind: str, made: wire.Manifest) -> None:
        self._seen.pop(kind, None)
        if made == self._kept[kind]:
            return
        text = msgspec.json.encode(made).decode()
        scope, version = made.scope, made.version
        self._journal.record(META + kind, text, "manifest.taken", scope=scope, version=version, key=made.key_id)
        self._kept[kind] = made

    def _tell(self, found: Trouble | None) -> None:
        """Once: a backend that insists would fill the log."""
        if found == self._trouble:
            return
        self._trouble = found
        if found is None:
            self._journal.set_meta(TROUBLE, "")
        else:
            text = msgspec.json.encode(found).decode()
            self._journal.record(TROUBLE, text, "manifest.refused", reason=found.reason, version=found.version)


def trouble(meta: Meta) -> Trouble | None:
    return notes.read(meta, TROUBLE, Trouble)


def moment(text: str) -> datetime:
    """Of a manifest whose form was checked."""
    return datetime.fromisoformat(text)


def _in_form(sent: wire.Manifest, keys: Sequence[bytes]) -> bool:
    """A publisher's mistakes are refused as a whole: half of what he wanted is not what he wanted."""
    times = [sent.issued_at, sent.not_before, sent.expires_at]
    times += [text for each in sent.commands for text in (each.not_before, each.expires_at)]
    names = [(each.kind, each.name) for each in sent.artefacts]
    ids = [each.id for each in sent.commands]
    return (
        0 < sent.version <= LARGEST_VERSION
        and all(_is_moment(text) for text in times)
        and len(names) <= wire.MAX_ARTEFACTS
        and len(ids) <= wire.MAX_COMMANDS
        and len(set(names)) == len(names)
        and len(set(ids)) == len(ids)
        and all(wire.ID.fullmatch(each) for each in ids)
        and all(signing.in_form(each) and signing.genuine(each, keys) for each in sent.artefacts)
    )


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
