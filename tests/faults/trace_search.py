"""Looks for a person's data in every byte that a terminal may have left, in every form it could have been written in.

Two bytes at a time decide whether a place is worth a look, so a megabyte takes about 20 ms whatever is looked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import quopri
import re
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

import numpy as np
from backports import zstd

SHORTEST = 6  # bytes: shorter ones would be met by chance in encrypted data
CHARSETS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "gb18030")
PICTURES = {
    "a JPEG": re.compile(rb"\xff\xd8\xff[\xe0\xe1]..(JFIF|Exif)\0", re.DOTALL),
    "a WebP": re.compile(rb"RIFF....WEBPVP8", re.DOTALL),
    "a PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "a PDF": re.compile(rb"%PDF-1\."),
}
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|\x28\xb5\x2f\xfd")
_MOST = 1 << 20  # bytes that a packed stream is unpacked to


def _of_bytes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The ways in which bytes are written down. Of base64, the part that does not depend on the bytes around."""
    yield "as it is", data
    yield "backwards", data[::-1]
    yield "hex", data.hex().encode()
    yield "HEX", data.hex().upper().encode()
    yield "hex, spaced", data.hex(" ").encode()
    yield "escaped \\x", "".join(f"\\x{byte:02x}" for byte in data).encode()
    for skip in range(3):
        text = base64.b64encode(bytes(skip) + data)
        first, last = (0, 2, 3)[skip], (len(data) + skip) * 8 // 6
        yield f"base64 +{skip}", text[first:last]
        yield f"base64url +{skip}", text[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def _of_text(text: str) -> Iterator[tuple[str, bytes]]:
    yield "backwards", text[::-1].encode()
    yield "JSON \\u", json.dumps(text)[1:-1].encode()
    yield "JSON \\U", re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda m: m[0].upper(), json.dumps(text)[1:-1]).encode()
    yield "HTML decimal", "".join(f"&#{ord(c)};" for c in text).encode()
    yield "HTML hex", "".join(f"&#x{ord(c):x};" for c in text).encode()
    yield "UTF-7", text.encode("utf-7")
    for charset in ("utf-8", "gb18030"):
        data = text.encode(charset)
        yield f"percent {charset}", quote_from_bytes(data, safe="").encode()
        yield f"percent {charset}, lower", "".join(f"%{byte:02x}" for byte in data).encode()
        yield f"quoted-printable {charset}", quopri.encodestring(data).replace(b"=\n", b"")


def forms(text: str) -> dict[str, bytes]:
    """Name of the encoding -> bytes, for one value."""
    found = dict(_of_text(text))
    for charset in CHARSETS:
        found |= {f"{charset} {name}": data for name, data in _of_bytes(text.encode(charset))}
    return {name: data for name, data in found.items() if len(data) >= SHORTEST}


def picture_forms(picture: bytes, window: int = 24, step: int = 90) -> dict[str, bytes]:
    """Pieces of a picture, so that a part of it is found too."""
    return {
        f"photo at {start} {name}": data
        for start in range(48, len(picture) - window, step)
        if len(set(picture[start : start + window])) > window // 3
        for name, data in _of_bytes(picture[start : start + window])
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` was found ``where``; never the value itself."""

    what: str
    where: str


class Search:
    """Searches for all forms of some values at once. ``looked_at`` counts bytes."""

    def __init__(self, values: Mapping[str, str], photos: Iterable[bytes] = ()) -> None:
        self._needles: dict[bytes, list[tuple[bytes, str]]] = {}
        self._table = np.zeros((2, 65536), dtype=bool)
        self._clean: set[bytes] = set()  # digests of contents that were looked through: most files stay as they are
        self.looked_at = 0
        self.count = 0
        for name, text in values.items():
            for form, data in forms(text).items():
                self._add(data, f"{name} ({form})")
        for photo in photos:
            for form, data in picture_forms(photo).items():
                self._add(data, form)

    def _add(self, needle: bytes, name: str) -> None:
        known = self._needles.setdefault(needle[:4], [])
        if all(needle != other for other, _ in known):
            known.append((needle, name))
            self.count += 1
            self._clean.clear()
            for half in (0, 1):
                self._table[half][int.from_bytes(needle[2 * half : 2 * half + 2], "little")] = True

    def data(self, data: bytes, where: str) -> list[Finding]:
        """In these bytes, and in what they hold packed by zlib, gzip or Zstandard; and pictures of whatever kind."""
        if not np.frombuffer(data, dtype=np.uint8).any():  # room kept for later: 88 MB of it
            self.looked_at += len(data)
            return []
        digest = hashlib.blake2b(data).digest()
        if digest in self._clean:
            self.looked_at += len(data)
            return []
        found = self._plain(data, where)
        for match in _PACKED.finditer(data):
            packed = data[match.start() : match.start() + _MOST]
            try:
                if match.group()[:1] == b"\x28":
                    inside = zstd.ZstdDecompressor().decompress(packed, max_length=_MOST)
                else:
                    inside = zlib.decompressobj(47 if packed[:1] == b"\x1f" else 15).decompress(packed, _MOST)
            except (zlib.error, zstd.ZstdError):
                continue
            found += self._plain(inside, f"{where}, unpacked at {match.start()}")
        if not found:
            self._clean.add(digest)
        return found

    def _plain(self, data: bytes, where: str) -> list[Finding]:
        self.looked_at += len(data)
        found = [Finding(name, where) for name, pattern in PICTURES.items() if pattern.search(data)]
        if len(data) < SHORTEST:
            return found
        octets = np.frombuffer(data, dtype=np.uint8).astype(np.uint16)
        pairs = octets[:-1] | (octets[1:] << 8)
        for place in np.flatnonzero(self._table[0][pairs[:-2]] & self._table[1][pairs[2:]]):
            for needle, name in self._needles.get(data[place : place + 4], ()):
                if data.startswith(needle, int(place)):
                    found.append(Finding(name, where))
        return found

    def folder(self, folder: Path) -> list[Finding]:
        """Every file below, links not followed, and every name."""
        found = []
        for path in sorted(folder.rglob("*")):
            found += self._plain(os.fsencode(path.name), f"the name {path}")
            if path.is_file() and not path.is_symlink():
                found += self.data(path.read_bytes(), str(path))
        return found

    def process(self, pid: int) -> list[Finding]:
        """What a process shows of itself, and the files it holds open, deleted ones too."""
        root = Path(f"/proc/{pid}")
        found = []
        for name in ("cmdline", "environ", "comm"):
            found += self.data((root / name).read_bytes(), f"{name} of process {pid}")
        for link in (root / "fd").iterdir():
            try:
                if stat.S_ISREG(link.stat().st_mode):
                    found += self.data(link.read_bytes(), f"{os.readlink(link)} held open by process {pid}")
            except OSError:  # closed meanwhile
                continue
        return found
