"""A command whose reader has enough ends without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_reader_that_goes_away_is_no_fault() -> None:
    there, here = os.pipe()
    os.close(there)
    command = [sys.executable, "-m", "kiosk.cli", "pack", "list"]
    ended = subprocess.run(command, stdout=here, stderr=subprocess.PIPE, text=True, check=False)
    os.close(here)
    assert (ended.returncode, ended.stderr) == (141, "")
