"""Taking items in: each once, in one transaction per batch, with its case, numbers, rating and result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, String, Table, any_, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from kiosk.backend.ownership import of_the_other_range
from kiosk.backend.store.bulk import write_rows
from kiosk.backend.store.bundles import bundled_cases
from kiosk.backend.store.findings import finding, has_already, withdrawn
from kiosk.backend.store.late_tables import findings
from kiosk.backend.store.life_tables import deeds
from kiosk.backend.store.numbers import owned
from kiosk.backend.store.tables import (
    alarms,
    cases,
    item_materials,
    items,
    materials,
    ratings,
    registered_numbers,
    results,
)
from kiosk.backend.store.upsert import insert_new
from kiosk.domain.codes import block_kind
from kiosk.domain.late import meaning, result_text, rung_of
from kiosk.wire import (
    MOST_TOLD,
    NIGHT_FIELD,
    CasePayload,
    DeliveryPayload,
    FollowUpPayload,
    RatingPayload,
    Status,
    SupplementPayload,
    WithdrawalPayload,
)

Payload = CasePayload | RatingPayload | WithdrawalPayload | SupplementPayload | DeliveryPayload | FollowUpPayload
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_DEEDS = (WithdrawalPayload, SupplementPayload, DeliveryPayload, FollowUpPayload)

_COLUMNS: dict[Table, tuple[str, ...]] = {  # of the rows that a batch writes, in the order in which it writes them
    items: ("id", "terminal_id", "kind", "hash", "sealed", "sealing_key_id", "received_at"),
    item_materials: ("item_id", "hash"),
    cases: ("case_id", "item_id", "terminal_id", "area_code", "case_no", "service_id", "pack_version", "outcome",
            "rung", "verification", "committed_at", "test", "state"),
    bundled_cases: ("case_id", "bundle_id", "pack_id", "pack_version"),
    registered_numbers: ("kind", "number", "case_id"),
    ratings: ("case_id", "item_id", "level", "rated_at"),
    deeds: ("item_id", "terminal_id", "case_id", "kind", "person", "answer"),
    results: ("terminal_id", "case_id", "case_no", "outcome", "text", "decided_at"),
    findings: ("at", "case_id", "cause", "rule", "effect", "after_check", "serial"),
    alarms: ("at", "terminal_id", "code", "item_id", "hash"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class NewItem:
    """An item that was opened and found in order. ``sealed`` is what is kept."""

    id: str
    kind: str
    hash: str
    sealed: bytes
    sealing_key_id: str
    attachments: tuple[str, ...]
    payload: Payload
    committed_at: str = ""  # of a case, in UTC
    person: str = ""  # a keyed hash, where the matter is one that a person gets once, and of who sends a deed
    serials: tuple[tuple[str, str, int], ...] = ()  # kind, number, serial: of its numbers that can be of the area


@dataclass(frozen=True, slots=True)
class KnownItem:
    terminal_id: str
    hash: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Taken:
    """``received_at`` is set for accepted and duplicate."""

    status: Status
    reason: str = ""
    received_at: str = ""


def known(connection: Connection, ids: Iterable[str]) -> dict[str, KnownItem]:
    rows = _matching(connection, items, items.c.id, ids)
    return {row.id: KnownItem(row.terminal_id, row.hash, row.received_at) for row in rows}


def known_materials(connection: Connection, terminal_id: str, hashes: Iterable[str]) -> set[str]:
    rows = _matching(connection, materials, materials.c.hash, hashes, materials.c.terminal_id == terminal_id)
    return {row.hash for row in rows}


def judge_known(found: KnownItem, terminal_id: str, digest: str) -> Taken:
    """What an item is that came before: a duplicate, or an id that stands for something else."""
    if found.terminal_id != terminal_id:
        return Taken("conflict", "foreign-item")
    if found.hash != digest:
        return Taken("conflict", "hash-differs")
    return Taken("duplicate", received_at=found.received_at)


def raise_alarm(connection: Connection, terminal_id: str, code: str, item_id: str, digest: str, now: datetime) -> None:
    connection.execute(
        insert(alarms).values(at=now.isoformat(), terminal_id=terminal_id, code=code, item_id=item_id, hash=digest)
    )


def raise_alarm_once(
    connection: Connection, terminal_id: str, code: str, item_id: str, digest: str, now: datetime
) -> None:
    """One row for each item and cause: what is sent again and again is still one thing to look at."""
    c = alarms.c
    same = (c.item_id == item_id, c.code == code, c.terminal_id == terminal_id)
    if connection.execute(select(c.seq).where(*same).limit(1)).first() is None:
        raise_alarm(connection, terminal_id, code, item_id, digest, now)


def add_material(connection: Connection, terminal_id: str, digest: str, size: int, now: datetime) -> bool:
    """False if the terminal has sent it before."""
    row = {"terminal_id": terminal_id, "hash": digest, "size": size, "received_at": now.isoformat()}
    return insert_new(connection, materials, [row]) == 1


def take_in(
    connection: Connection, terminal_id: str, area_code: str, new: Sequence[NewItem], now: datetime, look: bool
) -> dict[str, Taken]:
    """Writes what is new, in order; answers for every item by id. In a transaction that holds the terminal.

    ``look``: first asked is which of the ids, cases and numbers are there already. Nearly always it is none, and to ask
    takes a fifth of the whole; so a first attempt is made without, and where one was there after all, its unique key
    ends the attempt (IntegrityError): nothing is written, and the next one looks.
    """
    batch = _Batch(connection, terminal_id, area_code, new, now, look=look)
    taken: dict[str, Taken] = {}
    for item in new:
        taken[item.id] = batch.add(item)
    batch.flush()
    return taken


class _Batch:
    """Rows of one batch, gathered so that each table is written once."""

    def __init__(
        self, connection: Connection, terminal_id: str, area_code: str, new: Sequence[NewItem], now: datetime, *,
        look: bool,
    ) -> None:  # fmt: skip
        self._connection, self._terminal_id, self._area = connection, terminal_id, area_code
        self._now = now.isoformat()
        payloads = [item.payload for item in new]
        opened = [payload for payload in payloads if isinstance(payload, CasePayload)]
        rated = [payload.case_id for payload in payloads if isinstance(payload, RatingPayload)]
        done = [each.case_id for each in payloads if isinstance(each, _DEEDS)]
        asked = [*(case.case_id for case in opened if look), *rated, *done]
        self._cases = {row.case_id: row.terminal_id for row in _matching(connection, cases, cases.c.case_id, asked)}
        self._rated = {row.case_id for row in _matching(connection, ratings, ratings.c.case_id, rated)}
        # after the cases: who sees a case that another process has just committed sees its item too
        self._known = known(connection, [item.id for item in new if look])
        numbers = [number for case in opened if look for number in (case.case_no, case.uscc) if number]
        found = _matching(connection, registered_numbers, registered_numbers.c.number, numbers)
        self._borne = {row.number for row in found}
        self._own = _own_numbers(connection, terminal_id, new)
        self._withdrawn = withdrawn(connection, opened)
        self._rows: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}

    def add(self, item: NewItem) -> Taken:
        earlier = self._known.get(item.id)
        if earlier is not None:
            return judge_known(earlier, self._terminal_id, item.hash)
        payload = item.payload
        refused = self._refuse(payload, item.serials)
        if refused is not None:
            return refused
        self._known[item.id] = KnownItem(self._terminal_id, item.hash, self._now)
        self._rows[items].append(
            (item.id, self._terminal_id, item.kind, item.hash, item.sealed, item.sealing_key_id, self._now)
        )
        self._rows[item_materials] += [(item.id, digest) for digest in item.attachments]
        if isinstance(payload, CasePayload):
            self._add_case(item.id, payload, item.committed_at, item.person)
        elif isinstance(payload, _DEEDS):  # answered by its life (backend/lives.py)
            self._rows[deeds].append((item.id, self._terminal_id, payload.case_id, item.kind, item.person, ""))
        else:
            self._rated.add(payload.case_id)
            self._rows[ratings].append((payload.case_id, item.id, payload.level, payload.rated_at))
        return Taken("accepted", received_at=self._now)

    def _refuse(self, payload: Payload, serials: Sequence[tuple[str, str, int]]) -> Taken | None:
        if isinstance(payload, CasePayload):
            return self._refuse_case(payload, serials)
        if isinstance(payload, RatingPayload):
            return self._refuse_rating(payload)
        if isinstance(payload, DeliveryPayload):
            return self._refuse_foreign(payload.case_id)
        return Taken("retry", "case-missing") if payload.case_id not in self._cases else None

    def _refuse_case(self, case: CasePayload, serials: Sequence[tuple[str, str, int]]) -> Taken | None:
        if case.case_id in self._cases:
            return Taken("rejected", "case-known")
        if of_the_other_range(serials):
            return Taken("rejected", "test-number")
        own = all(number in self._own for number in _numbers(case))
        return None if own else Taken("rejected", "foreign-number")

    def _refuse_rating(self, rating: RatingPayload) -> Taken | None:
        if rating.case_id in self._rated:
            return Taken("rejected", "rated-before")
        return self._refuse_foreign(rating.case_id)

    def _refuse_foreign(self, case_id: str) -> Taken | None:
        """Of what a terminal may say of its own cases alone."""
        whose = self._cases.get(case_id)
        if whose is None:
            return Taken("retry", "case-missing")  # it may wait for a material itself
        return None if whose == self._terminal_id else Taken("rejected", "foreign-case")

    def _late(self, case: CasePayload, person: str, committed_at: str) -> str:
        """Why the case is not as it was told on the terminal (a cause of kiosk.domain.late), or ""."""
        since = self._withdrawn.get((case.service_id, case.pack_version))
        if since is not None and datetime.fromisoformat(since) <= datetime.fromisoformat(committed_at):
            return "withdrawn"
        asked = person and case.once and case.outcome in ("approved", "received")
        if asked and has_already(self._connection, person, case, committed_at):
            return "elsewhere"
        return ""

    def _add_finding(self, case: CasePayload, item_id: str, cause: str) -> str:
        """Puts down what was found, tells the terminal, alarms where the table says so. The case's state."""
        found = meaning(cause, rung_of(case.outcome, case.rung))
        self._add_result(case, "conflict", result_text(cause))
        row = finding(case.case_id, found, self._now)
        self._rows[findings].append(tuple(row[name] for name in _COLUMNS[findings]))
        if found.alarm:
            self._rows[alarms].append((self._now, self._terminal_id, f"late-{cause}", item_id, ""))
        return found.state

    def _add_case(self, item_id: str, case: CasePayload, committed_at: str, person: str) -> None:
        self._cases[case.case_id] = self._terminal_id
        wanted = _numbers(case)
        taken = next((number for _, number in wanted if number in self._borne), "")
        clash = ("case" if taken == case.case_no else "uscc") if taken else ""
        cause = clash or self._late(case, person, committed_at)
        if not clash:
            self._borne.update(number for _, number in wanted)
            self._rows[registered_numbers] += [(kind, number, case.case_id) for kind, number in wanted]
        undecided = case.outcome in ("referred", "received")
        state = "waiting" if undecided else "registered"
        if cause:
            # kept all the same: the citizen holds a paper of this case, and has to be told what it is worth
            state = self._add_finding(case, item_id, cause)
        elif case.rung == "provisional" and not undecided:
            state = "confirmed"
            self._add_result(case, "confirmed", "result.confirmed")
        self._rows[cases].append(
            (
                case.case_id, item_id, self._terminal_id, self._area, case.case_no, case.service_id, case.pack_version,
                case.outcome, case.rung, case.verification, committed_at, case.test, state,
            )
        )  # fmt: skip
        if case.test:
            told = (self._now, self._terminal_id)
            self._rows[alarms] += [(*told, code, item_id, "") for code in _found_at_night(case)]
        if (bundle := case.bundle) is not None:
            self._rows[bundled_cases].append((case.case_id, bundle.bundle_id, bundle.pack_id, bundle.pack_version))

    def _add_result(self, case: CasePayload, outcome: str, text: str) -> None:
        self._rows[results].append((self._terminal_id, case.case_id, case.case_no, outcome, text, self._now))

    def flush(self) -> None:
        for table, rows in self._rows.items():
            write_rows(self._connection, table, _COLUMNS[table], rows)


def _found_at_night(case: CasePayload) -> list[str]:
    """Alarms of what a terminal has found broken, or about to break, in its nightly self-test (kiosk.health.chain)."""
    codes = [field.value for field in case.fields if field.key.startswith(NIGHT_FIELD)][:MOST_TOLD]
    return [f"night-{code}"[:32] for code in codes if _CODE.fullmatch(code)]


def _numbers(case: CasePayload) -> list[tuple[str, str]]:
    """The kinds of the blocks that its numbers are to be of, and the numbers."""
    found = [(kind, number) for kind, number in (("case", case.case_no), ("uscc", case.uscc)) if number]
    return [(block_kind(kind, test=case.test), number) for kind, number in found]


def _own_numbers(connection: Connection, terminal_id: str, new: Sequence[NewItem]) -> set[tuple[str, str]]:
    """The numbers in these cases that were given to this terminal, with their kind."""
    serials: dict[str, dict[str, int]] = {}
    for kind, number, serial in (each for item in new for each in item.serials):
        serials.setdefault(kind, {})[number] = serial
    found: set[tuple[str, str]] = set()
    for kind, by_number in serials.items():
        good = owned(connection, terminal_id, kind, by_number.values())
        found |= {(kind, number) for number, serial in by_number.items() if serial in good}
    return found


def _matching(connection: Connection, table: Table, column: Any, values: Iterable[str], *where: Any) -> list[Any]:
    """The rows with one of the values. One text, taken apart there: the statement is the same for any number of them.

    Ids, hashes and numbers were checked for their form: none has a line feed in it.
    """
    wanted = sorted(set(values))
    if not wanted:
        return []
    chosen = [each for each in table.columns if each.name != "sealed"]
    if connection.dialect.name == "postgresql":  # so it is prepared, and nobody here has to write an array
        listed = column == any_(func.string_to_array("\n".join(wanted), "\n", type_=ARRAY(String)))
    else:
        text = msgspec.json.encode(wanted).decode()
        listed = column.in_(select(func.json_each(text).table_valued("value").c.value))
    return list(connection.execute(select(*chosen).where(listed, *where)).all())
