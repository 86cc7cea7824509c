"""Group commit for a database with one writer (SQLite): who waits for the same turn shares one commit.

The first to come does his work at once. Whoever comes meanwhile waits, and when the turn is over the one who has
waited longest does the work of all of them, each within a savepoint of its own, in one transaction: one sync of the
disk for all. Nobody waits for company: alone, a write costs what it cost before.

Each keeps his own answer. What fails undoes its own savepoint and nothing else; what fails at the database runs once
more alone, so that nobody else is held to it. Nobody is answered before the commit that holds his work is on the disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

T = TypeVar("T")
MOST = 32  # works in one transaction: so long at most does the last one wait for the others of its group


class GroupFailed(Exception):
    """The transaction that held this work did not come about; nothing of it was written, or nobody knows."""


class _Undone(Exception):
    """The database has rolled the whole transaction back by itself (disk full, failed read), not this work alone."""


class _Job(Generic[T]):
    """One work, and what became of it: ``result``, ``error``, or ``alone`` (to be run once more by itself)."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.woken = threading.Event()
        self.leads = self.alone = False
        self.result: T | None = None
        self.error: Exception | None = None

    def fail(self, cause: BaseException) -> None:
        """The whole group did not come about."""
        self.alone, self.error = False, GroupFailed()
        self.error.__cause__ = cause


class Group:
    """Thread-safe. ``alone(work)`` is one work in a transaction of its own, with its attempts and errors."""

    def __init__(self, engine: Engine, alone: Callable[[Callable[[Connection], Any]], Any]) -> None:
        self._engine, self._alone = engine, alone
        self._lock = threading.Lock()
        self._led = False  # somebody is at work for all
        self._waiting: deque[_Job[Any]] = deque()

    def run(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, on the disk. Raises what it raises, or GroupFailed, or what ``alone`` raises."""
        job = _Job(work)
        with self._lock:
            job.leads, self._led = not self._led, True
            if not job.leads:
                self._waiting.append(job)
        if not job.leads:
            job.woken.wait()
        if job.leads:
            try:
                self._lead(job)
            finally:
                self._hand_on()
        if job.alone:
            return self._alone(work)  # type: ignore[no-any-return]
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value]  # settled, and no error: it is what work returned

    def _lead(self, own: _Job[Any]) -> None:
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(MOST - 1, len(self._waiting)))]
        if not others:
            own.result = self._alone(own.work)
            return
        jobs = [own, *others]
        try:
            self._together(jobs)
        except _Undone:
            for job in jobs:
                job.alone = True
        except (DBAPIError, PoolTimeout) as error:
            for job in jobs:
                job.fail(error)
        except BaseException as error:  # this process is being ended: nobody else may take that for an answer
            for job in others:
                job.fail(error)
            raise
        finally:
            for job in others:
                job.woken.set()

    def _hand_on(self) -> None:
        with self._lock:
            self._led = bool(self._waiting)
            if self._led:
                following = self._waiting.popleft()
                following.leads = True
                following.woken.set()

    def _together(self, jobs: list[_Job[Any]]) -> None:
        with self._engine.begin() as connection:
            raw: Any = connection.connection.driver_connection
            for job in jobs:
                try:
                    with connection.begin_nested():
                        job.result = job.work(connection)
                except Exception as error:
                    if not raw.in_transaction:
                        raise _Undone from error
                    job.alone, job.error = isinstance(error, DBAPIError), error
