"""The inside of the simulated A4 printer: a queue, a page at a time, and the faults that hold it up.

Knows nothing of IPP over HTTP. One worker thread that sleeps unless a job runs.
"""

from __future__ import annotations

import os
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from devices.drivers.ipp.protocol import JobState, PrinterState

PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
BLOCKING = frozenset({"media-empty-error", "media-jam-error", "cover-open-error", "toner-empty-error"})
KEPT_JOBS = 100


@dataclass(slots=True)
class PrintJob:
    """``pages`` counts the pages of the document; the document itself is kept apart."""

    number: int
    name: str
    owner: str
    state: JobState = JobState.HELD
    reasons: tuple[str, ...] = ("job-incoming",)
    pages: int = 0
    done: int = 0
    cancel: bool = False
    uuid: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")
    created: float = field(default_factory=time.monotonic)

    def end(self, state: JobState, reason: str) -> None:
        self.state, self.reasons = state, (reason,)


class Engine:
    """Jobs and faults under one lock; whoever changes something notifies ``changed``."""

    def __init__(self, *, pace: float, spool: Path | None) -> None:
        self.changed = threading.Condition()
        self.pace, self.spool = pace, spool
        self.reasons: set[str] = set()
        self.jobs: dict[int, PrintJob] = {}
        self.last_document = b""
        self.empty_after: int | None = None  # pages of the next job after which the paper ends; -1: half of them
        self.abort_next = False
        self._queue: list[PrintJob] = []
        self._active: PrintJob | None = None
        self._closing = False
        self._worker: threading.Thread | None = None

    # ---- life ----

    def start(self) -> None:
        if self.spool:
            self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._closing = False
        self._worker = threading.Thread(target=self._work, name="twin-ipp-engine", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        with self.changed:
            self._closing = True
            self.changed.notify_all()
        if self._worker:
            self._worker.join()
        self._worker = None

    # ---- asked by the wire ----

    @property
    def state(self) -> PrinterState:
        if self.blocked:
            return PrinterState.STOPPED
        return PrinterState.PROCESSING if self._active or self._queue else PrinterState.IDLE

    @property
    def blocked(self) -> bool:
        return bool(self.reasons & BLOCKING)

    def new_job(self, name: str, owner: str) -> PrintJob:
        with self.changed:
            job = PrintJob(max(self.jobs, default=0) + 1, name, owner)
            self.jobs[job.number] = job
            for old in [n for n, j in self.jobs.items() if j.state.over][: max(0, len(self.jobs) - KEPT_JOBS)]:
                del self.jobs[old]
            return job

    def submit(self, job: PrintJob, document: bytes) -> None:
        with self.changed:
            self.last_document = document
            if self.spool:
                path = self.spool / f"job-{job.number:04d}.pdf"
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    file.write(document)
            job.pages = max(1, len(PAGE.findall(document)))
            job.state, job.reasons = JobState.PENDING, ("none",)
            self._queue.append(job)
            self.changed.notify_all()

    def cancel(self, job: PrintJob) -> None:
        with self.changed:
            job.cancel = True
            if job is not self._active:
                if job in self._queue:
                    self._queue.remove(job)
                job.end(JobState.CANCELED, "job-canceled-by-user")
            self.changed.notify_all()

    def change(self, *, add: str = "", remove: str = "", everything: bool = False) -> None:
        """Add or remove a printer-state-reason."""
        with self.changed:
            if everything:
                self.reasons.clear()
            self.reasons.discard(remove)
            if add:
                self.reasons.add(add)
            self.changed.notify_all()

    # ---- printing ----

    def _work(self) -> None:
        with self.changed:
            while True:
                self.changed.wait_for(lambda: self._closing or self._queue)
                if self._closing:
                    return
                self._active = self._queue.pop(0)
                self._print(self._active)
                self._active = None
                self.changed.notify_all()

    def _print(self, job: PrintJob) -> None:
        """Called with the lock held; every wait releases it."""
        while job.done < job.pages:
            if self._closing or job.cancel:
                job.end(JobState.CANCELED, "job-canceled-by-user")
                return
            if self.abort_next:
                self.abort_next = False
                job.end(JobState.ABORTED, "aborted-by-system")
                return
            if self.blocked:
                job.state, job.reasons = JobState.STOPPED, ("printer-stopped",)
                self.changed.wait()
                continue
            job.state, job.reasons = JobState.PROCESSING, ("job-printing",)
            after = job.pages // 2 if self.empty_after == -1 else self.empty_after
            ends_here = after is not None and job.done == min(after, job.pages - 1)
            if self._disturbed(job, self.pace / 2 if ends_here else self.pace):
                continue
            if ends_here:
                self.empty_after = None
                self.reasons.add("media-empty-error")
                continue
            job.done += 1
            self.changed.notify_all()
        job.end(JobState.COMPLETED, "job-completed-successfully")

    def _disturbed(self, job: PrintJob, seconds: float) -> bool:
        """Let a page run for its time; True when something stopped it before its end."""
        return self.changed.wait_for(
            lambda: self._closing or job.cancel or self.abort_next or self.blocked, timeout=seconds
        )
