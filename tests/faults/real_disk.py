"""A disk of one's own: an ext4 in a file, mounted where the data lie, that can be filled to the last block. For whoever
lives in a mount namespace of their own (root; Debian package e2fsprogs).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

FILLER = "somebody-elses"


class Disk:
    """``folder`` is where it is mounted, ``size`` in MB."""

    def __init__(self, image: Path, folder: Path, size: int) -> None:
        self.image, self.folder, self.size = image, folder, size

    def make(self) -> None:
        with self.image.open("wb") as file:
            file.truncate(self.size << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))  # root would still write into a share of its own
        self.mount()

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self.image), str(self.folder))

    def unmount(self) -> None:
        run("umount", str(self.folder))

    def mend(self) -> None:
        """What an operator does: the disk is checked, and mounted anew."""
        self.unmount()
        subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True, timeout=60, check=False)
        self.mount()

    @property
    def free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    @property
    def filled(self) -> bool:
        return (self.folder / FILLER).exists()

    def fill(self, leave: int = 0) -> None:
        """Somebody else's file takes all room but ``leave`` bytes, down to the last block."""
        room = self.free - leave
        handle = os.open(self.folder / FILLER, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for size in (room, 1 << 20, 1 << 16, 4096):
                while size > 0 and self.free > leave:
                    try:
                        os.posix_fallocate(handle, os.fstat(handle).st_size, size)
                    except OSError:
                        break
                    if size == room:
                        break
        finally:
            os.close(handle)

    def make_room(self) -> None:
        (self.folder / FILLER).unlink()


def run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, f"{command}: {ended.stdout} {ended.stderr}"
