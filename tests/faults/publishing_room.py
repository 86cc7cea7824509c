"""A publisher, a terminal that takes what he publishes, and the backend and the line in between (sync_room.py)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from kiosk import wire
from kiosk.backend import Settings, publish_desk
from kiosk.backend.publish_desk import Wanted
from kiosk.counter.results import keep_results
from kiosk.domain.place import Place
from kiosk.journal.journal import Journal
from kiosk.services import signing
from kiosk.sync import Policy, SyncClient, TerminalKey, commands, manifest, taking
from kiosk.sync.downloads import Publishers
from tests.faults.sync_weather import Line
from tests.faults.sync_world import AREA, House, Terminal, Time

PENSION = "pension_verification"
BUILTIN = (files("kiosk.services") / "builtin" / f"{PENSION}.yaml").read_text("utf-8")
PLACE = Place(AREA, "浙江省", "杭州市", "上城区", "小营街道", "1 号机", "上城区行政审批局", "")


def pack_text(version: str, filler: int = 0) -> str:
    """The pension pack as another version, with so many bytes of comment that do not pack."""
    line = next(text for text in BUILTIN.splitlines() if text.startswith("version:"))
    noise = random.Random(filler).randbytes(filler // 2).hex()
    return BUILTIN.replace(line, f'version: "{version}"', 1) + f"\n# {noise}\n"


class Told:
    """What the terminal was told to do (kiosk.sync.commands.Deeds)."""

    def __init__(self) -> None:
        self.deeds: list[str] = []
        self.changes = 0

    def restart(self) -> bool:
        self.deeds.append("restart")
        return True

    def look_at_closed(self) -> None:
        self.deeds.append("look_at_closed")

    def diagnostics(self) -> Mapping[str, str]:
        self.deeds.append("diagnostics")
        return {"version": "1", "device.ups": "online"}

    def changed(self) -> None:
        self.changes += 1


class Taker(Terminal):
    """A terminal that knows publishing keys."""

    def __init__(self, *arguments: Any, keys: list[bytes]) -> None:
        self.keys, self.told = keys, Told()
        super().__init__(*arguments)

    @property
    def data(self) -> Path:
        return self._folder

    def _start(self, disk: Path) -> None:
        self.disk = disk
        self.journal = Journal.open(disk, self._key, clock=self._time.terminal, durable=False)
        self.client = SyncClient(
            self.journal, self._wire, TerminalKey.load_or_create(self._folder), policy=self.policy,
            clock=self._time.terminal, running=self._time.running, rng=self._rng,
            on_results=partial(keep_results, self.journal), enrolment_code=self._code, area_code=AREA,
            log=self.journal, publishers=Publishers(self.keys, self.data, self.told, self.told.changed),
        )  # fmt: skip

    def in_use(self) -> taking.InUse:
        return taking.in_use(self.data, self.keys, PLACE)

    def version(self) -> str:
        """Of the pension pack, as a start would have it."""
        return self.in_use().packs[PENSION].version

    def events(self, *prefixes: str) -> list[tuple[str, str]]:
        """Rows of the audit log: the event, and its reason, outcome or version."""
        rows = self.journal._connection.execute("SELECT event, details FROM audit ORDER BY seq").fetchall()
        found = [(event, json.loads(details)) for event, details in rows if str(event).startswith(prefixes)]
        return [
            (event, str(each.get("reason") or each.get("outcome") or each.get("version") or ""))
            for event, each in found
        ]

    def entries(self) -> dict[str, commands.Entry]:
        return commands.entries(self.journal)

    def trouble(self) -> str:
        found = manifest.trouble(self.journal)
        return "" if found is None else found.reason


class PublishingRoom:
    """Enrolled and in good weather; closed at the end of ``with``."""

    def __init__(self, folder: Path, policy: Policy | None = None, keys: int = 1) -> None:
        self.folder, self.time = folder, Time()
        self.house = House(folder, self.time)
        self.line = Line(self.house, self.time, random.Random(5))
        self.key_files = [folder / f"publishing{number}.key" for number in range(keys)]
        self.keys = [signing.make_key(file) for file in self.key_files]
        self.terminal = self.new_terminal("terminal", policy)

    def new_terminal(self, name: str, policy: Policy | None = None) -> Taker:
        code = self.house.backend.issue_code(AREA, "East Gate")
        made = Taker(
            self.folder / name, self.time, self.line, code, random.Random(7), policy or Policy(),
            keys=[key.public for key in self.keys],
        )  # fmt: skip
        assert made.client.cycle().online
        return made

    def __enter__(self) -> PublishingRoom:
        return self

    def __exit__(self, *_: object) -> None:
        self.terminal.close()
        self.house.close()

    @property
    def id(self) -> str:
        enrolment = self.terminal.client.enrolment
        assert enrolment is not None
        return enrolment.terminal_id

    def settings(self) -> Settings:
        disk = self.house.disk
        return Settings(f"sqlite:///{disk}/backend.db", str(disk / "blobs"), clock=self.time.backend)

    def publish(self, to: str = "all", *, key: int = 0, **wanted: Any) -> wire.Manifest:
        """By the operator's own command. The manifest that is in force then."""
        assert publish_desk.publish(self.settings(), Wanted(to, self.key_files[key], **wanted)) == 0
        scope = to if to == "all" else f"area.{to}" if to.isdigit() else f"terminal.{to}"
        return next(made for made in self.house.backend.published.in_force() if made.scope == scope)

    def pack(self, version: str, *, key: int = 0, filler: int = 0) -> Path:
        """A signed pack file."""
        file = self.folder / f"{PENSION}-{version}.yaml"
        file.write_text(pack_text(version, filler), "utf-8")
        artefact = signing.sign_artefact("pack", PENSION, version, file.read_bytes(), self.keys[key])
        signing.write_signature(file, artefact)
        return file

    def policy(self, version: str, **values: str) -> Path:
        file = self.folder / f"policy-{version}.toml"
        lines = [f'version = "{version}"', "[values]", *(f"{name} = {value}" for name, value in values.items())]
        file.write_text("\n".join(lines), "utf-8")
        return file

    def force(self, made: wire.Manifest, *data: bytes, key: int = 0) -> wire.Manifest:
        """What no honest backend would give: this manifest, signed, with these bytes, whatever the store had before."""
        return self.slip(self.signed(made, key=key), *data)

    def signed(self, made: wire.Manifest, *, key: int = 0) -> wire.Manifest:
        signer = self.keys[key]
        made = replace(made, key_id=signer.id, signature="")
        return replace(made, signature=signer.sign(made.canonical()))

    def slip(self, made: wire.Manifest, *data: bytes) -> wire.Manifest:
        """A manifest as it is, as the only one of its scope."""
        import msgspec
        from sqlalchemy import delete, insert

        from kiosk.backend.store.publishing_tables import artefacts, manifests

        def work(connection: Any) -> None:
            connection.execute(delete(manifests).where(manifests.c.scope == made.scope))
            text = msgspec.json.encode(made).decode()
            connection.execute(insert(manifests).values(scope=made.scope, version=made.version, manifest=text))
            for artefact, content in zip(made.artefacts, data, strict=False):
                connection.execute(delete(artefacts).where(artefacts.c.name == artefact.name))
                connection.execute(
                    insert(artefacts).values(
                        hash=artefact.sha256, kind=artefact.kind, name=artefact.name, version=artefact.version,
                        size=len(content), data=content, published_at="",
                    )
                )  # fmt: skip

        self.house.backend._store.write(work)
        return made

    def give(self, monkeypatch: Any, made: wire.Manifest) -> None:
        """The backend insists on this one, whatever the terminal says that it has."""
        monkeypatch.setattr(self.house.backend.published, "manifests", lambda *_: wire.ManifestsReply([made]))

    def cycle(self) -> Any:
        """A pass now, whatever the back-off."""
        self.time.move(1.0)
        return self.terminal.client.cycle(urgent=True)

    def reports(self) -> list[wire.CommandReport]:
        return [each.report for each in self.house.backend.published.reports("")]
