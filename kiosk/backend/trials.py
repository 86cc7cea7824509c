"""Tests are erased some days after they came: enough to look at one, too few to be taken for anybody's files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from kiosk.backend import log
from kiosk.backend.blobs import Blobs, BlobsBusy
from kiosk.backend.store import trials as store
from kiosk.backend.store.engine import Store

KEPT = timedelta(days=7)
LOOK = timedelta(hours=1)
BATCH = 50


class Trials:
    """Used by one thread: that of the quiet moments."""

    def __init__(self, rows: Store, blobs: Blobs, now: Callable[[], datetime], kept: timedelta = KEPT) -> None:
        self._store, self._blobs, self._now, self._kept = rows, blobs, now, kept
        self._looked: datetime | None = None

    def run(self, until: Callable[[], bool] = bool) -> int:
        """Erases what has had its time, ``until`` it says so between two batches. How many. Raises StoreBusy."""
        now = self._now()
        if self._looked is not None and timedelta() <= now - self._looked < LOOK:
            return 0
        before, erased = (now - self._kept).astimezone(UTC).isoformat(), 0
        while not until():
            count, hashes = self._store.write(partial(store.erase, before=before, limit=BATCH))
            for digest in hashes:
                try:
                    self._blobs.drop(digest)
                except BlobsBusy:  # sealed bytes that no row names any more
                    log.event("trials.left", hash=digest)
            erased += count
            if count < BATCH:
                self._looked = now
                break
        if erased:
            log.event("trials.erased", count=erased)
        return erased
