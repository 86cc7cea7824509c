"""How much longer the driver takes for a card than the bytes take on the wire.

Reference and driver read the same card over the same pty, paced as a serial line of 115200 baud, in turns. The
reference is the plainest reader there is: it writes the three commands and reads until as many bytes have come as
the answers have. The twin runs in a process of its own, so that its pacing costs neither of them anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.identity import CardRead
from devices.drivers.sdt import protocol
from devices.drivers.sdt.driver import SdtReader
from devices.simulators.control import Control

BAUD = 115_200
STEPS = ((protocol.FIND, 15), (protocol.SELECT, 19), (protocol.READ, 1295))  # and the bytes of their answers


def measure(runs: int = 20) -> dict[str, Any]:
    """Medians in milliseconds, their ratio (ours / reference), and the driver's CPU time per card."""
    ours, reference, cpu = [], [], []
    with twin_process() as port:
        for _ in range(runs):
            reference.append(_timed(lambda: _read_plainly(port)))
            reader = SdtReader(port, BAUD)
            reader.open(Deadline.after(5))
            try:
                before = time.thread_time()
                ours.append(_timed(lambda reader=reader: _read(reader)))  # type: ignore[misc]  # default binds the reader
                cpu.append(time.thread_time() - before)
            finally:
                reader.close()
    wire = sum(len(command.frame) + count for command, count in STEPS) * 10 / BAUD
    return {
        "work": "one card: find, select, read text and photo, decode",
        "reference": "the same bytes by a plain reader over the same paced pty",
        "runs": runs,
        "wire_ms": round(wire * 1000, 2),
        "reference_ms": round(median(reference) * 1000, 2),
        "ours_ms": round(median(ours) * 1000, 2),
        "ratio": round(median(ours) / median(reference), 4),
        "cpu_ms": round(median(cpu) * 1000, 2),
    }


@contextmanager
def twin_process() -> Iterator[str]:
    """A twin with a card on it in a process of its own; its port."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        spec, control = Path(folder) / "spec.json", Path(folder) / "control"
        spec.write_text(json.dumps({"devices": {"id_reader": {"kind": "sdt", "baud": BAUD, "refind": True}}}))
        command = [sys.executable, "-m", "devices.simulators", "--socket", str(control), "--spec", str(spec)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the twin's process has no pipes")
            ready = json.loads(process.stdout.readline())
            with Control(control) as client:
                client.do("id_reader", "put", card="resident")
            yield ready["ports"]["id_reader"]
            process.stdin.close()


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _read(reader: SdtReader) -> None:
    if not isinstance(reader.read(Deadline.after(5)), CardRead):
        raise RuntimeError("the twin showed no card")


def _read_plainly(port: str) -> None:
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(fd, termios.TCSANOW)
        for command, count in STEPS:
            os.write(fd, command.frame)
            while count > 0:
                count -= len(os.read(fd, count))
    finally:
        os.close(fd)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
