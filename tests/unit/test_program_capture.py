"""Runs of a foreign program written down and played back: words compared, outputs in their order, ends as they were."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.capture import ReplayMismatch
from devices.transports.capture_file import entries_of
from devices.transports.program import Program, Programs
from devices.transports.program_capture import CapturingPrograms, ReplayPrograms

SPEAKS = "echo out; echo err >&2; printf page > {}/1.part; exit 3"
Run = tuple[int | None, str, str, bytes]


def soon() -> Deadline:
    return Deadline.after(5)


def run(programs: Programs, folder: Path, script: str, words: str = "-c") -> Run:
    """Status, stdout, stderr and what came by the pipe."""
    folder.mkdir()
    os.mkfifo(folder / "1.part")
    pipe = os.open(folder / "1.part", os.O_RDONLY | os.O_NONBLOCK)
    program = programs.start(["/bin/sh", words, script.format(folder)], {}, str(folder))
    try:
        end = soon()
        while (status := program.wait(end.sooner(0.05))) is None and not ("sleep" in script and program.output()):
            assert not end.expired
        page = b""
        while status is not None and (data := programs.read(pipe, 2, "1.part")):
            page += data
        return status, program.output(), program.said(), page
    finally:
        os.close(pipe)
        program.end(Deadline.after(0.2))


def test_a_run_is_written_down_and_played_back_in_another_folder(tmp_path: Path) -> None:
    first = run(CapturingPrograms(tmp_path / "c"), tmp_path / "pipes", SPEAKS)
    assert first == (3, "out\n", "err\n", b"page")
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600
    assert str(tmp_path) not in (tmp_path / "c").read_text()
    programs = ReplayPrograms(tmp_path / "c")
    assert run(programs, tmp_path / "others", SPEAKS) == first
    assert programs.finished


def test_a_run_that_a_signal_ended_or_that_had_to_be_ended_is_played_as_such(tmp_path: Path) -> None:
    scripts = ("kill -SEGV $$", "echo waits; exec sleep 60")
    capturing = CapturingPrograms(tmp_path / "c")
    first = [run(capturing, tmp_path / f"a{number}", script) for number, script in enumerate(scripts)]
    assert [status for status, *_ in first] == [-11, None]
    programs = ReplayPrograms(tmp_path / "c")
    assert [run(programs, tmp_path / f"b{number}", script) for number, script in enumerate(scripts)] == first
    exits = [entry["status"] for entry in entries_of(tmp_path / "c") if entry["dir"] == "exit"]
    assert exits == [-11, None]


def test_the_first_other_word_fails_and_one_run_too_many(tmp_path: Path) -> None:
    run(CapturingPrograms(tmp_path / "c"), tmp_path / "a", SPEAKS)
    programs = ReplayPrograms(tmp_path / "c")
    with pytest.raises(ReplayMismatch, match="run 1, word 1: '-ec', captured '-c'"):
        run(programs, tmp_path / "b", SPEAKS, "-ec")
    with pytest.raises(ReplayMismatch, match="run 1, word 3: 'more', captured 'nothing'"):
        programs.start(["sh", "-c", SPEAKS.format(tmp_path / "b"), "more"], {}, str(tmp_path / "b"))
    run(programs, tmp_path / "d", SPEAKS)
    with pytest.raises(ReplayMismatch, match="run 2: the capture has no more"):
        programs.start(["sh"], {})


def test_a_capture_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    run(CapturingPrograms(tmp_path / "c"), tmp_path / "a", SPEAKS)
    lines = (tmp_path / "c").read_text().splitlines()
    assert json.loads(lines.pop())["dir"] == "exit"
    (tmp_path / "c").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="no whole capture"):
        ReplayPrograms(tmp_path / "c")


def test_a_program_that_is_not_there_leaves_no_half_run(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as error:
        CapturingPrograms(tmp_path / "c").start(["no-such-program"], {})
    assert error.value.code == "program-missing"
    assert not (tmp_path / "c").exists()


def test_a_program_that_is_freed_without_being_ended_has_its_end_written_down(tmp_path: Path) -> None:
    program: Program = CapturingPrograms(tmp_path / "c").start(["sleep", "60"], {})
    program.free()
    program.free()
    assert [entry["dir"] for entry in entries_of(tmp_path / "c")] == ["out", "exit"]
