"""From an artefact that is whole to one that is used: checked first, and the last good one stays until then.

What is used is a list beside the artefacts (``used.json``), which the terminal reads before anything else when it
starts, and each file against its hash and signature once more. Its audit row is written first: killed in between, the
next life takes the same again, and says so again.

Failpoints: ``downloads.taken`` (the row is written, the list is not), and those of kiosk/durable.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from kiosk import __version__, policy, wire
from kiosk.domain.place import Place
from kiosk.health.failpoints import hit
from kiosk.services import signing
from kiosk.services.loader import BUILTIN, BUNDLES, PackError, builtin, load_builtin, load_pack, placed, read_checked
from kiosk.services.model import ServicePack
from kiosk.sync import notes
from kiosk.sync.artefacts import ArtefactFolder
from kiosk.sync.manifest import Wanted
from kiosk.sync.notes import Journal
from kiosk.sync.state import Meta

REFUSED = "downloads.refused"  # in the journal's meta table
FOLDER = "downloads"  # in the terminal's data folder
USED = "used.json"
FAILPOINTS = ("downloads.taken",)


@dataclass(frozen=True, slots=True)
class Used:
    """An artefact in use, and who wanted it. ``program``: which version of this program has checked it."""

    artefact: wire.Artefact
    scope: str
    manifest: int
    program: str

    @property
    def origin(self) -> str:
        return f"{self.scope} {self.manifest}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An artefact that is not taken. ``reason`` is a word; another ``program`` may think otherwise."""

    sha256: str
    name: str
    version: str
    reason: str
    program: str


@dataclass(frozen=True, slots=True)
class InUse:
    """What holds now. ``packs``: all of them by id, bound to the place; ``origins``: of those that were downloaded.

    ``troubles``: what should be in use and is not, by name: the pack that comes with the program serves instead.
    """

    packs: Mapping[str, ServicePack]
    origins: Mapping[str, Used]
    policy: policy.Policy | None = None
    policy_origin: str = ""
    troubles: Mapping[str, str] = field(default_factory=dict)


class Taking:
    """Used by one thread."""

    def __init__(self, journal: Journal, folder: ArtefactFolder) -> None:
        self._journal, self._folder = journal, folder
        self._used = used(folder)
        self._refused = refused(journal)

    def take(self, wanted: Mapping[tuple[str, str], Wanted], now: datetime) -> bool:
        """Checks what is whole and new, and lets go what nobody wants any more. Whether anything has changed.

        ``now`` by the backend's clock: of a manifest that has run out nothing is taken up.
        """
        changed = self._let_go(wanted)
        for want in wanted.values():
            artefact = want.artefact
            if self._uses(artefact) or self.refuses(artefact) or not want.lasts(now):
                continue
            data = self._folder.read(artefact)
            if data is None:
                continue
            reason = check(artefact, data, self._folder.path(artefact))
            if reason:
                self._refuse(artefact, reason)
                continue
            name = (artefact.kind, artefact.name)
            others = [each for each in self._used if (each.artefact.kind, each.artefact.name) != name]
            new = Used(artefact, want.scope, want.manifest, __version__)
            self._note([*others, new], "artefact.taken", artefact)
            changed = True
        self._folder.sweep(
            {want.artefact.sha256 for want in wanted.values()} | {each.artefact.sha256 for each in self._used}
        )
        return changed

    def refuses(self, artefact: wire.Artefact) -> bool:
        """Whether it was checked and is not to be had again."""
        return any((each.sha256, each.program) == (artefact.sha256, __version__) for each in self._refused)

    def wrong_bytes(self, artefact: wire.Artefact) -> None:
        """What came under its hash was something else. It is asked for again; the word is kept for the doctor."""
        self._journal.audit(
            "artefact.refused", kind=artefact.kind, name=artefact.name, version=artefact.version, reason="wrong-hash"
        )

    def _uses(self, artefact: wire.Artefact) -> bool:
        return any(each.artefact.sha256 == artefact.sha256 for each in self._used)

    def _let_go(self, wanted: Mapping[tuple[str, str], Wanted]) -> bool:
        gone = [each for each in self._used if (each.artefact.kind, each.artefact.name) not in wanted]
        for each in gone:
            self._note([kept for kept in self._used if kept is not each], "artefact.dropped", each.artefact)
        hashes = {want.artefact.sha256 for want in wanted.values()}
        still = [each for each in self._refused if each.sha256 in hashes]
        if still != self._refused:
            self._refused = still
            self._journal.set_meta(REFUSED, msgspec.json.encode(still).decode())
        return bool(gone)

    def _note(self, now_used: list[Used], event: str, artefact: wire.Artefact) -> None:
        self._journal.audit(
            event, kind=artefact.kind, name=artefact.name, version=artefact.version, hash=artefact.sha256
        )
        hit("downloads.taken")
        self._folder.put(USED, msgspec.json.encode(now_used))
        self._used = now_used

    def _refuse(self, artefact: wire.Artefact, reason: str) -> None:
        others = [each for each in self._refused if each.sha256 != artefact.sha256]
        self._refused = [*others, Refusal(artefact.sha256, artefact.name, artefact.version, reason, __version__)]
        self._journal.record(
            REFUSED, msgspec.json.encode(self._refused).decode(), "artefact.refused",
            kind=artefact.kind, name=artefact.name, version=artefact.version, reason=reason,
        )  # fmt: skip


def used(folder: ArtefactFolder) -> list[Used]:
    """A list that cannot be read is none: what the program brings serves, and what is published is taken once more."""
    try:
        return msgspec.json.decode(folder.get(USED), type=list[Used])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []


def refused(meta: Meta) -> list[Refusal]:
    return notes.read(meta, REFUSED, list[Refusal]) or []


def check(artefact: wire.Artefact, data: bytes, file: Path) -> str:
    """Why it cannot be used, as a word; empty if it can. ``file`` holds ``data``."""
    if artefact.kind == "policy":
        try:
            found = policy.parse(data)
        except policy.PolicyError:
            return "policy-invalid"
        return "" if (artefact.name, artefact.version) == (policy.NAME, found.version) else "other-version"
    try:
        pack = load_pack(file)
    except PackError:
        return "pack-invalid"
    if (artefact.name, artefact.version) != (pack.pack_id, pack.version):
        return "other-version"
    own = builtin(pack.pack_id) if pack.pack_id in (*BUILTIN, *BUNDLES) else None
    if own is not None and own.version == pack.version and own != pack:
        return "version-taken"  # a case cites name and version: they mean one thing
    return ""


def in_use(data_folder: Path, keys: Sequence[bytes], place: Place) -> InUse:
    """Every pack and the policy as they hold: what was taken where it is still whole, else what the program brings."""
    folder = ArtefactFolder(data_folder / FOLDER)
    packs, origins, troubles = {name: builtin(name, place) for name in (*BUILTIN, *BUNDLES)}, {}, {}
    found: policy.Policy | None = None
    origin = ""
    for each in used(folder):
        artefact = each.artefact
        data = folder.read(artefact)
        reason = "unknown-key" if not signing.genuine(artefact, keys) else "" if data is not None else "damaged"
        if not reason and data is not None and each.program != __version__:
            reason = check(artefact, data, folder.path(artefact))  # another program may know other rules
        if reason or data is None:
            troubles[artefact.name] = reason
        elif artefact.kind == "policy":
            found, origin = policy.parse(data), each.origin
        else:
            packs[artefact.name] = placed(read_checked(data), place)
            origins[artefact.name] = each
    return InUse(_composed(packs, origins, troubles, place), origins, found, origin, troubles)


def _composed(
    packs: Mapping[str, ServicePack], origins: dict[str, Used], troubles: dict[str, str], place: Place
) -> dict[str, ServicePack]:
    """With the bundles made of what is in use now. One that does not fit its items is not offered; where it was
    published, the one that comes with the program serves, if that fits them."""
    found = dict(packs)
    if not origins:  # all as they were tested together
        return {**found, **{name: pack for name, pack in load_builtin(place).items() if name in BUNDLES}}
    from kiosk.services import bundle, bundle_check

    for name, pack in packs.items():
        if pack.bundle is None:
            continue
        tries = [pack, *([builtin(name, place)] if name in origins and name in BUNDLES else [])]
        fits = next((each for each in tries if not bundle_check.unfit(each, packs)), None)
        if fits is not pack:
            troubles[name] = "items-unfit"
            origins.pop(name, None)
        if fits is None:
            del found[name]
        else:
            found[name] = bundle.composed(fits, packs)
    return found
