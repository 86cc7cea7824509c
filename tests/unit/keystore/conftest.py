"""A software TPM of the test's own, and a folder in which a terminal's keys lie."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kiosk.durable import write_new
from kiosk.sync.identity import TerminalKey


@pytest.fixture
def tpm(tmp_path, monkeypatch):
    """A TPM 2.0 (swtpm) behind a socket in the test's folder; ended by its pid."""
    for program, package in (("swtpm", "swtpm"), ("tpm2_unseal", "tpm2-tools")):
        if shutil.which(program) is None:
            pytest.skip(f"{package} is not installed")
    with Tpm(tmp_path) as made:
        monkeypatch.setenv("TPM2TOOLS_TCTI", made.tcti)
        yield made


def die_with_parent() -> None:
    """A run that is cut off takes its TPM along."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Tpm:
    """Behind ``folder``/s, a short path: sockets have room for 107 characters."""

    def __init__(self, folder: Path, name: str = "s") -> None:
        self.socket, self._state = folder / name, folder / f"{name}.state"
        self._state.mkdir()
        self.tcti = f"swtpm:path={self.socket}"
        self._process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._state}",
             "--server", f"type=unixio,path={self.socket}", "--ctrl", f"type=unixio,path={self.socket}.ctrl",
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,
        )  # fmt: skip

    def __enter__(self) -> Tpm:
        limit = time.monotonic() + 20
        while not self.socket.exists():
            assert self._process.poll() is None
            assert time.monotonic() < limit
            os.sched_yield()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def run(self, *command: str) -> bytes:
        environment = {**os.environ, "TPM2TOOLS_TCTI": self.tcti}
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


@pytest.fixture
def credential(tmp_path, monkeypatch):
    """What systemd hands to a service: a folder with the credential in it, named by the environment."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "kiosk.key").write_bytes(secrets.token_bytes(32))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder / "kiosk.key"


@pytest.fixture
def data(tmp_path):
    """A terminal's data folder with a journal's key and a terminal's, as files."""
    folder = tmp_path / "data"
    (folder / "journal").mkdir(parents=True)
    write_new(folder / "journal" / "journal.key", secrets.token_bytes(32))
    TerminalKey.load_or_create(folder)
    return folder
