"""The journal's pages without SQLite: for a file that SQLite does not open any more, or opens only up to the damage.

A page is believed by its own HMAC and by nothing else, wherever in the file or its log it stands, so neither the schema
nor a tree has to be whole. What is read are leaves: each row says by its shape which table it belongs to.

Formats: https://www.sqlite.org/fileformat2.html (1.6 b-tree pages, 2.1 record format, 4 the log) and SQLCipher 4
(a page ends with IV, 16 bytes, and HMAC-SHA256, 32, over ciphertext, IV and page number; page 1 begins with the salt).
"""

from __future__ import annotations

import hashlib
import hmac
import mmap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

PAGE = 4096
SALT = 16
_IV, _MAC = 16, 32
_SEALED = PAGE - _IV - _MAC  # bytes of a page that are ciphertext
_USABLE = PAGE - 80  # of which SQLite uses these: byte 20 of page 1 says 80, what SQLCipher reserves for its own HMAC
_LOG_HEADER, _FRAME_HEADER, _LOG_MAGIC = 32, 24, 0x377F0682
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER = 0x0D, 0x0A, 0x02
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # serial type -> bytes


class Missing:
    """Stands for a value whose bytes cannot be read."""


MISSING = Missing()


class Record(NamedTuple):
    """A row or an index entry: ``rowid`` 0 for an entry; texts as bytes; MISSING where the bytes are gone."""

    rowid: int
    values: tuple[Any, ...]
    current: bool  # stands on the newest version of its page
    torn: bool  # stands in a last transaction that is not whole: perhaps it was never confirmed to anybody
    place: tuple[int, int]  # for ``Pages.again``


class _Version(NamedTuple):
    """One stored version of a page."""

    number: int
    data: memoryview
    torn: bool = False


class Pages:
    """All versions of all pages whose HMAC holds, the file's first, then the log's in their order.

    ``salts``: what may be the file's salt, best guess first; one of them is chosen by the first page that it fits.
    """

    def __init__(self, file: Path, log: Path | None, key: bytes, salts: Iterable[bytes]) -> None:
        main = _mapped(file)
        frames, ends = _frames(_mapped(log))
        stored = [_Version(at // PAGE + 1, main[at : at + PAGE]) for at in range(0, len(main) - PAGE + 1, PAGE)]
        own = [bytes(page.data[:SALT]) for page in (*stored[:1], *frames) if page.number == 1]
        self._key, self._mac_key = key, b""
        self.good: list[_Version] = []
        for salt in (*salts, *own):
            self._mac_key = _mac_key(key, salt)
            if len(salt) == SALT and any(map(self._holds, (*stored, *frames))):
                self.good = [page for page in stored if self._holds(page)] + self._finished(frames, ends)
                break
        self.damaged = len(stored) - sum(map(self._holds, stored))
        self._newest = {page.number: page for page in self.good}
        self._settled = {page.number: page for page in self.good if not page.torn}

    def _finished(self, frames: list[_Version], ends: list[int]) -> list[_Version]:
        """The frames that hold, without those behind the last end of a transaction."""
        last = frames[ends[-2] : ends[-1]] if len(ends) > 1 else []
        whole = all(map(self._holds, last))
        kept = frames[: ends[-1] - len(last)] + [page if whole else page._replace(torn=True) for page in last]
        return [page for page in kept if self._holds(page)]

    def _holds(self, page: _Version) -> bool:
        begin = SALT if page.number == 1 else 0
        mac = hmac.new(self._mac_key, page.data[begin:-_MAC], hashlib.sha256)
        mac.update(page.number.to_bytes(4, "little"))
        return hmac.compare_digest(mac.digest(), page.data[-_MAC:])

    def _plain(self, page: _Version) -> bytes:
        """The page as SQLite sees it; the first 16 bytes of page 1, which never change, are left as zeros."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        begin = SALT if page.number == 1 else 0
        cipher = Cipher(algorithms.AES(self._key), modes.CBC(bytes(page.data[_SEALED:-_MAC]))).decryptor()
        return bytes(begin) + cipher.update(page.data[begin:_SEALED]) + cipher.finalize()

    def rows(self) -> Iterator[Record]:
        """Every row of a table with rowids, older versions first: the last of a rowid is the newest."""
        for index, page, data in self._of(_TABLE_LEAF):
            for at in _cells(data, page.number):
                yield from self._cell(index, data, at)

    def entries(self) -> Iterator[Record]:
        """Every row of a table without rowid, and of every index, in the same order."""
        for index, page, data in self._of(_INDEX_LEAF, _INDEX_INNER):
            skip = 4 if data[_header(page.number)] == _INDEX_INNER else 0  # there a cell begins with its left child
            for at in _cells(data, page.number):
                yield from self._cell(index, data, at + skip, entry=True)

    def again(self, place: tuple[int, int]) -> Record:
        """The row that came from there: so that nobody has to keep its bytes."""
        return next(self._cell(place[0], self._plain(self.good[place[0]]), place[1]))

    def _of(self, *kinds: int) -> Iterator[tuple[int, _Version, bytes]]:
        for index, page in enumerate(self.good):
            data = self._plain(page)
            if data[_header(page.number)] in kinds:
                yield index, page, data

    def _cell(self, index: int, data: bytes, begin: int, *, entry: bool = False) -> Iterator[Record]:
        page = self.good[index]
        try:
            size, at = _varint(data, begin)
            rowid = 0
            if not entry:
                rowid, at = _varint(data, at)
            values = _values(self._payload(data, at, size, self._newest if page.torn else self._settled, entry), size)
        except (IndexError, ValueError):
            return  # no cell: a page that is not what its first byte says
        yield Record(rowid, values, self._settled.get(page.number) is page, page.torn, (index, begin))

    def _payload(self, data: bytes, at: int, size: int, pages: Mapping[int, _Version], entry: bool) -> bytes:
        """All bytes of a cell, as far as its chain of overflow pages can be followed."""
        most = (_USABLE - 12) * 64 // 255 - 23 if entry else _USABLE - 35
        if size <= most:
            return data[at : at + size]
        least = (_USABLE - 12) * 32 // 255 - 23
        local = least + (size - least) % (_USABLE - 4)
        local = local if local <= most else least
        found = [data[at : at + local]]
        following, left = int.from_bytes(data[at + local : at + local + 4]), size - local
        while left > 0 and (page := pages.get(following)) is not None:
            more = self._plain(page)
            found.append(more[4 : 4 + min(left, _USABLE - 4)])
            following, left = int.from_bytes(more[:4]), left - (_USABLE - 4)
        return b"".join(found)


def _mapped(file: Path | None) -> memoryview:
    """The bytes of a file; none where there is none."""
    if file is None or not file.exists() or not file.stat().st_size:
        return memoryview(b"")
    with file.open("rb") as opened:
        return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))


def _mac_key(key: bytes, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", key, bytes(byte ^ 0x3A for byte in salt), 2, 32)


def _frames(log: memoryview) -> tuple[list[_Version], list[int]]:
    """The frames of the log's last generation, and how many there are up to each end of a transaction (0 first)."""
    frames, ends = [], [0]
    length = _FRAME_HEADER + PAGE
    magic = int.from_bytes(log[:4]) & ~1
    salts = log[16:24] if magic == _LOG_MAGIC else log[_LOG_HEADER + 8 : _LOG_HEADER + 16]
    for at in range(_LOG_HEADER, len(log) - length + 1, length):
        number, size = int.from_bytes(log[at : at + 4]), int.from_bytes(log[at + 4 : at + 8])
        if number and log[at + 8 : at + 16] == salts:
            frames.append(_Version(number, log[at + _FRAME_HEADER : at + length]))
            if size:
                ends.append(len(frames))
    return frames, ends


def _header(number: int) -> int:
    return 100 if number == 1 else 0


def _cells(data: bytes, number: int) -> Iterator[int]:
    """Where the cells of a b-tree page begin."""
    begin = _header(number)
    first = begin + (12 if data[begin] == _INDEX_INNER else 8)
    for place in range(int.from_bytes(data[begin + 3 : begin + 5])):
        at = int.from_bytes(data[first + 2 * place : first + 2 * place + 2])
        if first <= at < _USABLE:
            yield at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(8):
        byte = data[at + count]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    return value << 8 | data[at + 8], at + 9


def _values(payload: bytes, size: int) -> tuple[Any, ...]:
    length, at = _varint(payload, 0)
    if not 0 < length <= size:
        raise ValueError("no record")
    types = []
    while at < length:
        kind, at = _varint(payload, at)
        types.append(kind)
    values: list[Any] = []
    for kind in types:
        width = _INTEGERS.get(kind, 8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else 0)
        raw = payload[at : at + width]
        at += width
        if len(raw) < width:
            values.append(MISSING)
        elif kind >= 12:
            values.append(raw)
        elif kind in _INTEGERS:
            values.append(int.from_bytes(raw, signed=True))
        else:
            values.append({8: 0, 9: 1}.get(kind))  # 0 is NULL; a float (7) occurs nowhere in the journal
    return tuple(values)
