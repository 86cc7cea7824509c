"""A backend without its HTTP, a clock moved by hand, cases of any pack, and a department that does as it is told."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from kiosk import wire
from kiosk.backend.connectors.config import Connector
from kiosk.backend.connectors.lines import Fetched, Incoming, LineDown, Sheet
from kiosk.backend.connectors.mapping import builtin
from kiosk.backend.connectors.results import stamp
from kiosk.backend.connectors.view import Rating
from kiosk.backend.connectors.work import Connectors
from kiosk.backend.core import Backend
from kiosk.backend.lives import Act
from kiosk.backend.settings import Settings
from kiosk.backend.store.connector_tables import (
    connector_letters,
    connector_lines,
    connector_marks,
    connector_results,
)
from kiosk.backend.store.terminals import Terminal
from kiosk.domain import codes
from kiosk.domain.life import Deed, Role
from kiosk.domain.text import Text
from kiosk.journal.sealing import item_info, seal
from tests.unit.connectors.connector_world import ITEM, NOON, OFFICE, TODAY, case

AREA = "140213"
SERVICE = "elder_allowance"


class Clock:
    def __init__(self) -> None:
        self.now = NOON + timedelta(minutes=5)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class Department:
    """A line of its own kind: it keeps what it is sent, by row, and answers as the test says."""

    down: str = ""
    trouble: Callable[[Sheet], None] = lambda sheet: None
    sheets: list[Sheet] = field(default_factory=list)
    rows: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    results: list[Incoming] = field(default_factory=list)
    told: list[Incoming] = field(default_factory=list)
    tries: int = 0

    def send(self, sheet: Sheet) -> None:
        self.tries += 1
        if self.down:
            raise LineDown(self.down)
        self.trouble(sheet)
        self.sheets.append(sheet)
        for row in sheet.rows:
            self.rows.setdefault(row.guid, row.values)

    def fetch(self, limit: int) -> Fetched:
        if self.down:
            raise LineDown(self.down)
        return Fetched(self.results[:limit])

    def taken(self, results: Sequence[Incoming]) -> None:
        self.told += results

    def close(self) -> None:
        pass


class Room:
    """One backend, one terminal, and the connectors that a test names."""

    def __init__(self, folder: Path, db_url: str = "") -> None:
        self.clock = Clock()
        self.settings = Settings(
            db_url or f"sqlite:///{folder}/backend.db", str(folder / "blobs"), str(folder / "keys.json"),
            clock=self.clock,
        )  # fmt: skip
        self.backend = Backend(self.settings)
        code = self.backend.issue_code(AREA, "一号机")
        key = wire.b64(wire.public_of(wire.new_signing_pair()[0]))
        enrolled = self.backend.enrol(code, key, "")
        self._sealing = wire.unb64(enrolled.sealing_key)
        self.terminal = Terminal(enrolled.terminal_id, AREA, key, False, enrolled.signing_key_id)
        block = self.backend.reserve(self.terminal, wire.BlockRequest("case", 500, uuid.uuid4().hex))
        self._serials = iter(range(block.first, block.last + 1))
        self.departments: dict[str, Department] = {}
        self.ratings: dict[str, Sequence[Rating]] = {}
        self.made: list[Connectors] = []
        self.since = ""

    def fresh(self) -> Room:
        """The same for the next test: no letter, no result, and no case of before is anybody's. A room of one's own
        takes 0.3 s of processor time.
        """
        for each in self.made:
            each.close()
        for table in (connector_marks, connector_letters, connector_results, connector_lines):
            self.backend._store.write(lambda connection, table=table: connection.execute(table.delete()))  # type: ignore[misc]
        self.made, self.departments, self.ratings = [], {}, {}
        self.clock.move(minutes=10)
        self.since = stamp(self.clock.now)
        return self

    def close(self) -> None:
        for each in self.made:
            each.close()
        self.backend.close()

    def take(self, pack_id: str = SERVICE, **change: object) -> wire.CasePayload:
        """A case comes in, and its life begins."""
        trial = wire.BlockRequest("tcase", 1, uuid.uuid4().hex)
        serial = self.backend.reserve(self.terminal, trial).first if change.get("test") else next(self._serials)
        number = codes.case_no(AREA, TODAY, serial)
        payload = replace(case(pack_id, number, str(uuid.uuid4()), self.clock.now), **change)  # type: ignore[arg-type]
        sealed = seal(
            msgspec.json.encode(payload), self._sealing, item_info(self.terminal.terminal_id, payload.case_id)
        )
        item = wire.SealedItem(
            payload.case_id, "case", hashlib.sha256(sealed).hexdigest(), wire.b64(sealed),
            meta={"service_id": payload.service_id, "case_no": payload.case_no, "test": str(int(payload.test))},
        )  # fmt: skip
        (reply,) = self.backend.push(self.terminal, [item]).results
        assert reply.status == "accepted", reply
        self.backend.lives.open_waiting()
        return payload

    def act(self, case_id: str, *deeds: Deed, **more: object) -> None:
        """``more``: of each."""
        for deed in deeds:
            words = {"reason": Text("有理由", "A reason"), "to": Text("民政局", "Civil affairs")} | more
            self.backend.lives.act(case_id, Act(deed, Role.DEPARTMENT, "赵某", **words))  # type: ignore[arg-type]
            self.clock.move(minutes=10)

    def connectors(self, *names: str, mapping: str = "national_tables", **change: object) -> Connectors:
        """A life of the connectors' process; the departments stay."""
        all_of_them = {}
        for name in names or ("civil",):
            self.departments.setdefault(name, Department())
            values = {"items": {SERVICE: ITEM}, "office": OFFICE, "poll": 1.0, "since": self.since} | change
            all_of_them[name] = Connector(name, builtin(mapping), **values)  # type: ignore[arg-type]
        made = Connectors(
            self.backend._store, self.backend.lives, self.backend.keys, all_of_them, self.clock,
            lambda case_id: self.ratings.get(case_id, ()), lambda connector, now: self.departments[connector.name],
        )  # fmt: skip
        self.made.append(made)
        return made

    @property
    def civil(self) -> Department:
        return self.departments.setdefault("civil", Department())


def sent(department: Department) -> list[tuple[str | None, str | None]]:
    """Case number and step of each process row, in the order in which they came."""
    return [
        (values["project_no"], values["process_name"])
        for values in department.rows.values()
        if "process_name" in values
    ]


__all__ = ["AREA", "SERVICE", "Department", "Room", "sent"]
