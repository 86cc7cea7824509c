"""A flood of sign-ins: six are at work or wait, the others are told to come again, other pages are answered."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import anyio.to_thread
import httpx
from argon2 import PasswordHasher

from kiosk.backend import Backend, Settings
from kiosk.backend.api import WORKERS
from kiosk.backend.console.console import Console
from kiosk.backend.console.pages import routes
from kiosk.backend.console.passwords import AT_ONCE, WAITING, Passwords
from kiosk.backend.web.site import Site
from tests.backend.conftest import Clock
from tests.backend.console_room import CHEAP, token_in

FLOOD = 30  # many more than there are threads


class Held(PasswordHasher):
    """Checks nothing before it is let go; knows how many it was asked for at the same time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go, self.lock, self.now, self.most, self.all = threading.Event(), threading.Lock(), 0, 0, 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        with self.lock:
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
        assert self.go.wait(60)
        with self.lock:
            self.now -= 1
        return bool(CHEAP.verify(hash, password))


def test_a_flood_of_sign_ins_leaves_the_threads_to_others(tmp_path: Path) -> None:
    clock, hasher = Clock(), Held()
    backend = Backend(Settings(f"sqlite:///{tmp_path}/b.db", str(tmp_path / "blobs"), clock=clock))
    backend.__dict__["console"] = Console(
        backend._store, backend._blobs, backend.keys, backend.lives, backend.late, backend.replays, backend.now,
        Passwords(hasher),
    )  # fmt: skip
    site = Site(backend, routes(backend))

    async def flood() -> tuple[list[httpx.Response], httpx.Response, list[httpx.Response]]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = WORKERS  # as the backend has it
        wires = [httpx.ASGITransport(site, client=(f"10.1.0.{n}", 1)) for n in range(6)]
        offices = [httpx.AsyncClient(base_url="https://testserver", transport=wire) for wire in wires]
        fields = [{"csrf": token_in((await each.get("/console/sign-in")).text), "password": "x"} for each in offices]
        tries = [
            asyncio.create_task(offices[n % 6].post("/console/sign-in", data={**fields[n % 6], "name": f"n{n}"}))
            for n in range(FLOOD)
        ]
        refused: list[httpx.Response] = []
        for done in asyncio.as_completed(tries):
            refused.append(await done)
            if len(refused) == FLOOD - AT_ONCE - WAITING:
                break
        other = await offices[0].get("/console/sign-in")
        hasher.go.set()
        answers = await asyncio.gather(*tries)
        for each in offices:
            await each.aclose()
        return refused, other, list(answers)

    try:
        refused, other, answers = asyncio.run(asyncio.wait_for(flood(), 60))
    finally:
        hasher.go.set()
        backend.close()
    assert {(each.status_code, each.headers["retry-after"]) for each in refused} == {(503, "30")}
    assert other.status_code == 200
    assert sorted(each.status_code for each in answers) == [403] * (AT_ONCE + WAITING) + [503] * len(refused)
    assert (hasher.most, hasher.all) == (AT_ONCE, AT_ONCE + WAITING)
