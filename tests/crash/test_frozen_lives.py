"""A part of the terminal stands still: it is seen, the terminal is ended and begun anew, nothing of the visit is left.

Real processes under the real guard: window, core, journal and all of them. In the ordinary run the watchdog's interval
is shorter, so that little time is waited; KIOSK_PEER_WATCHDOG=1 takes the real one and holds it to the promise: seen
within 10 s, the start screen within 20 s.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.health import watchdog
from kiosk.journal import reading
from kiosk.journal.keys import load_or_create_key
from tests.crash.terminal_world import TerminalProcess, look, marked, until, world

REAL = os.environ.get("KIOSK_PEER_WATCHDOG") == "1"
INTERVAL = watchdog.WATCHDOG if REAL else 3.0
SEEN, BACK = (10.0, 20.0) if REAL else (10.0, 40.0)  # s; the ordinary run goes on beside others
PENSION = {"service": "pension_verification", "card": "elder", "way": "later"}
KINDS = [
    # what stands still, the failpoint, on which page of a visit, new cases
    ("window", "window.beat=hang", "review", 0),
    ("core", "core.sign=hang", "outcome", 1),
    ("journal", "journal.middle=hang", "committing", 0),  # in the middle of the transaction
]
if REAL:
    KINDS.append(("process", "window.beat=pause", "review", 0))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TerminalProcess, Path]]:
    folder = tmp_path_factory.mktemp("frozen")
    with world(folder) as demo:
        within = (sys.executable, "-m", "kiosk.cli", "guard", "--watchdog", str(INTERVAL), "--")
        process = TerminalProcess(demo, folder, module="tests.crash.frozen_child", within=within)
        try:
            yield process, folder
            process.process.send_signal(signal.SIGTERM)
            assert process.process.wait(40) == 0, "asked to end, terminal and guard end in good order"
            assert marked(process.mark) == {}
        finally:
            process.kill()


@pytest.mark.parametrize(("part", "points", "page", "cases"), KINDS, ids=[kind[0] for kind in KINDS])
def test_a_part_that_stands_still_is_seen_and_the_terminal_is_back(
    guarded: tuple[TerminalProcess, Path], part: str, points: str, page: str, cases: int
) -> None:
    terminal, folder = guarded
    assert terminal.wait(lambda words: "ready" in words, 60)
    before = len(look(folder)[1])
    told_before = frozen(folder)
    errors = terminal.errors.read_text() if terminal.errors.exists() else ""
    terminal.forget()
    if page == "committing":
        terminal.order("arm", points=points)
        terminal.order("visit", stop="outcome", **PENSION)
        assert terminal.wait(lambda words: words.get("page") == page, 60)
    else:
        terminal.order("visit", stop=page, **PENSION)
        assert terminal.wait(lambda words: words.get("done") == "visit", 60)
        terminal.order("arm", points=points)
        assert terminal.wait(lambda words: "armed" in words, 20)
    old = set(marked(terminal.mark)) - {terminal.process.pid}
    assert old
    terminal.forget()
    began = time.monotonic()
    if part != "process":
        assert until(lambda: f"frozen: {part}" in terminal.errors.read_text()[len(errors) :], SEEN)
    else:
        assert until(lambda: "it said nothing any more" in terminal.errors.read_text()[len(errors) :], SEEN)
    seen = time.monotonic() - began
    assert terminal.wait(lambda words: words.get("page") == "attract", BACK)
    back = time.monotonic() - began
    print(f"\n{part}: seen after {seen:.1f} s, start screen after {back:.1f} s (interval {INTERVAL:g} s)")
    assert back < BACK
    assert terminal.pages[-2:] == ["recovering", "attract"]
    assert not old & set(marked(terminal.mark)), "nothing of the life before is left"
    assert terminal.wait(lambda words: "ready" in words, 60)
    report, rows, _ = look(folder)
    assert report.problems == ()
    assert len(rows) - before == cases
    assert not list((folder / "data" / "scratch").iterdir())
    assert not list((folder / "data").rglob("*.webp"))
    assert frozen(folder) == [*told_before, part]
    assert not (folder / "data" / watchdog.FILE).exists()


def test_a_restart_in_good_order_is_no_silence(guarded: tuple[TerminalProcess, Path]) -> None:
    """The same process begins anew: nobody feeds the watchdog meanwhile, and nobody takes that for a freeze."""
    terminal, folder = guarded
    assert terminal.wait(lambda words: "ready" in words, 60)
    told_before = frozen(folder)
    errors = len(terminal.errors.read_text())
    (life, *_) = [words["life"] for words in reversed(terminal.said) if "life" in words]
    terminal.forget()
    terminal.order("begin_anew")
    assert terminal.wait(lambda words: "ready" in words, 60)
    assert [words["life"] for words in terminal.said if "life" in words] == [life]
    assert "kiosk guard:" not in terminal.errors.read_text()[errors:]
    assert frozen(folder) == told_before


def frozen(folder: Path) -> list[str]:
    """What the audit log says of lives that stood still."""
    journal = folder / "data" / "journal"
    with reading.reading(journal, load_or_create_key(journal)) as connection:
        rows = connection.execute("SELECT details FROM audit WHERE event = 'terminal.frozen' ORDER BY seq").fetchall()
    return [json.loads(row[0])["part"] for row in rows]
