"""Publishing keys: what a pack, a policy or a manifest is signed with, and how a terminal checks it.

The private half lies in one file, mode 0600, with whoever publishes; no backend keeps it. A terminal knows the public
halves from its profile (``publishing.keys``, oldest first): nothing that comes over the line can add one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from kiosk import suites, wire
from kiosk.durable import put, sync_path, write_new

SUFFIX = ".sig"  # of the file beside a pack or policy that holds its signature
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


class SigningError(Exception):
    """A key or a signature that cannot be used. ``code`` for machines, ``advice`` for whoever publishes."""

    retryable = False

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code)
        self.code, self.advice = code, advice


@dataclass(frozen=True, slots=True, repr=False)
class PublishingKey:
    """The private half, in the form of its suite (kiosk/suites)."""

    private: bytes

    @property
    def public(self) -> bytes:
        return wire.public_of(self.private)

    @property
    def id(self) -> str:
        return wire.key_id(self.public)

    def sign(self, message: bytes) -> str:
        return wire.sign(self.private, message)


def make_key(path: Path, suite: str = suites.DEFAULT) -> PublishingKey:
    """A new key in the new file ``path``, on the disk when this returns. Raises SigningError; writes nothing over."""
    try:
        private, public = wire.new_signing_pair(suites.by_name(suite))
        text = json.dumps({"suite": suite, "private": wire.b64(private), "public": wire.b64(public)}, indent=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, text.encode("ascii"))
        sync_path(path.parent)
    except FileExistsError:
        raise SigningError("would-overwrite", f"{path.name} is there already: a key is never written over") from None
    except OSError as error:
        raise SigningError("key-not-written", f"{path.name}: {error.strerror}") from error
    except suites.SuiteMissing as error:
        raise SigningError("suite-missing", str(error)) from error
    return PublishingKey(private)


def load_key(path: Path) -> PublishingKey:
    """The key that `make_key` has written. Raises SigningError."""
    try:
        if path.stat().st_mode & 0o077:
            raise SigningError("key-exposed", f"others may read {path.name}: chmod 600, then judge whether to renew it")
        found = json.loads(path.read_bytes())
        private = wire.unb64(found["private"])
        if suites.suite_name(private) != found["suite"] or wire.b64(wire.public_of(private)) != found["public"]:
            raise ValueError
    except OSError as error:
        raise SigningError("key-missing", f"{path.name} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SigningError("key-damaged", f"{path.name} is no publishing key: make one by kiosk pack key") from None
    return PublishingKey(private)


def public_keys(texts: Sequence[str]) -> tuple[bytes, ...]:
    """Public keys as the profile has them (base64). Raises ValueError."""
    keys = tuple(wire.unb64(text) for text in texts)
    if any(len(key) != suites.of_key(key).PUBLIC_BYTES for key in keys):
        raise ValueError("not a public key")
    return keys


def sign_artefact(kind: wire.ArtefactKind, name: str, version: str, data: bytes, key: PublishingKey) -> wire.Artefact:
    made = wire.Artefact(kind, name, version, hashlib.sha256(data).hexdigest(), len(data), key.id)
    return replace(made, signature=key.sign(made.canonical()))


def genuine(signed: wire.Artefact | wire.Manifest, keys: Sequence[bytes]) -> int:
    """Which of ``keys`` has signed it, counted from 1; 0: none of them."""
    for number, key in enumerate(keys, 1):
        if wire.key_id(key) != signed.key_id:
            continue
        try:
            wire.verify(key, signed.canonical(), signed.signature)
        except (wire.BadSignature, suites.SuiteMissing, ValueError):  # text without bytes was signed by nobody
            return 0
        return number
    return 0


def in_form(artefact: wire.Artefact) -> bool:
    return (
        NAME.fullmatch(artefact.name) is not None
        and VERSION.fullmatch(artefact.version) is not None
        and wire.HASH.fullmatch(artefact.sha256) is not None
        and 0 < artefact.size <= wire.MAX_ARTEFACT_BYTES
    )


def holds(artefact: wire.Artefact, data: bytes) -> bool:
    """Whether these are its bytes."""
    return len(data) == artefact.size and hashlib.sha256(data).hexdigest() == artefact.sha256


def signature_beside(file: Path) -> Path:
    return file.with_name(file.name + SUFFIX)


def write_signature(file: Path, artefact: wire.Artefact) -> Path:
    """The signature as a file of its own beside ``file``; an older one is replaced."""
    target = signature_beside(file)
    put(target, msgspec.json.format(msgspec.json.encode(artefact), indent=1) + b"\n")
    return target


def read_signed(file: Path, keys: Sequence[bytes] = ()) -> tuple[wire.Artefact, bytes]:
    """A file with the signature beside it: both belong together, and one of ``keys`` has signed. Raises SigningError.

    Without ``keys`` whose signature it is stays open.
    """
    try:
        data = file.read_bytes()
        artefact = msgspec.json.decode(signature_beside(file).read_bytes(), type=wire.Artefact)
    except OSError as error:
        what = "it is not signed: kiosk pack sign" if file.exists() else "it cannot be read"
        raise SigningError("not-signed", f"{file.name}: {what} ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise SigningError("bad-signature", f"{signature_beside(file).name} is no signature: sign it anew") from None
    if not in_form(artefact) or not holds(artefact, data):
        raise SigningError("bad-signature", f"{file.name} was changed after it was signed: sign it anew")
    if keys and not genuine(artefact, keys):
        raise SigningError("bad-signature", f"{file.name} was signed with another key: sign it with this one")
    return artefact, data
