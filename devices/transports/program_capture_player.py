"""Stands for a captured program: ``python -I -S program_capture_player.py CAPTURE RUN FOLDER``, started by
``ReplayPrograms`` and by nothing else. Plays one run's outputs in the order in which they were taken in, then ends as
the program did, or waits to be ended where that was so. Imports nothing of the project: it has to be there at once."""

import base64
import json
import os
import resource
import signal
import sys
import zlib


def run(path: str, number: int) -> list[dict[str, object]]:
    """The lines of a run, counted from 0."""
    runs: list[list[dict[str, object]]] = []
    with open(path, encoding="utf-8") as file:
        for line in filter(str.strip, file):
            entry = json.loads(line)
            if entry["dir"] == "out":
                runs.append([])
            else:
                runs[-1].append(entry)
    return runs[number]


def write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def main(path: str, number: int, folder: str) -> None:
    ends = {"stdout": 1, "stderr": 2}
    status: object = 0
    for entry in run(path, number):
        name = str(entry.get("from", ""))
        if entry["dir"] == "exit":
            status = entry["status"]
            break
        if name not in ends:
            ends[name] = os.open(os.path.join(folder, name), os.O_WRONLY)
        if entry["dir"] == "in":
            write(ends[name], zlib.decompress(base64.b64decode(str(entry["zlib"]))))
        else:
            os.close(ends.pop(name))
    if status is None:
        signal.pause()
    if isinstance(status, int) and status < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), -status)
    os._exit(int(str(status)))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
