"""The two sources that are files: the secret itself, and the secret wrapped under a credential of systemd's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from kiosk.durable import put, sync_path
from kiosk.health.failpoints import hit
from kiosk.keystore.errors import KeyUnavailable

CREDENTIAL = "kiosk.key"
"""The name of the credential: 32 bytes of chance, in the folder that systemd names by CREDENTIALS_DIRECTORY."""
_DIRECTORY = "CREDENTIALS_DIRECTORY"
_MAGIC = b"kiosk-wrapped-1\0"
_NONCE = 12
_PROVIDE = (
    "Start the terminal as its systemd unit, which hands the credential over (LoadCredentialEncrypted=kiosk.key); "
    "for a command by hand: systemd-run --pty -p LoadCredentialEncrypted=kiosk.key -- .venv/bin/kiosk ..."
)


class Source(Protocol):
    """One way to keep a secret. ``path``: where it lies, without the suffix. Methods raise KeyUnavailable, OSError."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    def put(self, path: Path, secret: bytes) -> None:
        """Keep it: on the disk when this returns, in place of what was there in this form."""

    def get(self, path: Path) -> bytes: ...

    def remove(self, path: Path) -> None:
        """This form of it is gone when this returns."""


class FileSource:
    """The secret itself, in a file of its owner's alone."""

    name, suffix = "file", ""

    def put(self, path: Path, secret: bytes) -> None:
        put(path, secret, draft=path.with_name(f"{path.name}.{os.getpid()}.new"))

    def get(self, path: Path) -> bytes:
        return path.read_bytes()

    def remove(self, path: Path) -> None:
        """Its name first, for good, and then its bytes: zeros under that name would be read as the secret after a kill.

        On a flash disk the old cells may live on: there, change the key after moving it.
        """
        with path.open("r+b") as file:
            path.unlink()
            sync_path(path.parent)
            hit("keys.taken")
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        for draft in (*path.parent.glob(f"{path.name}.*.new"), *path.parent.glob(f"{path.name}.part")):
            draft.unlink()  # of somebody who was killed while writing it
        sync_path(path.parent)


class CredentialSource:
    """AES-256-GCM under the credential, bound to the secret's name: nonce, ciphertext, tag, behind a magic word."""

    name, suffix = "credential", ".wrapped"

    def put(self, path: Path, secret: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        wrapped = AESGCM(_credential()).encrypt(nonce, secret, _bound(path))
        put(beside(path, self), _MAGIC + nonce + wrapped)

    def get(self, path: Path) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        held = beside(path, self).read_bytes()
        nonce, wrapped = held[len(_MAGIC) :][:_NONCE], held[len(_MAGIC) + _NONCE :]
        try:
            if not held.startswith(_MAGIC) or len(wrapped) < 16:
                raise InvalidTag
            return AESGCM(_credential()).decrypt(nonce, wrapped, _bound(path))
        except InvalidTag:
            raise KeyUnavailable(
                "credential-differs",
                f"{beside(path, self).name} was not wrapped under this credential, or is damaged",
                "Bring the credential kiosk.key back that was there before, or the file from its backup.",
            ) from None

    def remove(self, path: Path) -> None:
        beside(path, self).unlink()
        sync_path(path.parent)


def beside(path: Path, source: Source) -> Path:
    """The file of this form."""
    return path.with_name(path.name + source.suffix)


def _bound(path: Path) -> bytes:
    """``journal`` or ``terminal``: a key that is to follow takes the place of the one before by its file's new name."""
    return path.name.partition(".key")[0].encode()


def _credential() -> bytes:
    folder = os.environ.get(_DIRECTORY, "")
    if not folder:
        raise KeyUnavailable("credential-missing", "systemd handed no credentials to this process", _PROVIDE)
    try:
        key = (Path(folder) / CREDENTIAL).read_bytes()
    except OSError as error:
        message = f"the credential {CREDENTIAL} cannot be read: {error.strerror}"
        raise KeyUnavailable("credential-missing", message, _PROVIDE) from error
    if len(key) != 32:
        message = f"the credential {CREDENTIAL} has {len(key)} bytes instead of 32"
        advice = f"Make it of 32 bytes: head -c 32 /dev/urandom | systemd-creds encrypt --name={CREDENTIAL} - FILE"
        raise KeyUnavailable("credential-missing", message, advice)
    return key
