"""A thief copies the disk of a running terminal: in the middle of visits, before a paper has come out, after the plug.

The copy is every file of the terminal: data folder with -wal and -shm, keys, temporary files, logs. Nobody's data is
found in it in any encoding, nor in what the stolen keys open; the envelopes stay shut to every byte of key that is
there. What the thief does read is written down in kiosk/journal/README.md, table by table.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices.simulators.deck import Card
from devices.simulators.sdt import SdtTwin
from kiosk.backend import Backend, Settings
from kiosk.demo.cabinet import PICTURES
from kiosk.journal import reading
from kiosk.journal.connection import FILE, connect
from kiosk.journal.errors import JournalError
from kiosk.journal.keys import KEY_FILE
from kiosk.journal.person import PersonKey
from kiosk.journal.sealing import item_info, unseal
from tests.crash.terminal_world import TerminalProcess, world
from tests.faults.trace_search import Search
from tests.robot import ANSWERS

README = Path(__file__).resolve().parents[2] / "kiosk" / "journal" / "README.md"
BUSINESS = "individual_business"
MIDDLE = ("form", "sign")
PEOPLE = {
    "resident": {"name": "欧阳若溪明澜", "address": "北京市样例区长乐样例巷121号3幢239室"},
    "elder": {"name": "夏侯景行书白", "address": "杭州市样例区长乐样例巷77号3幢239室"},
}
LARGEST_KEY_FILE = 4096  # bytes: what may be a key is looked for in files up to here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Loot:
    """What the thief has, and what the test knows beside it."""

    copies: list[Path]
    backend: Path
    search: Search

    @property
    def last(self) -> Path:
        return self.copies[-1]


def cards() -> Mapping[str, Card]:
    """As they lie on the twin: with its pictures, because cards without them bear other numbers."""
    return SdtTwin("deck", transport="usb", pictures=PICTURES).deck


def values() -> dict[str, str]:
    found = dict(ANSWERS)
    deck = cards()
    for role, fields in PEOPLE.items():
        document = deck[role].document
        found |= {f"{role} {key}": value for key, value in fields.items()}
        found |= {f"{role} number": document.number, f"{role} birth": f"{document.birth:%Y-%m-%d}"}
    return found


@pytest.fixture(scope="module")
def loot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loot]:
    folder = tmp_path_factory.mktemp("stolen")
    copies: list[Path] = []
    with world(folder) as demo:
        life = TerminalProcess(demo, folder)

        def steal(moment: str) -> None:
            """Everything that lies on the terminal's disk at this moment, file by file."""
            copies.append(folder / "loot" / f"{len(copies)}-{moment}")
            copies[-1].mkdir(parents=True)
            for name in ("data", "private"):  # the journal's reserve is room and nothing else: 88 MB of zeros each time
                subprocess.run(["cp", "-a", "--sparse=always", folder / name, copies[-1]], check=True, timeout=60)
            shutil.copy(life.errors, copies[-1])

        try:
            assert life.wait(lambda words: "ready" in words)
            for page in MIDDLE:
                do(life, "visit", BUSINESS, "resident", "later", page)
                steal(page)
                life.forget()
                life.order("end", manner="quit")
                assert life.wait(lambda words: words.get("done") == "end")
            do(life, "visit", BUSINESS, "resident", "face", "farewell")
            steal("saved")
            life.forget()
            life.order("visit_over")
            assert life.wait(lambda words: words.get("done") == "visit_over")
            demo.control.do("network", "off")
            demo.control.do("receipt_printer", "paper-out")
            do(life, "visit", "pension_verification", "elder", "later", "trouble")
            steal("printing")
        finally:
            life.kill()
        steal("unplugged")
        yield Loot(copies, folder / "backend", Search(values()))


def do(life: TerminalProcess, order: str, service: str, card: str, way: str, stop: str) -> None:
    life.forget()
    life.order(order, service=service, card=card, way=way, stop=stop, **PEOPLE[card])
    assert life.wait(lambda words: words.get("done") == order), life.errors.read_text()


def opened(copy: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a stolen journal, as the stolen key shows it."""
    key = (copy / "data" / "journal" / KEY_FILE).read_bytes()
    with reading.reading(copy / "data" / "journal", key) as connection:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row[0].startswith("sqlite_")
        ]
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def sealed_cases(copy: Path) -> list[tuple[str, list[bytes]]]:
    """Id and sealed parts of each case, the envelope first, as `kiosk journal export` gives them."""
    key = (copy / "data" / "journal" / KEY_FILE).read_bytes()
    out = io.BytesIO()
    with reading.reading(copy / "data" / "journal", key) as connection:
        reading.export(connection, out)
    found = []
    for item in map(json.loads, out.getvalue().splitlines()):
        if item["kind"] == "case":
            texts = [item["sealed"], *(attachment["data"] for attachment in item["attachments"])]
            found.append((item["id"], [base64.b64decode(text) for text in texts]))
    return found


def keys_there(copy: Path) -> set[bytes]:
    """Every 32 bytes in a row, of every small file and every text of the opened journal, in its usual forms."""
    found: set[bytes] = set()
    for file in (file for file in copy.rglob("*") if file.is_file() and file.stat().st_size <= LARGEST_KEY_FILE):
        data = file.read_bytes()
        found |= {data[at : at + 32] for at in range(len(data) - 31)}
    for key, value in opened(copy)["meta"]:
        found |= set(_decoded(f"{key} {value}"))
    return found


def _decoded(text: str) -> Iterator[bytes]:
    for word in re.findall(r"[0-9a-f]{64}", text):
        yield bytes.fromhex(word)
    for word in re.findall(r"[A-Za-z0-9+/]{43}=", text):
        yield base64.b64decode(word)


def test_every_file_of_the_terminal_is_in_the_copy(loot: Loot) -> None:
    assert len(loot.copies) == len(MIDDLE) + 3
    for copy in loot.copies:
        there = {file.name for file in copy.rglob("*")}
        assert {FILE, f"{FILE}-wal", KEY_FILE, "terminal.key", "terminal.stderr"} <= there
        assert (copy / "data" / "journal" / f"{FILE}-wal").stat().st_size > 0


def test_nobody_is_found_in_it_in_any_encoding(loot: Loot) -> None:
    for copy in loot.copies:
        assert loot.search.folder(copy) == []
    assert loot.search.looked_at > 5_000_000


def test_nobody_is_found_in_what_the_stolen_key_opens(loot: Loot, tmp_path: Path) -> None:
    """The whole journal in clear, once as its rows and once as a database without encryption."""
    for copy in (loot.copies[0], loot.copies[len(MIDDLE)], loot.last):
        for table, rows in opened(copy).items():
            for row in rows:
                for value in row:
                    data = value if isinstance(value, bytes) else str(value).encode()
                    assert loot.search.data(data, f"{table} of {copy.name}") == []
    assert len(sealed_cases(loot.last)) == 2, "both cases are there, so something could have been found"
    plain = tmp_path / "plain"
    shutil.copytree(loot.last / "data" / "journal", plain)
    connection = connect(plain / FILE, (plain / KEY_FILE).read_bytes())
    connection.execute("ATTACH DATABASE ? AS clear KEY ''", (str(tmp_path / "clear.db"),))
    connection.execute("SELECT sqlcipher_export('clear')")
    connection.execute("DETACH DATABASE clear")
    connection.close()
    with closing(sqlite3.connect(tmp_path / "clear.db")) as clear:
        assert clear.execute("SELECT count(*) FROM audit").fetchone()[0] > 10
    assert loot.search.folder(tmp_path) == []


def test_no_key_that_is_there_opens_an_envelope_and_the_backends_does(loot: Loot) -> None:
    cases = sealed_cases(loot.last)
    terminal_id = _terminal_id(loot.last)
    tried = keys_there(loot.last)
    assert (loot.last / "data" / "journal" / KEY_FILE).read_bytes() in tried
    assert (loot.last / "data" / "terminal.key").read_bytes() in tried
    for case_id, parts in cases:
        for part, sealed in enumerate(parts):
            for key in tried:
                with pytest.raises(JournalError, match="sealed"):
                    unseal(sealed, key, item_info(terminal_id, case_id, part))
    backend = Backend(Settings(str(loot.backend / "backend.db"), str(loot.backend / "blobs")))
    try:
        owner = backend.keys.current.sealing_private
    finally:
        backend.close()
    first = unseal(cases[0][1][0], owner, item_info(terminal_id, cases[0][0]))
    assert loot.search.data(first, "an envelope that its owner has opened") != [], "the name is inside, under this seal"


def test_a_list_of_numbers_opens_what_nobody_has_collected_and_nothing_else(loot: Loot) -> None:
    """The known limit, shown: who guesses the document's number gets that person's uncollected papers. No envelope."""
    tables = opened(loot.last)
    pepper = bytes.fromhex(dict(tables["meta"])["person.pepper"])
    kept = [(row[1], row[4]) for row in tables["kept_papers"]]
    number = cards()["elder"].document.number
    person = PersonKey.derive(pepper, number)
    theirs = [sealed for claim, sealed in kept if claim == person.claim]
    assert theirs, "a paper waits for this person"
    assert "receipt" in {json.loads(person.open(sealed)).get("paper", {}).get("kind") for sealed in theirs}, (
        "and it is read"
    )
    other = PersonKey.derive(pepper, cards()["minority"].document.number)
    assert [claim for claim, _ in kept if claim == other.claim] == []
    for _, sealed in kept:
        with pytest.raises(JournalError):
            other.open(sealed)
    for case_id, parts in sealed_cases(loot.last):
        with pytest.raises(JournalError):
            unseal(parts[0], person.key, item_info(_terminal_id(loot.last), case_id))


def test_what_a_thief_reads_is_written_down_table_by_table(loot: Loot) -> None:
    section = README.read_text(encoding="utf-8").partition("## What a thief gets")[2].partition("\n## ")[0]
    assert section
    missing = [table for table in opened(loot.last) if f"`{table}`" not in section]
    assert missing == []


def _terminal_id(copy: Path) -> str:
    return str(json.loads(dict(opened(copy)["meta"])["sync.enrolment"])["terminal_id"])
