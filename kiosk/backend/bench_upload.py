"""`kiosk bench upload`: a sealed picture of 300 KB to the backend, against hash, file and fsync.

The reference does by hand what has to be done with the bytes: SHA-256, a new file (write, fsync). Ours, against it: the
backend's own function that takes a material (hash, draft, fsync, renamed; beside it a row in its database, a commit),
and the whole way of the terminal's client over HTTP on loopback to a backend in a process of its own: signed request,
signature and clock checked, the same function (the nonce in its commit), a signed reply.

The name of a material, its SHA-256, was made with the case that needs it: a terminal does not reckon it again to send
it, so it is made before the clock runs. Ours checks it all the same, as the reference makes it.

None of these three has the *name* on the disk: after a power cut a file may be whole and not to be found. The reference
with its folder synced is told too, against ours with what an item's acknowledgement waits for (`Blobs.certain`).
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from kiosk.backend.bench_world import POLICY, Pushed, Served, here, served
from kiosk.backend.blobs import BlobFolder
from kiosk.backend.core import Backend
from kiosk.backend.store.terminals import Terminal
from kiosk.durable import sync_path, write_new
from kiosk.sync.upload import Uploads

LIMIT, SIZE = 1.7, 300_000  # ratio; bytes


class Reference:
    """A folder of files by their hash."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder

    def put(self, data: bytes) -> None:
        write_new(self._folder / sha256(data).hexdigest(), data)

    def put_and_sync(self, data: bytes) -> None:
        self.put(data)
        sync_path(self._folder)


def measure(rounds: int = 80, folder: Path | None = None) -> list[dict[str, Any]]:
    """The rows; ``folder`` must not be in memory."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=folder) as name:
        room = Path(name)
        for sub in ("here", "served"):
            (room / sub).mkdir()
            blobs = BlobFolder(room / sub / "blobs")
            for number in range(256):  # as after some hundred uploads: no folder has to be made any more
                blobs.put(f"{number:02x}" + "0" * 62, b"-")
        with here(room / "here") as backend, served(room / "served") as (url, code):
            pushed, exchange = Pushed(backend), Served(url)
            enrolment = exchange.enrol(code)
            uploads = Uploads(exchange, POLICY, time.monotonic)
            reference = Reference(room / "files")
            times = _turns(
                {
                    "file": lambda _, data: reference.put(data),
                    "folder": lambda _, data: reference.put_and_sync(data),
                    "taken": lambda digest, data: backend.store_material(pushed.terminal, digest, data),
                    "named": lambda digest, data: _named(backend, pushed.terminal, digest, data),
                    "sent": lambda digest, data: uploads.bring(enrolment, digest, data, tried=False),
                },
                rounds,
            )  # fmt: skip
            exchange.close()
    wordings = {
        "file": "SHA-256, a new file, fsync", "folder": "SHA-256, a new file, fsync, its folder's fsync",
        "taken": "Backend.store_material: hash, draft, fsync, renamed; beside it the row (commit)",
        "named": "the same, and the folder's fsync",
        "sent": "the terminal's Uploads.bring, over HTTP",
    }  # fmt: skip
    return [
        {
            "work": f"upload {SIZE // 1000} KB, {way}", "reference": wordings[against], "ours": wordings[name],
            "reference_us": round(times[against]), "ours_us": round(times[name]),
            "ratio": round(times[name] / times[against], 3), "limit": LIMIT,
        }
        for name, against, way in (
            ("taken", "file", "taken in"), ("named", "folder", "taken in, its name too"),
            ("sent", "file", "terminal to backend"),
        )
    ]  # fmt: skip


def _named(backend: Backend, terminal: Terminal, digest: str, data: bytes) -> None:
    backend.store_material(terminal, digest, data)
    if backend._blobs.certain([digest]) != {digest}:
        raise RuntimeError("not kept")


def _turns(calls: dict[str, Callable[[str, bytes], object]], rounds: int, warm_up: int = 6) -> dict[str, float]:
    """Medians in microseconds: each takes new bytes in each round, another one first each time."""
    names = list(calls)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-warm_up, rounds):
        for offset in range(len(names)):
            name, data = names[(turn + offset) % len(names)], secrets.token_bytes(SIZE)
            digest = sha256(data).hexdigest()
            begin = time.perf_counter()
            calls[name](digest, data)
            if turn >= 0:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(each) * 1e6 for name, each in times.items()}
