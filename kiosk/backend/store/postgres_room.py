"""A private PostgreSQL for tests and benches (Debian's package postgresql).

Its own data, a Unix socket alone, ended by its own process id.

The server refuses to run as root: there it gives up its rights by setpriv (util-linux), in a folder of its own in the
temporary folder, because pytest's are closed to everybody else. It dies with the process that started it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import LiteralString

PROGRAMS = ("initdb", "postgres", "pg_dump", "pg_restore")
USER, GROUP = 65534, 65534  # nobody, nogroup: where the tests run as root
READY = "database system is ready to accept connections"
# nothing of a test has to outlive a power cut, but everything that a killed process must not lose is kept
SETTINGS = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", "max_connections": "60", "jit": "off",
            "lc_messages": "C", "autovacuum": "off"}  # fmt: skip
DURABLE = {"fsync": "on", "shared_buffers": "128MB"}  # for a bench


def programs() -> Path | None:
    """The folder of the server's programs; None where they are missing."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*debian, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in folders if all((folder / name).exists() for name in PROGRAMS)), None)


class PostgresRoom:
    """One server for a run of tests; ``new_schema`` and ``new_database`` give URLs under which nothing is yet."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, place: Path | None = None) -> None:
        """``folder``: of the programs; ``place``: where its own folder is made, not too deep for a socket's name."""
        self._programs = folder
        self._room = Path(tempfile.mkdtemp(prefix="kiosk-pg-", dir=place))
        self._numbers = itertools.count(1)
        self._drop: list[str] = []
        if os.geteuid() == 0:
            os.chown(self._room, USER, GROUP)
            self._drop = [f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups", "--inh-caps=-all"]
        self._environment = {"LC_ALL": "C", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC"}
        self.data = self._room / "data"
        data = str(self.data)
        try:
            self._run("initdb", "-D", data, "-U", "kiosk", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
            chosen = SETTINGS | dict(settings or {})
            arguments = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
            self._server = subprocess.Popen(
                self._command("postgres", "-D", data, "-k", str(self._room), *arguments),
                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=self._environment, cwd=self._room,
            )  # fmt: skip
        except BaseException:
            shutil.rmtree(self._room)
            raise
        self.log: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._ready.wait(50):
            self.stop()
            raise RuntimeError("PostgreSQL did not start: " + "".join(self.log[-5:]))

    def new_schema(self) -> str:
        """A schema of its own in one database: made at once, where a database takes half a second."""
        name = f"kiosk{next(self._numbers)}"
        self._execute(f"CREATE SCHEMA {name}")
        return f"postgresql://kiosk@/postgres?host={self._room}&options=-csearch_path%3D{name}"

    def new_database(self) -> str:
        name = f"kiosk{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return f"postgresql://kiosk@/{name}?host={self._room}"

    def cut_connections(self) -> None:
        """Ends every connection but its own, as a restart of the server does."""
        self._execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                      "AND backend_type = 'client backend'")  # fmt: skip

    def _execute(self, statement: LiteralString) -> None:
        import psycopg

        with psycopg.connect(f"host={self._room} user=kiosk dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._reader.join(10)
        assert self._server.stderr is not None  # noqa: S101
        self._server.stderr.close()
        shutil.rmtree(self._room)

    def _read(self) -> None:
        assert self._server.stderr is not None  # noqa: S101
        for line in self._server.stderr:
            self.log.append(line)
            if READY in line:
                self._ready.set()
        self._ready.set()  # ended: whoever waits finds out at once

    def _command(self, name: str, *arguments: str) -> list[str]:
        drop = ["setpriv", *self._drop, "--pdeathsig=INT"]
        return [*drop, str(self._programs / name), *arguments]

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            self._command(name, *arguments), check=True, capture_output=True, timeout=50, env=self._environment,
            cwd=self._room,
        )  # fmt: skip
