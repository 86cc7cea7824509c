"""A backup of everything a backend has, made while it runs; and the way back.

Two files, because whoever has both has every case in clear: FILE (an uncompressed tar of the database, the sealed
materials and a manifest) and the keys beside it, to be kept elsewhere. Everything is held against its SHA-256 when it
is made and, all of it, before anything is restored. Nothing is ever written over.

What a terminal was acknowledged after the backup was made is not in it, and does not come by itself a second time:
terminals keep cases for their retention time, see README.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from kiosk import __version__
from kiosk.backend import log
from kiosk.backend.blobs import Blobs, BlobsBusy, open_blobs
from kiosk.backend.keys import BackendKeys
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store import copying
from kiosk.durable import sync_path, write_new
from kiosk.wire import HASH

FORMAT = 1
_DATABASE, _MANIFEST, _MATERIALS = "database", "manifest.json", "materials/"
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """``kind`` of database; ``missing``: materials that the database knows and that were not there or not whole."""

    made_at: str
    version: str
    kind: str
    database: str  # SHA-256
    keys: str  # SHA-256 of the key file
    epochs: int
    materials: int
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT


def keys_beside(file: Path) -> Path:
    """Where the keys of the backup ``file`` go, unless another place is named."""
    return file.with_name(f"{file.name}.keys.json")


def backup(settings: Settings, out: Path, keys_out: Path | None = None) -> Manifest:
    """Makes both files, on the disk when this returns. Raises BackendError, and then makes neither.

    A material that is damaged does not keep the rest from being saved: look at ``missing``.
    """
    keys_out = keys_out or keys_beside(out)
    _refuse_if_there(out, keys_out)
    blobs = open_blobs(settings.blobs)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _scratch(out) as scratch:
        dumped, draft = scratch / _DATABASE, scratch / "draft.tar"
        kind = copying.dump(settings.db_url, dumped)
        # materials after the database, keys last: everything that the database speaks of is among them
        with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as archive:
            digest = _add_file(archive, _DATABASE, dumped)
            saved, missing = 0, []
            for name, needed in copying.material_hashes(settings.db_url, dumped).items():
                data = _material(blobs, name)
                if data is None:
                    missing += [name] if needed else []
                else:
                    _add_bytes(archive, _MATERIALS + name, data)
                    saved += 1
            keys = settings.keys_path().read_bytes()
            epochs = len(BackendKeys(settings.keys_path(), settings.clock).epochs)
            made_at = settings.clock().isoformat()
            key_hash = hashlib.sha256(keys).hexdigest()
            manifest = Manifest(made_at, __version__, kind, digest, key_hash, epochs, saved, missing)
            _add_bytes(archive, _MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
        key_draft = scratch / "keys"
        write_new(key_draft, keys)
        _place(key_draft, keys_out)
        try:
            _place(draft, out)
        except BackendError:
            keys_out.unlink()
            raise
    log.event("backup.made", materials=saved, missing=len(missing), kind=kind)
    return manifest


def restore(settings: Settings, source: Path, keys_source: Path | None = None) -> Manifest:
    """Database, materials and keys as they were. Raises BackendError: nothing is written over, nor from a damaged file.

    The database comes last: without it no backend finds a half of the rest.
    """
    keys_source = keys_source or keys_beside(source)
    try:
        keys = keys_source.read_bytes()
    except OSError as error:
        raise BackendError("keys-missing", f"{keys_source.name} cannot be read: name the backup's key file") from error
    blobs = open_blobs(settings.blobs)
    if copying.is_there(settings.db_url):
        raise BackendError("would-overwrite", "there is a database already: name another, or move it away")
    if settings.keys_path().exists():
        raise BackendError("would-overwrite", f"{settings.keys_path().name} is there already: move it away")
    if not blobs.empty():
        raise BackendError("would-overwrite", "there are materials already: name an empty place for them")
    with _opened(source) as archive, _scratch(settings.keys_path()) as scratch:
        manifest = _checked(archive, keys)
        for member in archive:
            if member.name.startswith(_MATERIALS):
                _keep(blobs, member.name.removeprefix(_MATERIALS), _content(archive, member).read())
        key_draft, dumped = scratch / "keys", scratch / _DATABASE
        write_new(key_draft, keys)
        BackendKeys(key_draft, settings.clock)  # raises where they are no keys
        with _content(archive, archive.getmember(_DATABASE)) as file, dumped.open("wb") as copy:
            for piece in iter(lambda: file.read(_PIECE), b""):
                copy.write(piece)
        _place(key_draft, settings.keys_path())
        copying.load(settings.db_url, manifest.kind, dumped)
    log.event("backup.restored", materials=manifest.materials, kind=manifest.kind)
    return manifest


def _checked(archive: tarfile.TarFile, keys: bytes) -> Manifest:
    """The manifest, when everything in the archive is what it says."""
    try:
        found: dict[str, Any] = json.loads(_content(archive, archive.getmember(_MANIFEST)).read())
        manifest = Manifest(**found)
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged("it has no manifest") from error
    if manifest.format != FORMAT:
        raise BackendError("backup-newer", f"this backup has format {manifest.format}: take the program that made it")
    if hashlib.sha256(keys).hexdigest() != manifest.keys:
        raise BackendError("keys-differ", "these are not the keys of this backup: without them no case can be opened")
    materials = 0
    for member in archive:
        digest = _hash_of(_content(archive, member)) if member.isfile() else ""
        if member.name == _DATABASE:
            wanted = manifest.database
        elif member.name.startswith(_MATERIALS):
            wanted = member.name.removeprefix(_MATERIALS)
            materials += 1
        elif member.name == _MANIFEST:
            continue
        else:
            wanted = ""
        if not HASH.fullmatch(wanted) or digest != wanted:
            raise _damaged("a part of it is not what its hash says")
    if materials != manifest.materials:
        raise _damaged("materials are missing in it")
    return manifest


def _damaged(why: str) -> BackendError:
    return BackendError("backup-damaged", f"the backup cannot be used, {why}: take another copy")


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as archive:
            yield archive
    except OSError as error:
        if not source.exists():
            raise BackendError("backup-missing", f"there is no {source.name}") from error
        raise
    except tarfile.TarError as error:
        raise _damaged("it is cut or no backup") from error


def _keep(blobs: Blobs, name: str, data: bytes) -> None:
    try:
        blobs.put(name, data)
    except BlobsBusy as error:
        raise BackendError("blobs-busy", "the materials cannot be written now", retryable=True) from error


def _material(blobs: Blobs, name: str) -> bytes | None:
    try:
        data = blobs.get(name)
    except KeyError:
        return None
    except BlobsBusy as error:
        raise BackendError("blobs-busy", "the materials cannot be read now: try again", retryable=True) from error
    return data if hashlib.sha256(data).hexdigest() == name else None


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise _damaged("a part of it is no file")
    return file


def _hash_of(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # tarfile's readers suffice


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    info = tarfile.TarInfo(name)
    info.size, info.mode = path.stat().st_size, 0o600
    with path.open("rb") as file:
        archive.addfile(info, file)
    return digest


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    archive.addfile(info, io.BytesIO(data))


@contextlib.contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A folder of ours alone, on the same file system."""
    beside.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=beside.parent) as name:
        yield Path(name)


def _refuse_if_there(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise BackendError("would-overwrite", f"{path.name} is there already: name another file")


def _place(draft: Path, path: Path) -> None:
    """``draft`` as ``path``, on the disk; never over another file."""
    os.chmod(draft, 0o600)
    sync_path(draft)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(draft, path)
    except FileExistsError:
        raise BackendError("would-overwrite", f"{path.name} is there already: name another file") from None
    except OSError:  # another file system
        write_new(path, draft.read_bytes())
    sync_path(path.parent)
