"""The bench tool as a person or a script at the terminal calls it, through a real pcscd."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.drivers.emrtd.__main__ import main
from tests.wire import travel_papers
from tests.wire.pcsc_room import PcscRoom

PAPER = travel_papers.document("passport", image="jpeg2000")
KEY = travel_papers.key(PAPER)
SECRETS = (KEY.number, KEY.birth, KEY.expiry, PAPER.can)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscRoom]:
    with PcscRoom(tmp_path_factory.mktemp("room")) as room:
        room.insert(travel_papers.CHIP, role="passport", image="jpeg2000", pace="AES-128")
        yield room


@pytest.fixture
def csca(tmp_path: Path) -> Path:
    (tmp_path / "csca").mkdir()
    (tmp_path / "csca" / "utopia.cer").write_bytes(PAPER.csca)
    return tmp_path / "csca"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "zone.txt"
    file.write_text(travel_papers.zone(PAPER), encoding="ascii")
    return file


def run(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "devices.drivers.emrtd", *map(str, arguments)]
    return subprocess.run(command, input=stdin.encode(), capture_output=True, timeout=60, check=False)


def bench_tool(*arguments: object, stdin: str = "") -> tuple[int, dict[str, Any]]:
    done = run(*arguments, "--json", stdin=stdin)
    assert done.stderr == b""
    (line,) = done.stdout.decode("utf-8").splitlines()
    report: dict[str, Any] = json.loads(line)
    return done.returncode, report


def test_read_prints_every_item_of_the_document(room: PcscRoom, csca: Path, page: Path) -> None:
    code, report = bench_tool("read", "--port", room.readers[0], "--mrz-file", page, "--csca", csca)
    who = PAPER.traveller
    assert code == 0, report
    assert (report["kind"], report["number"], report["surname"]) == ("passport", who.number, who.surname)
    assert (report["birth"], report["expiry"]) == (who.birth.isoformat(), who.expiry.isoformat())
    assert report["sex_name"] in ("男", "女")
    assert report["authenticity"] == {"verdict": "authentic", "issuer": "UT"}
    photo = PAPER.files[0x0102]
    image = photo[photo.index(b"\x00\x00\x00\x0cjP  ") :]
    assert report["photo"] == {"encoding": "jp2", "bytes": len(image), "sha256": hashlib.sha256(image).hexdigest()}
    assert report["ms"] > 0


def test_the_zone_may_come_by_standard_input_and_the_key_by_fields_or_number(room: PcscRoom, csca: Path) -> None:
    fields = ("--document-number", KEY.number, "--birth", KEY.birth, "--expiry", KEY.expiry)
    for key in (("--mrz-file", "-"), fields, ("--can", PAPER.can)):
        code, report = bench_tool("read", "--port", room.readers[0], *key, stdin=travel_papers.zone(PAPER))
        assert (code, report["number"]) == (0, PAPER.traveller.number)
        assert report["authenticity"] == {"verdict": "untrusted", "reason": "no-csca"}


def test_a_wrong_key_is_an_error_with_advice_that_repeats_no_key(room: PcscRoom, page: Path) -> None:
    other = KEY.birth[:-1] + ("0" if KEY.birth[-1] != "0" else "1")
    fields = ("--document-number", KEY.number, "--birth", other, "--expiry", KEY.expiry)
    done = run("read", "--port", room.readers[0], *fields, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["error"]["code"], bool(report["error"]["advice"])) == (1, "wrong-key", True)
    page.write_text(travel_papers.zone(PAPER).replace(KEY.birth, other), encoding="ascii")
    torn = run("read", "--port", room.readers[0], "--mrz-file", page, "--json")
    assert (torn.returncode, json.loads(torn.stdout)["error"]["code"]) == (1, "key-malformed")
    for word in (*SECRETS, other):
        assert word.encode() not in done.stdout + done.stderr + torn.stdout + torn.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("read",),
        ("read", KEY.number),
        ("read", "--document-number", KEY.number, "--birth", KEY.birth),
        ("read", "--can", PAPER.can, "--mrz-file", "-"),
        ("read", "--documentnumber", KEY.number),
        (KEY.number,),
        ("status", "--groups", "17"),
        ("status", "--timeout", KEY.birth + "x"),
    ],
    ids=str,
)
def test_wrong_usage_repeats_nothing_that_was_typed(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert "usage:" in said.err
    assert not any(word in said.err for word in SECRETS)


def test_a_missing_file_is_an_error(room: PcscRoom, tmp_path: Path) -> None:
    code, report = bench_tool("read", "--port", room.readers[0], "--mrz-file", tmp_path / "nowhere")
    assert (code, report["error"]["code"]) == (1, "key-malformed")


def test_status_and_self_test(room: PcscRoom, csca: Path) -> None:
    code, report = bench_tool("status", "--port", room.readers[0], "--csca", csca)
    assert (code, report["state"], report["faults"], report["csca_countries"]) == (0, "online", [], "1")
    code, report = bench_tool("status", "--port", room.readers[0])
    assert [fault["code"] for fault in report["faults"]] == ["no-csca"]
    code, report = bench_tool("selftest", "--port", room.readers[0], "--level", "external")
    assert (code, report["passed"]) == (0, True)


def test_no_document_in_time_is_an_error_with_advice(room: PcscRoom, page: Path) -> None:
    code, report = bench_tool("read", "--port", room.readers[1], "--mrz-file", page, "--timeout", "1.2")
    assert (code, report["error"]["code"], report["error"]["retryable"]) == (1, "no-card", True)


def test_a_missing_reader_is_an_error_with_advice(room: PcscRoom) -> None:
    code, report = bench_tool("status", "--port", "No such reader")
    assert (code, report["error"]["code"]) == (1, "port-missing")


def test_a_capture_of_the_conversation_replays(room: PcscRoom, page: Path, tmp_path: Path) -> None:
    capture = tmp_path / "read.jsonl"
    code, _ = bench_tool("read", "--port", room.readers[0], "--mrz-file", page, "--capture", capture)
    entries = [json.loads(line) for line in capture.read_text(encoding="ascii").splitlines()]
    assert code == 0
    assert entries[0]["dir"] == "atr"
    assert {entry["dir"] for entry in entries[1:]} == {"out", "in"}
