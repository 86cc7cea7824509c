"""A bench row keeps or breaks its limit, and an interleaved run is fair to both."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bench import commands, processes
from kiosk.bench.reading import rows_of
from kiosk.bench.registry import BENCHES, Bench
from kiosk.bench.rows import Row, compare, interleave

ROOT = Path(__file__).resolve().parents[2]


def row(*, ours: float = 1.0, ratio: float | None = None, limit: float | None = None) -> Row:
    return Row(work="w", reference=None, ours=ours, ratio=ratio, limit=limit, unit="ms")


def test_a_limit_bounds_the_ratio() -> None:
    assert row(ours=900, ratio=1.04, limit=1.05).ok
    assert not row(ours=1, ratio=1.06, limit=1.05).ok


def test_without_a_reference_the_limit_bounds_the_figure_itself() -> None:
    assert row(ours=349, limit=350).ok
    assert not row(ours=351, limit=350).ok


def test_a_row_without_a_limit_cannot_fail() -> None:
    assert row(ours=1e9).ok


def test_plain_values_become_a_row_and_back() -> None:
    read = Row.of({"work": "read", "reference": 100, "ours": 102, "limit": 1.05, "unit": "ms", "rounds": 9})
    assert read.ratio == pytest.approx(1.02)
    assert Row.of(read.as_json()) == read


def test_both_take_turns_and_go_first_equally_often() -> None:
    turns: list[str] = []

    def reference() -> float:
        turns.append("r")
        return 2.0

    def ours() -> float:
        turns.append("o")
        return 3.0

    theirs, own = interleave(reference, ours, 4, warm_up=0)
    assert "".join(turns) == "roorroor"
    assert (theirs, own) == ([2.0] * 4, [3.0] * 4)


def test_a_comparison_takes_medians() -> None:
    readings = iter([1.0, 100.0, 1.0])
    result = compare("w", lambda: 2.0, lambda: next(readings), 3, limit=0.6, warm_up=0)
    assert (result.reference, result.ours, result.ratio, result.ok) == (2000.0, 1000.0, 0.5, True)


def test_an_unknown_bench_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run("nonsense", as_json=True) == 2
    assert "startup" in capsys.readouterr().err


def test_a_bench_that_fails_is_told_and_not_passed() -> None:
    outcome = commands.measured(Bench("nonsense", "kiosk.nonsense:measure", "cannot be", 30))
    assert not outcome.ok
    assert "exit status 1" in outcome.error
    assert commands.report([outcome])["ok"] is False


def test_names_are_unique() -> None:
    assert len({bench.name for bench in BENCHES}) == len(BENCHES)


def test_the_registry_imports_no_bench() -> None:
    script = "import sys, kiosk.bench.commands; print([m for m in sys.modules if 'simulators' in m or m == 'ui'])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=30)
    assert run.stdout.strip() == "[]", run.stderr


CHILD = """
import subprocess, sys
inner = subprocess.Popen([sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"], stdin=-1)
block = bytearray(b"x") * 20_000_000
sys.stdin.read()
inner.communicate()
"""


def test_a_tree_is_counted_with_its_children_and_without_those_set_apart() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        outer, inner = processes.tree(child.pid)
        used = processes.usage(child.pid)
        alone = processes.usage(child.pid, without=frozenset({inner}))
        assert [pid for pid, _, _ in used.processes] == [child.pid, inner] == [outer, inner]
        assert used.memory > 20_000_000
        assert 0 < alone.memory < used.memory
        assert used.threads >= 2
        assert used.descriptors >= 6
        assert used.cpu >= alone.cpu > 0
        child.stdin.close()  # type: ignore[union-attr]  # a pipe was asked for
    assert child.returncode == 0


def test_a_process_that_ended_counts_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert processes.usage(child.pid).memory == 0


def test_json_names_the_bench_of_each_row() -> None:
    outcome = commands.Outcome(BENCHES[0], (row(limit=2.0),))
    report = json.loads(json.dumps(commands.report([outcome])))
    assert report["ok"] is True
    assert report["rows"][0]["bench"] == BENCHES[0].name


def test_a_mapping_with_words_and_figures_becomes_a_row() -> None:
    said = {"work": "commit", "reference": "raw", "ours": "journal", "reference_us": 100, "ours_us": 120, "ratio": 1.2}
    (read,) = rows_of(said | {"limit": 1.3})
    assert (read.reference, read.ours, read.ratio, read.unit, read.ok) == (100.0, 120.0, 1.2, "us", True)
    assert read.notes == "journal; against: raw"


def test_a_limit_of_none_informs_even_where_the_registry_has_one() -> None:
    said = {"work": "w", "reference": "r", "ours": "o", "reference_us": 1, "ours_us": 9, "ratio": 9.0, "limit": None}
    assert [result.ok for result in rows_of(said, limit=1.05)] == [True]


def test_the_time_on_the_wire_is_what_the_limit_bounds() -> None:
    said = {"work": "card", "reference": "plain", "wire_ms": 100, "reference_ms": 120, "ours_ms": 121, "ratio": 1.01}
    wire, plain = rows_of(said, limit=1.05)
    assert (wire.reference, wire.ratio, wire.ok) == (100.0, 1.21, False)
    assert (plain.reference, plain.limit, plain.ok) == (120.0, None, True)


def test_a_second_fsync_breaks_the_limit() -> None:
    said = {"work": "commit", "reference": "raw", "ours": "j", "reference_us": 1, "ours_us": 1, "ratio": 1.0}
    assert [result.ok for result in rows_of(said | {"fsyncs": 1})] == [True, True]
    assert [result.ok for result in rows_of(said | {"fsyncs": 2})] == [True, False]
