"""The diagnostics bundle (诊断包): what support needs to know of a terminal, in one signed file, nothing of a person.

Nothing is filtered out of it, because nothing goes in that was not put in: every file is built value by value out of
codes, counts, versions and times, and each value is held against the form of its kind (``kiosk.health.bundle_parts``).
The manifest lists every file with its SHA-256 and is signed by the terminal's own key; the same content gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MOST_FILES, MOST_BYTES = 64, 32 << 20  # of a bundle that is checked, unpacked
_WHEN = (1980, 1, 1, 0, 0, 0)  # of every entry: zip's first day
_PURPOSE = b"kiosk-diagnostics-bundle-v1\n"


class BadBundle(Exception):
    """``code``: ``not-a-bundle``, ``altered``, ``too-large``, ``bad-signature``. The message names the file."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.advice = "Have the terminal write it anew; keep this one, if somebody may have changed it."
        self.retryable = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle whose files are what the manifest says, and whose manifest is signed by ``key`` (public, base64)."""

    terminal: str
    made_at: str
    key: str
    files: Mapping[str, bytes]


def made(parts: Mapping[str, Any], *, terminal: str, made_at: str, key: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """``parts``: name (``log.json``) to what is written as JSON. ``key``: the public half of ``sign``'s."""
    from kiosk import wire

    files = {name: _json(part) for name, part in sorted(parts.items())}
    listed = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    ]
    manifest = _json({"format": FORMAT, "terminal": terminal, "made_at": made_at, "files": listed})
    signature = _json({"key": wire.b64(key), "signature": wire.b64(sign(_PURPOSE + manifest))})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in {MANIFEST: manifest, SIGNATURE: signature, **files}.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            packed.writestr(entry, data)
    return out.getvalue()


def check(data: bytes) -> Checked:
    """Whether it is whole. Whose key it is signed with is for the caller to know. Raises BadBundle."""
    from kiosk import suites, wire

    files = _unpacked(data)
    try:
        manifest, signed = files.pop(MANIFEST), files.pop(SIGNATURE)
        told, who = json.loads(manifest), json.loads(signed)
        listed = {str(row["name"]): (int(row["size"]), str(row["sha256"])) for row in told["files"]}
        terminal, made_at, key = str(told["terminal"]), str(told["made_at"]), str(who["key"])
        known, signature = told["format"] == FORMAT and len(listed) == len(told["files"]), str(who["signature"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadBundle("not-a-bundle", "its manifest cannot be read") from error
    if not known:
        raise BadBundle("not-a-bundle", "a manifest of another format")
    try:
        suites.verify(wire.unb64(key), _PURPOSE + manifest, signature)
    except (wire.BadSignature, ValueError) as error:
        raise BadBundle("bad-signature", "the manifest is not what was signed") from error
    for name in sorted(listed.keys() | files.keys()):
        if name not in files or name not in listed:
            raise BadBundle("altered", f"{name} is {'missing' if name in listed else 'not listed'}")
        if listed[name] != (len(files[name]), hashlib.sha256(files[name]).hexdigest()):
            raise BadBundle("altered", f"{name} was changed")
    return Checked(terminal, made_at, key, files)


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Bounded: a bundle comes from a stick that anybody may have had."""
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, struct.error) as error:
        raise BadBundle("not-a-bundle", "not a zip file that can be read") from error
    entries = packed.infolist()
    if len(entries) > MOST_FILES:
        raise BadBundle("too-large", f"{len(entries)} files")
    for entry in entries:
        if entry.filename in files:
            raise BadBundle("altered", f"{entry.filename} is there twice")
        try:
            with packed.open(entry) as opened:
                files[entry.filename] = opened.read(left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error) as error:
            raise BadBundle("altered", f"{entry.filename} is damaged") from error
        left -= len(files[entry.filename])
        if left < 0:
            raise BadBundle("too-large", f"more than {MOST_BYTES >> 20} MB")
    return files


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode("ascii")
