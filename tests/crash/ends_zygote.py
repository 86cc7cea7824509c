"""The fork server of the two ends (fork_server.py): a process that has been through one life of both.

A start costs a fork and the pages that are written to (about 35 ms of CPU, half of it faults) instead of two seconds of
imports and the first time of everything.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from kiosk.backend.api import create_app
from kiosk.backend.serve import QuietServer, bind, configure
from kiosk.backend.settings import Settings
from kiosk.backend.store import sqlite
from tests.crash import fork_server
from tests.crash.ends_children import AREA, ROLES, SIZES, Life


def warm() -> None:
    """One life of both ends, here and in good order: what is imported, compiled or looked up at its first use, is so.

    It was most of what a young process cost: a route's first request, a statement's first time. SQLAlchemy keeps what
    it has compiled with the engine, so every later engine is given the first one's.
    """
    engines: list[Engine] = []
    make = sqlite.make_engine

    def make_engine(path: Path) -> Engine:
        made = make(path)
        engines.append(made)
        made.dialect, made._compiled_cache = engines[0].dialect, engines[0]._compiled_cache
        return made

    sqlite.make_engine = make_engine
    with tempfile.TemporaryDirectory() as name, _quiet():
        folder = Path(name)
        app = create_app(Settings(str(folder / "backend.db"), str(folder / "blobs")))
        code = app.state.backend.issue_code(AREA, "East Gate")
        listener, started = bind("127.0.0.1:0"), threading.Event()
        server = QuietServer(configure(app), started.set)
        serving = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        serving.start()
        assert started.wait(60)
        life = Life({
            "folder": name, "seed": 1, "url": f"http://127.0.0.1:{listener.getsockname()[1]}", "code": code,
            "work": True, "change_key": True, "many_blocks": False, "large": False,
        })  # fmt: skip
        assert life.client.cycle().online
        for sizes in SIZES:
            life.commit(sizes)
        assert life.client.cycle().online
        life.rate(life.unrated[0])
        report = life.client.cycle()
        assert report.online
        assert not report.counts.queued
        life.client.close()
        life.journal.close()
        os.close(life.promised)
        server.stop()
        serving.join(60)
        listener.close()
    assert threading.active_count() == 1, "a fork would leave threads behind"
    gc.collect()
    gc.freeze()


@contextmanager
def _quiet() -> Iterator[None]:
    """What the backend tells its log meanwhile is nobody's."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


if __name__ == "__main__":
    warm()
    fork_server.serve(ROLES)
