"""The search that the no-trace tests rely on finds what is there: each encoding, packed, in names, held open."""

from __future__ import annotations

import gzip
import os
import random
import tempfile
import zlib
from pathlib import Path

import pytest
from backports import zstd

from devices.simulators.portrait import card_portrait
from tests.faults.trace_search import Search, forms, picture_forms

VALUES = {"name": "欧阳若溪明澜", "number": "110105198904103440", "phone": "13800000000", "shop": "晨光小面馆"}
CASES = [(value, form) for value in VALUES for form in forms(VALUES[value])]


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(VALUES, [card_portrait()])


@pytest.mark.parametrize(("value", "form"), CASES)
def test_each_encoding_is_found_between_bytes_of_chance(search: Search, tmp_path: Path, value: str, form: str) -> None:
    chance = random.Random(f"{value} {form}")
    around = chance.randbytes(chance.randint(1000, 3000))
    (tmp_path / "file").write_bytes(around + forms(VALUES[value])[form] + around)
    assert any(finding.what.startswith(value) for finding in search.folder(tmp_path))


@pytest.mark.parametrize("skip", range(3))
@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "gb18030"])
def test_base64_is_found_wherever_the_value_begins_in_it(search: Search, skip: int, charset: str) -> None:
    import base64

    text = base64.b64encode(b"x" * (skip + 3) + VALUES["name"].encode(charset) + b"yyyyy")
    assert search.data(text, "here")


def test_each_piece_of_the_photograph_is_found(search: Search) -> None:
    picture = card_portrait()
    pieces = picture_forms(picture)
    assert len(pieces) > 80
    assert all(search.data(b"\0" + piece + b"\0", "here") for piece in pieces.values())
    assert search.data(picture[100:400], "a part of it")


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, zstd.compress])
def test_it_looks_into_packed_streams(search: Search, pack: object) -> None:
    packed = pack(("{" + VALUES["name"] + "}").encode() * 3 + Path(__file__).read_bytes())  # type: ignore[operator]  # both take bytes
    assert not search._plain(packed, "here")
    assert search.data(os.urandom(100) + packed + os.urandom(100), "here")


def test_it_looks_at_names_and_at_deleted_files_held_open(search: Search, tmp_path: Path) -> None:
    (tmp_path / f"{VALUES['number']}.txt").touch()
    assert search.folder(tmp_path)
    with tempfile.TemporaryFile(dir=tmp_path) as file:
        file.write(VALUES["name"].encode())
        file.flush()
        assert any("deleted" in finding.where for finding in search.process(os.getpid()))


def test_pictures_of_whatever_kind_are_noticed(search: Search) -> None:
    for begin in (b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"RIFF\0\0\0\0WEBPVP8 ", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"):
        assert search.data(b"\0" * 9 + begin, "here")


def test_bytes_of_chance_and_zeros_are_not_taken_for_a_person(search: Search) -> None:
    assert search.data(random.Random(724).randbytes(8_000_000), "chance") == []
    assert search.data(bytes(1_000_000), "zeros") == []
