"""The two ends as they run in processes of their own that are killed: a terminal's journal and sync, and the backend.

Real files, real HTTP on loopback, real clocks; only the waits of the sync are shorter than in the street. What was
promised stands in a file that outlives the process: ``begin`` before a commit is asked for, ``done`` once it has
returned, ``open`` with everything that a new life found.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import threading
import traceback
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from kiosk import wire
from kiosk.backend.serve import FirstTerminal, serve
from kiosk.counter.results import keep_results
from kiosk.domain import codes
from kiosk.domain.case import new_case_id
from kiosk.health import failpoints
from kiosk.journal import reading
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import CaseRecord, Numbers, RatingRecord, SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.sync import Policy, SyncClient, SyncLoop, TerminalKey
from kiosk.sync.transport import HttpTransport
from tests.crash.fork_server import BUG, Role, say

AREA = "330102"
SIZES = ((), (3000,), (500, 8000), (40_000,), (2000, 70_000), (100_000,))  # above 64 KB in a pack, and sent in parts
ODDS, LARGE_ODDS = (70, 12, 8, 4, 3, 3), (40, 10, 0, 0, 30, 20)  # of a case with materials of these sizes
MOST_WAITING = 20  # cases: no more are committed before some are gone
PAUSE = 0.05  # s at most between two who are served: a death costs what was done in its life
NAME = "欧阳若溪明澜"


def policy(*, many_blocks: bool) -> Policy:
    """Waits of a tenth of a second instead of minutes; parts so small that a picture is many of them."""
    return Policy(
        batch=12, batch_bytes=300_000, attempt=5.0, stall=3.0, first_part=16_384, least_part=8192, largest_part=32_768,
        first_wait=0.02, longest_wait=0.1, idle=0.06, kick_spacing=0.01, block=40,
        low_water=10_000 if many_blocks else 10,
    )  # fmt: skip


def backend(given: dict[str, Any]) -> None:
    folder = Path(given["folder"])
    first = FirstTerminal(AREA, "East Gate") if given["first"] else None
    address = f"127.0.0.1:{given['port']}"

    def ready(line: str) -> None:
        say(name=given["name"], ready=True, **json.loads(line))

    serve(str(folder / "backend.db"), str(folder / "blobs"), address, ready=ready, first=first)


def terminal(given: dict[str, Any]) -> None:
    Life(given).live()


class Life:
    """One life of the terminal. ``work`` False: it commits nothing, and says when nothing waits any more."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        folder = Path(given["folder"])
        self.rng = random.Random(given["seed"])
        self.ending = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: self.ending.set())
        self.promised = os.open(folder / "promised", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        key = load_or_create_key(folder / "journal")
        self.journal = Journal.open(folder / "journal", key)
        with reading.reading(folder / "journal", key) as connection:
            held = connection.execute("SELECT id, kind, case_id FROM outbox ORDER BY seq").fetchall()
        self.note("open", *(row[0] for row in held))
        rated = {row[2] for row in held if row[1] == "rating"}
        self.unrated = [row[0] for row in held if row[1] == "case" and row[0] not in rated]
        own_key = TerminalKey.load_or_create(folder)
        if given["change_key"] and own_key.pending() is None:
            own_key.begin_change()
        self.client = SyncClient(
            self.journal, HttpTransport(given["url"]), own_key, policy=policy(many_blocks=given["many_blocks"]),
            rng=self.rng, on_results=partial(keep_results, self.journal), enrolment_code=given["code"],
            area_code=AREA, log=self.journal,
        )  # fmt: skip
        self.loop = SyncLoop(self.client, crashed=crashed)

    def note(self, *words: str) -> None:
        """One line of the promises; its last word says that it is whole."""
        os.write(self.promised, (" ".join(("", *words, ".")) + "\n").encode())

    def live(self) -> None:
        say(name=self.given["name"], ready=True)
        self.loop.start()
        if self.given["work"]:
            while not self.ending.wait(self.rng.uniform(0, PAUSE)):
                self.serve_somebody()
        else:
            while not self.ending.wait(0.01):
                if self.nothing_waits():
                    say(name=self.given["name"], empty=True)
                    self.ending.wait()
        self.loop.stop()
        self.journal.close()

    def nothing_waits(self) -> bool:
        """By the report of a whole pass: its results are kept and the log's end is sent."""
        report = self.loop.report
        return report.online and not (report.cause or report.counts.queued or report.counts.others_unsent)

    def serve_somebody(self) -> None:
        if self.client.enrolment is None or not self.journal.numbers_left("case"):
            return
        if self.journal.counts().queued > MOST_WAITING:
            return
        if self.unrated and self.rng.random() < 0.2:
            self.rate(self.unrated.pop(self.rng.randrange(len(self.unrated))))
        else:
            (sizes,) = self.rng.choices(SIZES, LARGE_ODDS if self.given["large"] else ODDS)
            self.commit(sizes)
        self.loop.kick()

    def commit(self, sizes: tuple[int, ...]) -> None:
        case_id = new_case_id()
        self.note("begin", case_id)
        pictures = [self.rng.randbytes(size) for size in sizes]
        self.journal.commit(partial(self.case, case_id, pictures))
        self.note("done", case_id)
        self.unrated.append(case_id)

    def rate(self, case_id: str) -> None:
        rating_id, now = new_case_id(), datetime.now(UTC)
        self.note("begin", rating_id)
        payload = wire.RatingPayload(case_id, "", "0001", 5, [], now.isoformat())
        sealed = self.sealed(msgspec.json.encode(payload), rating_id)
        self.journal.commit_rating(RatingRecord(rating_id, case_id, now, False, sealed))
        self.note("done", rating_id)

    def case(self, case_id: str, pictures: list[bytes], numbers: Numbers) -> CaseRecord:
        now = datetime.now(UTC)
        case_no = codes.case_no(AREA, now.date(), numbers.take("case"))
        payload = wire.CasePayload(
            case_id, case_no, "pension", "0001", "pension", "1.0.0", "approved", "provisional", "face", False,
            now.isoformat(), now.isoformat(), [wire.PayloadField("applicant.name", NAME, "card", "A")],
        )  # fmt: skip
        sealed = [self.sealed(picture, case_id, part) for part, picture in enumerate(pictures, 1)]
        return CaseRecord(
            case_id, case_no, "pension", "1.0.0", "approved", "provisional", "face", now, False,
            self.sealed(msgspec.json.encode(payload), case_id),
            tuple(SealedMaterial(hashlib.sha256(data).hexdigest(), "page", data) for data in sealed),
        )  # fmt: skip

    def sealed(self, plain: bytes, item_id: str, part: int = 0) -> bytes:
        enrolment = self.client.enrolment
        assert enrolment is not None
        return seal(plain, wire.unb64(enrolment.sealing_key), item_info(enrolment.terminal_id, item_id, part))


def crashed(error: BaseException) -> None:
    """As the terminal ends at a bug: the world takes that for a failure of the test."""
    traceback.print_exception(error)
    sys.stderr.flush()
    os._exit(BUG)


def _armed(role: Role) -> Role:
    def live(given: dict[str, Any]) -> None:
        failpoints.arm(given["failpoints"])
        role(given)

    return live


ROLES = {"backend": _armed(backend), "terminal": _armed(terminal)}
