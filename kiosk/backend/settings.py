"""What a backend is told when it starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


class BackendError(Exception):
    """The backend cannot start or go on. ``code`` for machines, ``advice`` for the operator."""

    def __init__(self, code: str, advice: str, *, retryable: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.advice = advice
        self.retryable = retryable


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """``db_url``: a file path, ``sqlite:///path`` or a SQLAlchemy URL. ``blobs``: a folder, ``file://`` or
    ``s3://BUCKET/PREFIX``.

    ``keys`` is the file of the backend's private keys; empty puts it beside an SQLite file.
    """

    db_url: str
    blobs: str
    keys: str = ""
    clock: Callable[[], datetime] = utc_now
    window: timedelta = timedelta(minutes=5)  # how far a request's timestamp may be off
    code_life: timedelta = timedelta(hours=24)
    body_seconds: float = 30.0  # a request's body must be here by then
    enrol_failures: int = 20  # wrong codes a minute that one address is told so of, before it has to wait
    rate: float = 100.0  # requests a second of one terminal, for ever
    burst: int = 5000  # and at once: a queue that has waited for weeks comes with all its materials
    monotonic: Callable[[], float] = time.monotonic
    suites: tuple[str, ...] = ()  # crypto suites that it is to have keys of; none: as its key file is
    sample_seals: bool = False  # an authority without a seal gets a sample (样章) when one is asked for: a demo's
    registers: str = ""  # the file of departments' registers (registers.py); none: there are none to ask
    connectors: str = ""  # the file of departments that are sent cases (connectors/); none: nobody is
    console: bool = False  # pages for staff and citizens beside the API (web/)
    public_url: str = ""  # how citizens reach them from outside: https://HOST, for codes on paper and screen
    sign_in: str = ""  # the file that says how staff sign in (oidc/config.py); none: by password and code
    proxy: str = ""  # the address of the proxy in front, whose word about who asks is believed
    unused_numbers: int = 20_000  # of a kind, that a terminal may hold reserved and not registered

    def sqlite_path(self) -> Path | None:
        """The SQLite file, or None where another database is meant."""
        return sqlite_path(self.db_url)

    def keys_path(self) -> Path:
        if self.keys:
            return Path(self.keys)
        path = self.sqlite_path()
        if path is None:
            raise BackendError("keys-missing", "name a key file when the database is not an SQLite file")
        return path.with_name(path.name + ".keys.json")

    def seals_path(self) -> Path:
        """The folder of the authorities' seals (seal_keys.py)."""
        return self.keys_path().with_name("seals")


def sqlite_path(db_url: str) -> Path | None:
    if db_url.startswith("sqlite:///"):
        return Path(db_url.removeprefix("sqlite:///"))
    return None if "://" in db_url else Path(db_url)
