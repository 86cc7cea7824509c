"""A disk that fills in the middle of a visit: the visit that began with room commits, and none begins after it."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("room_child.py")


def told(folder: Path, what: str) -> object:
    """What the child says of its small disk."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace of its own here: unshare --mount")
    done = subprocess.run(
        [unshare, "--mount", "--propagation", "private", sys.executable, str(CHILD), str(folder), what],
        capture_output=True, text=True, timeout=100, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(120)
def test_the_largest_case_commits_on_a_disk_that_filled_after_its_visit_had_begun(tmp_path: Path) -> None:
    assert told(tmp_path, "largest") == {
        "before": True, "disk": errno.ENOSPC, "full": False, "reserve": False, "after": False, "cases": 1,
        "problems": [], "stands": True, "opened": [1, False], "again": True,
    }  # fmt: skip


@pytest.mark.timeout(120)
def test_a_log_that_cannot_be_folded_back_for_want_of_room_grows_and_stops_nothing(tmp_path: Path) -> None:
    """The fold is nobody's write: it takes nothing of the reserve, and is made up for when there is room."""
    assert told(tmp_path, "fold") == {"disk": errno.ENOSPC, "reserve": True, "cases": 31, "problems": [], "log": True}
