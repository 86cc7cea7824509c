"""Secrets sealed by the machine's TPM 2.0, by way of tpm2-tools.

The secret is a sealed object (keyedhash) under an ECC storage key that the TPM derives anew each time from its owner
seed, so nothing is kept in the TPM. What lies on the disk opens in this TPM alone; with PCRs named, only as long as
they are what they were. Reading goes through a salted session with parameter encryption: who listens on the bus between
processor and TPM reads nothing. Who swaps the TPM for one of his own while the terminal writes is not kept out.

tpm2-tools and not tpm2-pytss: Debian keeps them, nothing has to be compiled, a hanging TPM is a child that is killed at
its deadline, and it happens twice in a terminal's start, in 0.2 to 1 s.

Not tried on a real TPM, only with swtpm: *unverified*.
"""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from kiosk.durable import put, sync_path
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import beside

TCTI = "TPM2TOOLS_TCTI"  # tpm2-tools' own variable: which TPM
_DEVICE = "device:/dev/tpmrm0"
_SECONDS = 30.0  # one step; a slow chip takes three for its key
_LARGEST = 128  # bytes that a TPM seals (TPM2_MAX_SYM_DATA)
_FORMAT = 1
_CHANGED = "Put the machine's firmware and boot order back as they were, or bring the key back from its copy."
_RULES = (
    ("integrity check failed", "tpm-another", "it was sealed by another TPM",
     "Put the disk back into its machine, or bring the key back from its copy."),
    ("policy", "tpm-measured", "the machine's measured state (PCR) is not what it was", _CHANGED),
    ("PCR", "tpm-measured", "the machine's measured state (PCR) is not what it was", _CHANGED),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TpmSource:
    """``pcrs``: as tpm2_policypcr takes them, such as ``sha256:0,7``; empty: the TPM alone. For `put`."""

    pcrs: str = ""
    name: str = "tpm"
    suffix: str = ".tpm"

    def put(self, path: Path, secret: bytes) -> None:
        if len(secret) > _LARGEST:
            raise ValueError(f"a TPM seals {_LARGEST} bytes at most")
        with _Work() as work:
            attributes = "fixedtpm|fixedparent|noda" + ("" if self.pcrs else "|userwithauth")
            policy = work.policy(self.pcrs) if self.pcrs else []
            work.session("--hmac-session")
            work.make_room()
            work.run("tpm2_create", "-Q", "-C", "primary", "-P", "session:session", "-i", "-", "-u", "public",
                     "-r", "private", "-a", attributes, *policy, given=secret)  # fmt: skip
            parts = {part: b64encode((work.folder / part).read_bytes()).decode() for part in ("public", "private")}
        held = {"format": _FORMAT, "pcrs": self.pcrs, **parts}
        put(beside(path, self), json.dumps(held, indent=1).encode("ascii"))

    def get(self, path: Path) -> bytes:
        held = _read(beside(path, self))
        pcrs, parts = held["pcrs"], {part: b64decode(held[part]) for part in ("public", "private")}
        with _Work() as work:
            for part, data in parts.items():
                (work.folder / part).write_bytes(data)
            work.run("tpm2_load", "-Q", "-C", "primary", "-u", "public", "-r", "private", "-c", "sealed")
            work.make_room()
            work.session("--policy-session" if pcrs else "--hmac-session")
            if pcrs:
                work.run("tpm2_policypcr", "-Q", "-S", "session", "-l", pcrs)
            return work.run("tpm2_unseal", "-c", "sealed", "-p", "session:session")

    def remove(self, path: Path) -> None:
        beside(path, self).unlink()
        sync_path(path.parent)


def pcrs_in(file: Path) -> str:
    """The measured state that this file is bound to; empty for none. Raises KeyUnavailable."""
    return _read(file)["pcrs"]


def _read(file: Path) -> dict[str, str]:
    try:
        held = json.loads(file.read_text("ascii"))
        if held.pop("format") != _FORMAT:
            raise ValueError("another format")
        for part in ("public", "private"):
            b64decode(held[part], validate=True)
        return {part: str(held[part]) for part in ("pcrs", "public", "private")}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        advice = "Bring the file back from its backup."
        raise KeyUnavailable("tpm-damaged", f"{file.name} cannot be read", advice) from error


class _Work:
    """A folder for the tools' contexts, the storage key among them; none is secret. Nothing stays in the TPM."""

    def __init__(self) -> None:
        import tempfile

        self._kept = tempfile.TemporaryDirectory(prefix="kiosk-tpm-")
        self.folder = Path(self._kept.name)
        self._tcti = os.environ.get(TCTI) or _DEVICE
        self._sessions: list[str] = []

    def __enter__(self) -> _Work:
        try:
            # the storage root key's own template (TCG Provisioning Guidance, 7.5.1): the same key each time
            self.run("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-g", "sha256", "-c", "primary")
        except BaseException:
            self._kept.cleanup()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for name in self._sessions:
                self._call("tpm2_flushcontext", name)
            self.make_room()
        finally:
            self._kept.cleanup()

    def session(self, kind: str) -> None:
        """One whose secret is salted by the storage key, and which encrypts what it carries, both ways."""
        self.run("tpm2_startauthsession", "-Q", "-S", "session", kind, "-c", "primary")
        self._sessions.append("session")
        self.run("tpm2_sessionconfig", "session", "--enable-encrypt", "--enable-decrypt")

    def policy(self, pcrs: str) -> list[str]:
        """The options that let an object open only while ``pcrs`` are what they are now."""
        self.run("tpm2_startauthsession", "-Q", "-S", "trial")
        self._sessions.append("trial")
        self.run("tpm2_policypcr", "-Q", "-S", "trial", "-l", pcrs, "-L", "policy")
        return ["-L", "policy"]

    def run(self, program: str, *arguments: str, given: bytes = b"") -> bytes:
        """What it printed. Raises KeyUnavailable."""
        done = self._call(program, *arguments, given=given)
        if done.returncode != 0:
            raise _told(program, done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def make_room(self) -> None:
        """Where no resource manager is in between, three objects fill a TPM, and each step leaves some behind."""
        if "tpmrm" not in self._tcti:
            self._call("tpm2_flushcontext", "--transient-object")

    def _call(self, program: str, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, TCTI: self._tcti, "LC_ALL": "C"}
        try:
            return subprocess.run(
                [program, *arguments], input=given, capture_output=True, cwd=self.folder, env=environment,
                timeout=_SECONDS, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise KeyUnavailable(
                "tpm-tools-missing", f"{program} is not installed", "Install Debian's package tpm2-tools."
            ) from None
        except subprocess.TimeoutExpired:
            raise KeyUnavailable(
                "tpm-silent", f"the TPM did not answer {program} in {_SECONDS:.0f} s",
                "Switch the machine off and on; if that does not help, have it looked at.", retryable=True,
            ) from None  # fmt: skip


def _told(program: str, said: str) -> KeyUnavailable:
    for sign, code, message, advice in _RULES:
        if sign in said:
            return KeyUnavailable(code, f"the TPM does not open the key: {message}", advice)
    last = next((line for line in reversed(said.splitlines()) if "ERROR" in line and "Unable to run" not in line), "")
    advice = (
        "See that the machine has a TPM 2.0 that is switched on, and that this user may use /dev/tpmrm0 (group tss)."
    )
    return KeyUnavailable("tpm-failed", f"{program} failed: {last.strip()[:200]}", advice, retryable=True)
