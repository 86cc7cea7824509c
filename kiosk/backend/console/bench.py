"""`kiosk bench console`: how long the pages of the console take with many cases that wait.

Each row is the 95th percentile of one page, from the request to the last byte, in this process and without a network:
sessions, index, sealed cases of the page that is shown, and the template are all in it. The limit is 300 ms. Three
sizes show how it grows. KIOSK_BENCH_CASES is the largest (20,000; 100,000 and 1,000,000 are the long runs),
KIOSK_BENCH_POSTGRES=1 takes a PostgreSQL of its own in place of SQLite.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyotp

from kiosk import wire
from kiosk.backend.console.accounts import NewStaff, Session
from kiosk.backend.console.gate import COOKIE
from kiosk.backend.console.pages import routes
from kiosk.backend.console.roles import Role
from kiosk.backend.core import Backend
from kiosk.backend.lives_about import About, Written, written
from kiosk.backend.settings import Settings
from kiosk.backend.store import bench_console as store
from kiosk.backend.store import tables
from kiosk.backend.store.life_tables import life_events, lives
from kiosk.backend.store.postgres_room import PostgresRoom, programs
from kiosk.backend.store.queue_tables import LEVELS, queue
from kiosk.backend.web.site import Site
from kiosk.bench.rows import Row
from kiosk.domain import codes, life
from kiosk.domain.life import Deed, LifeEvent
from kiosk.journal.sealing import item_info, seal
from kiosk.services.loader import builtin
from kiosk.services.terms import terms_of

LIMIT = 300.0  # ms
ROUNDS = 60
CHUNK = 2000
COMMUNITIES, STREETS = 500, 50
SERVICE, TERMINAL, PROVINCE = "elder_allowance", "330102-BENCH1", "33"
PASSWORD = "some long words for a bench"  # noqa: S105  # of nobody


@dataclass(frozen=True, slots=True)
class _Page:
    what: str
    role: Role
    path: str


def measure(cases: int = 0) -> list[Row]:
    """The rows, smallest size first."""
    most = cases or int(os.environ.get("KIOSK_BENCH_CASES", "20000"))
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name, _database(Path(name)) as (url, kind):
        backend = Backend(Settings(url, f"{name}/blobs", f"{name}/keys.json"))
        try:
            return _measured(backend, kind, sorted({max(most // 100, 100), max(most // 10, 100), most}))
        finally:
            backend.close()


@contextmanager
def _database(folder: Path) -> Iterator[tuple[str, str]]:
    binaries = programs() if os.environ.get("KIOSK_BENCH_POSTGRES") == "1" else None
    if binaries is None:
        yield f"sqlite:///{folder}/bench.db", "SQLite"
        return
    room = PostgresRoom(binaries)
    try:
        yield room.new_schema(), "PostgreSQL"
    finally:
        room.stop()


def _measured(backend: Backend, kind: str, sizes: list[int]) -> list[Row]:
    found, filler = [], _Filler(backend)
    site = Site(backend, routes(backend))
    sessions = {role: _signed_in(backend, role) for role in (Role.COMMUNITY, Role.STREET, Role.SUPERVISOR)}
    for size in sizes:
        filler.fill(size)
        for page in _pages(filler):
            times = asyncio.run(_times(site, page, sessions[page.role]))
            worst = statistics.quantiles(times, n=20)[-1]
            notes = f"95th percentile of {ROUNDS}; median {statistics.median(times):.1f} ms"
            found.append(Row(f"{page.what}, {size:,} cases in {kind}", None, worst, None, LIMIT, "ms", notes))
    return found


def _pages(filler: _Filler) -> list[_Page]:
    after = filler.middle
    return [
        _Page("a community's list", Role.COMMUNITY, "/console/queue"),
        _Page("a street's list of its communities", Role.STREET, "/console/queue?desk=community"),
        _Page("a province's list", Role.SUPERVISOR, "/console/queue?desk=community"),
        _Page("from its middle on", Role.SUPERVISOR, f"/console/queue?desk=community&after={after}"),
        _Page("a case", Role.COMMUNITY, f"/console/cases/{filler.first}"),
    ]


async def _times(site: Site, page: _Page, session: Session) -> list[float]:
    """Milliseconds of each request, after two that are not counted."""
    found = []
    for number in range(ROUNDS + 2):
        begun = time.perf_counter()
        status = await _asked(site, page.path, session, f"10.9.{number // 250}.{number % 250}")
        found.append((time.perf_counter() - begun) * 1000)
        if status != 200:
            raise RuntimeError(f"{page.path} answers {status}")
    return found[2:]


async def _asked(site: Site, target: str, session: Session, address: str) -> int:
    path, _, query = target.partition("?")
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(b"cookie", f"{COOKIE}={session.token}".encode()), (b"host", b"bench")], "scheme": "https",
        "client": (address, 1), "server": ("bench", 443), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    await site(scope, receive, send)
    return statuses[0]


def _signed_in(backend: Backend, role: Role) -> Session:
    area = {Role.COMMUNITY: _area(0), Role.STREET: _area(0)[:9]}.get(role, PROVINCE)
    accounts = backend.console.accounts
    accounts.add(NewStaff(role.value, role, (area,), (), "", PASSWORD))
    half = accounts.sign_in(role.value, PASSWORD, "")
    if not isinstance(half, Session):
        raise RuntimeError("nobody was let in")
    whole = accounts.confirm(half, pyotp.TOTP(accounts.secret(half)).at(backend.now().timestamp()))
    if not isinstance(whole, Session):
        raise RuntimeError("the second factor was not taken")
    return whole


def _area(number: int) -> str:
    community = number % COMMUNITIES
    return f"330102{1 + community % STREETS:03d}{1 + community // STREETS:03d}"


class _Filler:
    """Cases that wait at communities' desks, spread over places and twenty last days."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._store, self._written = backend, backend.console.rows, Written(backend.keys)
        self._count, self._now = 0, datetime.now(UTC)
        self._about = written(About(builtin(SERVICE).name, terms_of(builtin(SERVICE))))
        self.first = self.middle = ""

    def fill(self, size: int) -> None:
        """Up to so many."""
        if not self._count:
            self._enrol()
        while self._count < size:
            rows = [self._case(number) for number in range(self._count, min(self._count + CHUNK, size))]
            self._store.write(lambda connection, rows=rows: store.write(connection, rows))  # type: ignore[misc]
            self._count += len(rows)
        self._store.write(store.analyse)

    def _enrol(self) -> None:
        row = {"terminal_id": TERMINAL, "name": "bench", "area_code": "330102", "public_key": "bench",
               "enrolled_at": self._now.isoformat(), "revoked_at": None}  # fmt: skip
        self._store.write(lambda connection: store.enrol(connection, row))

    def _case(self, number: int) -> store.CaseRows:
        case_id, at, epoch = str(uuid.uuid4()), self._now - timedelta(hours=1), self._backend.keys.current
        case_no = codes.case_no("330102", at.date(), number)
        due = (at + timedelta(days=number % 20)).date().isoformat()
        area = _area(number)
        if number == 0:
            self.first = case_id
        self.middle = f"{(at + timedelta(days=10)).date().isoformat()}.{case_id}"
        payload = wire.CasePayload(
            case_id, case_no, SERVICE, "0" * 31, SERVICE, "1.0.0", "referred", "final", "face", True, at.isoformat(),
            at.isoformat(), [wire.PayloadField("applicant.name", "王小明", "card", "A")],
        )  # fmt: skip
        sealed = seal(msgspec.json.encode(payload), epoch.sealing_public, item_info(TERMINAL, case_id))
        event = self._written.row(case_id, 1, LifeEvent(Deed.RECEIVED, at, life.Role.SYSTEM), "0" * 64)
        stamp = at.isoformat()
        return {
            tables.items: {"id": case_id, "terminal_id": TERMINAL, "kind": "case", "hash": "0" * 64, "sealed": sealed,
                           "sealing_key_id": epoch.sealing_id, "received_at": stamp},
            tables.cases: {"case_id": case_id, "item_id": case_id, "terminal_id": TERMINAL, "area_code": area,
                           "case_no": case_no, "service_id": SERVICE, "pack_version": "1.0.0", "outcome": "referred",
                           "rung": "final", "verification": "face", "committed_at": stamp, "test": False,
                           "state": "waiting"},
            lives: {"case_id": case_id, "person": f"{number:064d}", "about": self._about, "state": "received",
                    "since": stamp, "due": due, "deemed": False, "events": 1, "head": event["hash"]},
            life_events: event,
            queue: {"case_id": case_id, "kind": "review", "desk": "community", "decides": "street",
                    "service_id": SERVICE, "due": due, **{name: area[:digits] for name, digits in LEVELS.items()}},
        }  # fmt: skip
