"""python -m devices.fuzz [CODEC...] [--seconds N | --examples N] [--seed N] [--out DIR] [--json]; --list; --replay FILE

CODEC is a target's name or its beginning (``sdt``). Exit status 1 where an input failed; each is kept in DIR. 2 where
nothing could be fired.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from devices.fuzz.registry import targets
from devices.fuzz.run import fire, keep
from devices.fuzz.target import Missing, Target


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n".join(target.name for target in targets()))
        return 0
    if options.replay:
        return _replay(options.replay)
    chosen = [t for t in targets() if not options.codec or any(_named(t, codec) for codec in options.codec)]
    if not chosen:
        print(f"there is no codec {' '.join(options.codec)}; --list names them", file=sys.stderr)
        return 2
    report = [_fire(target, options, len(chosen)) for target in chosen]
    if options.json:
        print(json.dumps({"seed": options.seed, "targets": report}, ensure_ascii=False))
    if all("left_out" in row for row in report):  # nothing was tried, so nothing is known to be well
        return 2
    return 1 if any(row["failures"] for row in report) else 0


def _fire(target: Target, options: argparse.Namespace, count: int) -> dict[str, object]:
    try:
        loaded = target.load()
    except Missing as error:
        if not options.json:
            print(f"{target.name:<32} left out: {error}", flush=True)
        return {"target": target.name, "left_out": str(error), "failures": []}
    seconds = 0.0 if options.examples else options.seconds / count
    outcome = fire(loaded, seed=options.seed, examples=options.examples, seconds=seconds)
    kept = [str(keep(failure, options.seed, options.out)) for failure in outcome.failures]
    if not options.json:
        print(f"{target.name:<32} {outcome.examples:>7} in {outcome.seconds:6.2f} s  {len(kept)} failed", flush=True)
        for failure, path in zip(outcome.failures, kept, strict=True):
            print(f"    {failure.what}\n    {path}", flush=True)
    return {
        "target": target.name,
        "examples": outcome.examples,
        "seconds": round(outcome.seconds, 3),
        "failures": [
            {"what": f.what, "hex": f.data.hex(), "file": p} for f, p in zip(outcome.failures, kept, strict=True)
        ],
    }


def _replay(path: Path) -> int:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        name, data = told["target"], bytes.fromhex(told["hex"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        print(f"{path} is no kept input: {error}", file=sys.stderr)
        return 2
    target = next((target for target in targets() if target.name == name), None)
    if target is None:
        print(f"there is no codec {name}", file=sys.stderr)
        return 2
    try:
        failure = target.load().check(data)
    except Missing as error:
        print(f"{name} cannot be fired at: {error}", file=sys.stderr)
        return 2
    print("it is well now" if failure is None else failure.what)
    return 0 if failure is None else 1


def _named(target: Target, codec: str) -> bool:
    return target.name == codec or target.name.startswith(codec + ".")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise ValueError
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.fuzz", description="hostile bytes for every codec")
    parser.add_argument("codec", nargs="*", help="a target's name or its beginning; all where none is given")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=_seconds, default=30.0, help="for all together (30)")
    length.add_argument("--examples", type=_count, default=0, help="for each, instead of a time")
    parser.add_argument("--seed", type=int, default=724)
    parser.add_argument("--out", type=Path, default=Path("fuzz-out"), help="where failing inputs are kept (fuzz-out)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--list", action="store_true", help="the names of the targets")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="fire one kept input again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
