"""Bench tool: python -m devices.drivers.alsa status|play|selftest [FILE.wav] [--port NAME] [--volume N] [--json]."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level
from devices.contracts.sound import LOUDEST, CutShort, Pcm, Played, read_wav
from devices.drivers import printer_bench as bench
from devices.drivers.alsa.driver import VOLUME, AlsaSound
from devices.drivers.alsa.tone import beep
from devices.drivers.arguments import seconds


def run(options: argparse.Namespace) -> bench.Report:
    deadline = Deadline.after(options.timeout)
    sound = AlsaSound(options.port, volume=options.volume)
    if options.command == "selftest":
        return bench.self_test(sound, Level(options.level), deadline)
    if options.command == "status":
        sound.open(deadline)
        return bench.status(sound, deadline)
    outcome = sound.play(_recording(options.file), deadline)
    if isinstance(outcome, Played):
        return {"outcome": "played", "seconds": round(outcome.seconds, 3)}
    cut = isinstance(outcome, CutShort)
    return {
        "outcome": "cutShort" if cut else "notPlayed",
        "error": bench.fault_error(outcome.reason, "cut short" if cut else "not played"),
    }


def main(arguments: bench.Arguments = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.alsa", description="Sound by ALSA")
    parser.add_argument("command", choices=("status", "play", "selftest"))
    parser.add_argument("file", nargs="?", metavar="FILE.wav", help="16-bit PCM; a tone without it")
    parser.add_argument("--port", default="default", help="ALSA's name of the output (default); see aplay -L")
    parser.add_argument("--volume", type=int, default=VOLUME, choices=range(LOUDEST + 1), metavar="0..100")
    parser.add_argument("--level", choices=[level.value for level in Level], default=Level.INTERNAL.value)
    parser.add_argument("--timeout", type=seconds, default=20.0, help="seconds for the whole command")
    parser.add_argument("--json", action="store_true", help="one UTF-8 JSON object on stdout")
    return bench.finish(parser.parse_args(arguments), run)


def _recording(file: str | None) -> Pcm:
    if file is None:
        return beep(LOUDEST)
    try:
        return read_wav(Path(file).read_bytes())
    except ValueError as error:
        advice = "Give a WAV file of 16-bit PCM."
        raise DeviceError("file", f"the file cannot be played: {error}", advice=advice, retryable=False) from None


if __name__ == "__main__":
    sys.exit(main())
