"""Both ends of the wire in one process: a terminal's journal and client, the real backend, and clocks that stand.

Nothing is mocked but the bytes in between (sync_weather.py). Either side can die at a named point: what is on its disk
at that moment, log included, is copied and opened anew; what was in its memory is gone.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import event

from kiosk import wire
from kiosk.backend import Backend, Settings, create_app
from kiosk.counter.results import keep_results
from kiosk.domain import codes
from kiosk.health import failpoints
from kiosk.journal.journal import Journal
from kiosk.journal.records import CaseRecord, RatingRecord, SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.transport import Reply, Transport

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
AREA = "330102"


class Died(BaseException):
    """The process is gone from here on. No handler of expected failures may take it for one."""


class Time:
    """What the time is, and what each side thinks it is."""

    def __init__(self) -> None:
        self.true = NOON
        self.terminal_off = self.backend_off = timedelta()

    def terminal(self) -> datetime:
        return self.true + self.terminal_off

    def backend(self) -> datetime:
        return self.true + self.backend_off

    def running(self) -> float:
        return (self.true - NOON).total_seconds()

    def move(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)


class Fuse:
    """Arms one death: at the n-th time that a named point is reached by the thread that plays."""

    def __init__(self) -> None:
        self._player = threading.get_ident()
        self.name, self.left = "", 0

    def arm(self, name: str, count: int) -> None:
        self.name, self.left = name, count

    def reached(self, name: str) -> None:
        if name != self.name or threading.get_ident() != self._player:
            return
        self.left -= 1
        if self.left == 0:
            self.name = ""
            raise Died(name)

    def into_failpoints(self, monkeypatch: Any) -> None:
        """The program's own failpoints reach this fuse instead of the environment's."""
        monkeypatch.setattr(failpoints, "_armed", {"the fuse": None})
        monkeypatch.setattr(failpoints, "_act", self.reached)


class House:
    """The backend as it is served (gate, routes, store), without a socket. ``lives`` counts its processes."""

    def __init__(self, folder: Path, time: Time) -> None:
        self._folder, self._time = folder, time
        self.lives = 0
        self.dies_at = ("", 0)  # "before" or "after", and which commit from now on
        self._loop = asyncio.new_event_loop()
        self._start()

    def _start(self) -> None:
        self.disk = self._folder / f"backend{self.lives}"
        self.lives += 1
        self.disk.mkdir(exist_ok=True)
        settings = Settings(f"sqlite:///{self.disk}/backend.db", str(self.disk / "blobs"), clock=self._time.backend)
        self._app = create_app(settings)
        self.backend: Backend = self._app.state.backend
        engine = self.backend._store.engine
        engine.dispose()  # no power is cut here, so nothing has to be forced to the disk
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        self._commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._committing

    def _committing(self, connection: Any) -> None:
        side, left = self.dies_at
        self.dies_at = (side, left - 1)
        if (side, left) == ("before", 1):
            raise Died
        self._commit(connection)
        if (side, left) == ("after", 1):
            raise Died

    def die(self) -> None:
        """kill -9, and a new process on what the disk held."""
        self.dies_at = ("", 0)
        dead, disk = self.backend, self.disk
        shutil.copytree(disk, self._folder / f"backend{self.lives}", ignore=shutil.ignore_patterns("*-shm"))
        dead.close()
        shutil.rmtree(disk)
        self._start()

    def close(self) -> None:
        self.backend.close()
        self._loop.close()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The reply to one request. Died when the fuse was for it: no reply, and the process has to be started."""
        return self._loop.run_until_complete(self._serve(method, target, headers, body))

    async def _serve(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path, _, query = target.partition("?")
        sent = {name.lower(): value for name, value in headers.items()} | {"content-length": str(len(body))}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        }  # fmt: skip
        status, found, data = 0, {}, b""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, found, data
            if message["type"] == "http.response.start":
                status = message["status"]
                found = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                data += message.get("body", b"")

        await self._app(scope, receive, send)
        return Reply(status, found, data)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.backend._store.read(lambda connection: [tuple(row) for row in connection.exec_driver_sql(sql)])


class Terminal:
    """Journal, key and client of one terminal.

    ``certain``: items that it was told are saved, with their kind. ``doubtful``: its process died while it saved them.
    """

    def __init__(
        self, folder: Path, time: Time, wire_: Transport, code: str, rng: random.Random, policy: Policy
    ) -> None:
        self._folder, self._time, self._wire, self._code, self._rng = folder, time, wire_, code, rng
        self.policy, self._key = policy, rng.randbytes(32)
        self._lives = 0
        self.certain: dict[str, str] = {}
        self.doubtful: dict[str, str] = {}
        folder.mkdir(exist_ok=True)
        self._start(folder / "journal0")

    def _start(self, disk: Path) -> None:
        self.disk = disk
        self.journal = Journal.open(disk, self._key, clock=self._time.terminal, durable=False)
        self.client = SyncClient(
            self.journal, self._wire, TerminalKey.load_or_create(self._folder), policy=self.policy,
            clock=self._time.terminal, running=self._time.running, rng=self._rng,
            on_results=partial(keep_results, self.journal), enrolment_code=self._code, area_code=AREA,
            log=self.journal,
        )  # fmt: skip

    def die(self) -> None:
        """kill -9, and a new process on what the disk held."""
        self._lives += 1
        image = self._folder / f"journal{self._lives}"
        # in the journal's turn, so that its house-keeping thread does not fold the log back meanwhile
        self.journal._writer.run(
            lambda: shutil.copytree(self.disk, image, ignore=shutil.ignore_patterns("*-shm", "journal.lock"))
        )
        self.journal._abandon()
        shutil.rmtree(self.disk)
        self._start(image)

    def restart(self) -> None:
        """An orderly end and a new start."""
        self.journal.close()
        self._start(self.disk)

    def close(self) -> None:
        self.journal.close()

    def can_commit(self) -> bool:
        return self.client.enrolment is not None and self.journal.numbers_left("case") > 0

    def commit(self, *sizes: int) -> str:
        """A case with a material of each size. It is doubtful until the journal has said that it is saved."""
        case_id = self._new_id()
        self.doubtful[case_id] = "case"
        self.journal.commit(partial(self._case, case_id, [self._rng.randbytes(size) for size in sizes]))
        self.certain[case_id] = self.doubtful.pop(case_id)
        return case_id

    def _new_id(self) -> str:
        """A UUIDv7 by the terminal's clock: not in order where that clock was set back."""
        at = int(self._time.terminal().timestamp() * 1000) & (1 << 48) - 1
        return str(uuid.UUID(int=at << 80 | 0x7 << 76 | 0b10 << 62 | self._rng.getrandbits(62)))

    def _case(self, case_id: str, pictures: list[bytes], numbers: Any) -> CaseRecord:
        enrolment, now = self.client.enrolment, self._time.terminal()
        assert enrolment is not None
        case_no = codes.case_no(AREA, now.date(), numbers.take("case"))
        payload = wire.CasePayload(
            case_id, case_no, "pension", "0001", "pension", "1.0.0", "approved", "provisional", "face", False,
            now.isoformat(), now.isoformat(), [wire.PayloadField("applicant.name", "王小明", "card", "A")],
        )  # fmt: skip
        sealed = [self._sealed(picture, case_id, part) for part, picture in enumerate(pictures, 1)]
        return CaseRecord(
            case_id, case_no, "pension", "1.0.0", "approved", "provisional", "face", now, False,
            self._sealed(msgspec.json.encode(payload), case_id),
            tuple(SealedMaterial(hashlib.sha256(data).hexdigest(), "page", data) for data in sealed),
        )  # fmt: skip

    def rate(self, case_id: str) -> None:
        rating_id = self._new_id()
        self.doubtful[rating_id] = "rating"
        now = self._time.terminal()
        sealed = self._sealed(
            msgspec.json.encode(wire.RatingPayload(case_id, "", "0001", 5, [], now.isoformat())), rating_id
        )
        self.journal.commit_rating(RatingRecord(rating_id, case_id, now, False, sealed))
        self.certain[rating_id] = self.doubtful.pop(rating_id)

    def _sealed(self, plain: bytes, item_id: str, part: int = 0) -> bytes:
        enrolment = self.client.enrolment
        assert enrolment is not None
        return seal(plain, wire.unb64(enrolment.sealing_key), item_info(enrolment.terminal_id, item_id, part))
