"""Room ``software``: what runs here and since when, where each pack comes from, what is published and not in use.

Nothing is rolled back here. Which pack holds is said by the publisher's signed list alone, whose number only grows: an
older list is refused as one that somebody has kept back, and a case cites the version that decided it. The way back is
a new list that names the earlier version (`kiosk backend publish`); until one that fails its check is replaced, the
last good one, or the one that comes with the program, serves by itself. The page says so and asks for the list anew.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from typing import ClassVar

from kiosk import __version__
from kiosk.access.roles import Deed
from kiosk.journal.inspecting import LogRow
from kiosk.journal.journal import Journal
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.house import House
from kiosk.maintenance.moments import moment
from kiosk.maintenance.room import Path, Session
from kiosk.maintenance.screen import Button, Page, Row, Said, Tone, plain
from kiosk.services.model import ServicePack
from kiosk.sync import manifest, notes, taking
from kiosk.sync.manifest import KINDS, Wanted, wanted
from kiosk.wire import Manifest

STARTS = 50  # how many starts are looked back through for the first of this version


class SoftwareRoom(BareRoom):
    name = "software"
    opens = Deed.SOFTWARE
    deeds: ClassVar[Mapping[str, Deed]] = {}

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self._since: Mapping[tuple[str, str], datetime] | None = None  # by name and version
        self._wanted: Mapping[tuple[str, str], Wanted] = {}
        self._refused: tuple[taking.Refusal, ...] = ()
        self._trouble = ""

    def tone(self) -> Tone:
        return "attention" if self._house.afar.found.troubles or self._refused else "ok"

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self.read(self._read)

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        if name == "updates":
            self._house.kick()
            self.say("asked")
            self.read(self._read)

    def page(self, path: Path, session: Session) -> Page:
        heading = Said("maint.software.heading")
        button = Button("updates", Said("maint.software.updates"), weight="main")
        if self._since is None:
            busy = Said("maint.common.looking") if self.notice is None else None
            return Page(self.name, heading, busy=busy, buttons=(button,), notice=self.notice)
        found = self._house.afar.found
        bad = [self._not_used(name, reason) for name, reason in found.troubles.items()]
        bad += [self._refusal(each) for each in self._refused]
        rows = [
            Row("program", Said("maint.software.program"), self._from_when("program", __version__)),
            Row("python", Said("maint.software.python"), plain(platform.python_version())),
            Row("policy", Said("maint.software.policy"), self._policy(found)),
            self._list(),
            *([Row("section-bad", Said("maint.software.section_bad")), *bad] if bad else []),
            Row("section-packs", Said("maint.software.section_packs")),
            *(self._pack(name, pack, found) for name, pack in sorted(self._house.packs().items(), key=itemgetter(0))),
        ]
        lead = Said("maint.software.lead_bad" if bad else "maint.software.lead")
        return Page(self.name, heading, tone="attention" if bad else "ok", lead=lead, rows=tuple(rows),
                    buttons=(button,), notice=self.notice)  # fmt: skip

    # -- rows

    def _pack(self, name: str, pack: ServicePack, found: taking.InUse) -> Row:
        used = found.origins.get(name)
        title = Said("maint.settings.service", (pack.name.zh, pack.name.en))
        if used is None:
            return Row(f"pack-{name}", title, Said("maint.software.built_in", (pack.version,)))
        said = Said("maint.software.published", (self._from_when(name, pack.version), used.scope, used.manifest))
        return Row(f"pack-{name}", title, said)

    def _policy(self, found: taking.InUse) -> Said:
        if found.policy is None:
            return Said("maint.software.no_policy")
        return Said("maint.software.policy_of", (self._from_when("policy", found.policy.version), found.policy_origin))

    def _list(self) -> Row:
        """The publisher's list: is one in force, and was the last one refused?"""
        title = Said("maint.software.list")
        if not self._house.profile.publishing_keys:
            return Row("list", title, Said("maint.software.no_publisher"))
        if self._trouble:
            return Row("list", title, Said("maint.software.list_refused", (self._trouble,)), "attention")
        return Row("list", title, Said("maint.software.list_names", (len(self._wanted),)), "ok")

    def _not_used(self, name: str, reason: str) -> Row:
        said = Said("maint.software.serves_instead", (Said(f"maint.software.reason.{reason}", (reason,)),))
        return Row(f"trouble-{name}", plain(name), said, "attention")

    def _refusal(self, each: taking.Refusal) -> Row:
        said = Said(
            "maint.software.refused", (each.version, Said(f"maint.software.reason.{each.reason}", (each.reason,)))
        )
        return Row(f"refused-{each.sha256[:12]}", plain(each.name), said, "attention")

    def _from_when(self, name: str, version: str) -> Said:
        at = (self._since or {}).get((name, version))
        return plain(version) if at is None else Said("maint.software.since", (version, moment(at)))

    # -- what takes time

    def _read(self) -> None:
        journal = self._house.journal
        self._wanted = wanted(
            [made for kind in KINDS if (made := notes.read(journal, manifest.META + kind, Manifest)) is not None]
        )
        trouble = manifest.trouble(journal)
        self._trouble = trouble.reason if trouble is not None else ""
        self._refused = tuple(taking.refused(journal))
        self._since = since(journal)
        self.desk.changed()


def since(journal: Journal) -> dict[tuple[str, str], datetime]:
    """When each version was first in use without another in between, as far as the log is looked back through."""
    found = {(str(row.details["name"]), str(row.details["version"])): row.at
             for row in reversed(journal.log_page(("artefact.taken",), limit=200).rows)}  # fmt: skip
    first = _first_of(__version__, journal.log_page(("terminal.started",), limit=STARTS).rows)
    return found if first is None else {**found, ("program", __version__): first}


def _first_of(version: str, rows: tuple[LogRow, ...]) -> datetime | None:
    """``rows``: starts, the newest first. None where all of them are of this version: it is older than that."""
    at: datetime | None = None
    for row in rows:
        if row.details.get("version") != version:
            return at
        at = row.at
    return at if len(rows) < STARTS else None
