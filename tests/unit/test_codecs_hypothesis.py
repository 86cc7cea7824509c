"""Every codec under Hypothesis: whatever comes in, only its own errors come out, in bounded time and memory.

``KIOSK_FUZZ_EXAMPLES`` says how many examples each target gets (200 where it is not set).
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.fuzz.__main__ import main
from devices.fuzz.edits import KINDS, LIES, MOST, Edit, draw_input, spoil
from devices.fuzz.registry import targets
from devices.fuzz.run import fire, keep
from devices.fuzz.target import Loaded, Missing, Target

LONG = "KIOSK_FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("KIOSK_FUZZ_EXAMPLES", "200"))
TOGETHER = 10
ROOT = Path(__file__).resolve().parents[2]
FUZZ = ROOT / "devices" / "fuzz"
DRIVERS = sorted(file.parent.name for file in (ROOT / "devices" / "drivers").glob("*/protocol.py"))
TARGETS = {target.name: target for target in targets()}

edits = st.builds(
    Edit,
    st.sampled_from(KINDS),
    st.integers(0, MOST - 1),
    st.integers(0, 255) | st.sampled_from(LIES),
    st.sampled_from((1, 2, 4, -2, -4)),
)


@cache
def loaded(name: str) -> Loaded:
    return TARGETS[name].load()


@pytest.mark.timeout(60 + EXAMPLES // 10)
@pytest.mark.parametrize("name", TARGETS)
def test_only_its_own_errors_come_out_in_bounded_time_and_memory(name: str) -> None:
    try:
        codec = loaded(name)
    except Missing as error:
        pytest.skip(str(error))
    wild = st.binary(max_size=300)
    spoilt = st.builds(spoil, st.sampled_from(codec.golden), st.lists(edits, min_size=1, max_size=6))
    held(codec, (spoilt | wild if codec.golden else wild).map(lambda data: [data]), EXAMPLES // 10)
    drawn = st.integers(0, 2**64).map(Random)
    held(
        codec,
        drawn.map(lambda random: [draw_input(random, codec.golden) for _ in range(TOGETHER)]),
        EXAMPLES // TOGETHER,
    )


def held(codec: Loaded, inputs: st.SearchStrategy[list[bytes]], count: int) -> None:
    """Drawn piece by piece, Hypothesis makes a failure smaller; drawn by seed, several together, is much quicker."""

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=not LONG, suppress_health_check=list(HealthCheck)
    )
    @given(inputs)
    def hold(several: list[bytes]) -> None:
        for data in several:
            failure = codec.check(data)
            assert failure is None, f"{failure.what}: {data.hex()}"

    hold()


@pytest.mark.parametrize("name", TARGETS)
def test_golden_frames_are_taken(name: str) -> None:
    """The first one at least: others may be answers that mean an error. Without it, spoilt frames try nothing."""
    try:
        codec = loaded(name)
    except Missing as error:
        pytest.skip(str(error))
    assert all(codec.check(frame) is None for frame in codec.golden)
    codec.decode(codec.golden[0].decode() if codec.target.text else codec.golden[0])


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_with_a_codec_has_a_target(driver: str) -> None:
    told = [FUZZ / "targets.toml", *(FUZZ / "feeds").glob("*.py")]
    assert any(f"devices.drivers.{driver}." in file.read_text(encoding="utf-8") for file in told), (
        "add a line to targets.toml"
    )


def test_nothing_that_a_terminal_runs_imports_the_fuzzer() -> None:
    sources = [file for room in ("devices", "kiosk", "ui") for file in (ROOT / room).rglob("*.py")]
    assert sources
    found = [
        file for file in sources if FUZZ not in file.parents and "devices.fuzz" in file.read_text(encoding="utf-8")
    ]
    assert found == []


# The instrument itself: a codec that is at fault is found out


def bomb(data: bytes) -> bytes:
    """Takes as much memory as its input says."""
    return bytes(int.from_bytes(data[:4], "big") % (64 << 20))


def snail(data: bytes) -> int:
    """Ends only for inputs without the byte 0x77."""
    while 0x77 in data:
        pass
    return 0


def clumsy(data: bytes) -> int:
    """Its own error is ValueError; an IndexError comes out where the second byte is missing."""
    if data[:1] == b"\x01":
        return data[1]
    raise ValueError


def forgetful(data: bytes) -> bytes:
    return data[:4]


def longer(data: bytes) -> bytes:
    return b"x" + data


def quoting(text: str) -> str:
    """Its error says what it was given, which need not be text that can be written down."""
    raise IndexError(f"odd: {text}")


def loose(data: bytes) -> bytes:
    """Refuses whatever ``longer`` makes of what it took."""
    if data[:1] == b"x":
        raise ValueError
    return data


def made(decode: str, **changes: object) -> Loaded:
    here = f"{__name__}:"
    target = Target("made", here + decode, ("builtins:ValueError",), ("0102030405",), **changes)  # type: ignore[arg-type]
    codecs = {f.__name__: f for f in (bomb, snail, clumsy, forgetful, quoting, loose)}
    return Loaded(
        target, codecs[decode], longer if target.encode else None, (ValueError,), (bytes.fromhex("0102030405"),)
    )


@pytest.mark.parametrize(
    ("codec", "told"),
    [
        (made("bomb", memory=1 << 20), "bytes of memory"),
        (made("snail", seconds=0.01), "did not end"),
        (made("clumsy"), "IndexError came out"),
        (made("forgetful", encode="longer"), "another value"),
        (made("loose", encode="longer"), "refused"),
        (made("quoting", text=True), "IndexError came out"),
    ],
    ids=lambda value: getattr(value, "decode", None) and value.decode.__name__,
)
def test_a_codec_that_is_at_fault_is_found_and_its_input_kept_small(codec: Loaded, told: str, tmp_path: Path) -> None:
    outcome = fire(codec, seed=1, examples=2000, most=1)
    assert outcome.failures
    assert told in outcome.failures[0].what
    assert len(outcome.failures[0].data) <= 8
    path = keep(outcome.failures[0], 1, tmp_path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert codec.check(bytes.fromhex(kept["hex"]), weigh=True) is not None


def test_it_ends_when_its_time_is_up() -> None:
    ticks = iter(range(1000))
    outcome = fire(TARGETS["sdt.sam_id"].load(), seed=1, seconds=20, clock=lambda: float(next(ticks)))
    assert 10 < outcome.examples <= 20


def test_the_same_seed_draws_the_same_inputs() -> None:
    golden = (b"abcdef", bytes(40))
    one, other, third = ([draw_input(random, golden) for _ in range(50)] for random in map(Random, (5, 5, 6)))
    assert one == other != third


def test_the_command_runs_tells_and_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sdt.sam_id", "sdt.newest_address", "--examples", "50", "--json", "--out", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(row["target"], row["examples"]) for row in report["targets"]] == [
        ("sdt.sam_id", 50),
        ("sdt.newest_address", 50),
    ]
    assert main(["no_such_codec"]) == 2
    (tmp_path / "kept.json").write_text(
        '{"target": "sdt.sam_id", "seed": 1, "what": "x", "hex": "00"}', encoding="utf-8"
    )
    assert main(["--replay", str(tmp_path / "kept.json")]) == 0
    assert main(["--list"]) == 0
    assert set(TARGETS) <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "length", [("--seconds", "0"), ("--seconds", "nan"), ("--seconds", "-1"), ("--examples", "0"), ("--examples", "-1")]
)
def test_a_length_at_which_it_would_never_end_or_never_begin_is_wrong_usage(length: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sdt.sam_id", *length])
    assert ended.value.code == 2


@pytest.mark.parametrize("text", [None, "{}", "[1]", "no JSON", '{"target": "sdt.sam_id", "hex": "x"}'])
def test_what_is_no_kept_input_is_wrong_usage_and_no_failure(tmp_path: Path, text: str | None) -> None:
    kept = tmp_path / "kept.json"
    if text is not None:
        kept.write_text(text, encoding="utf-8")
    assert main(["--replay", str(kept)]) == 2


def test_where_nothing_could_be_fired_nothing_is_said_to_be_well(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Target("absent", "devices.drivers.no_such_module:decode")
    monkeypatch.setattr("devices.fuzz.__main__.targets", lambda: (absent,))
    assert main(["--examples", "1"]) == 2
    monkeypatch.setattr("devices.fuzz.__main__.targets", lambda: (absent, TARGETS["sdt.sam_id"]))
    assert main(["--examples", "1"]) == 0


def test_a_codec_that_is_not_there_is_told() -> None:
    with pytest.raises(Missing, match="no_such_module"):
        Target("x", "devices.drivers.no_such_module:decode").load()
