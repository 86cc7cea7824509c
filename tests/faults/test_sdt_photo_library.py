"""A vendor's photograph library (WLT) may crash, hang, print, litter or lie: the terminal goes on, nothing is left.

The library is a small one in C with a vendor's usual signature, compiled by the test; no vendor's own was at hand.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from devices.contracts.identity import CardPhoto, PhotoUndecodable
from devices.drivers.sdt.photo import NoDecoder, VendorDecoder, VendorLibrary, bmp_of

SOURCE = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int unpack(const char *wlt, char *out, int argument) {           /* grey = first byte of the photograph + argument */
  memset(out, (unsigned char)wlt[0] + argument, 102 * 126 * 3);
  return 1;
}
int file(const char *wlt, char *out, int argument) {             /* copies a BMP file that it was given */
  memcpy(out, wlt, 1024);
  return 1;
}
int refuse(const char *wlt, char *out, int argument) { return -3; }
int crash(const char *wlt, char *out, int argument) { raise(SIGSEGV); return 1; }
int corrupt(const char *wlt, char *out, int argument) { memset(out, 1, 64 << 20); return 1; }
int leave(const char *wlt, char *out, int argument) { exit(0); }
int hang(const char *wlt, char *out, int argument) { for (;;) pause(); }
int hang_with_child(const char *wlt, char *out, int argument) {
  fork();
  for (;;) pause();
}
int talk(const char *wlt, char *out, int argument) {             /* prints to where an answer might be expected */
  for (int i = 0; i < 100000; i++) printf("decoding %02x\n", wlt[0]);
  fflush(stdout);
  return unpack(wlt, out, argument);
}
int litter(const char *wlt, char *out, int argument) {           /* as some vendors' libraries do */
  FILE *f = fopen("zp.bmp", "wb");
  fwrite(wlt, 1, 1024, f);
  fclose(f);
  f = fopen("where.txt", "w");
  char folder[512];
  getcwd(folder, sizeof folder);
  fclose(f);
  memset(out, 0, 102 * 126 * 3);
  memcpy(out, folder, strlen(folder));
  return 1;
}
int hungry(const char *wlt, char *out, int argument) {
  char *much = malloc((size_t)4 << 30);
  if (much == NULL) return -9;
  return 1;
}
"""
PHOTO = CardPhoto("wlt", bytes([80]) + bytes(1023))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> VendorLibrary:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler (Debian's gcc)")
    folder = tmp_path_factory.mktemp("wlt")
    (folder / "wlt.c").write_text(SOURCE, encoding="ascii")
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-o", "libwlt.so", "wlt.c"], cwd=folder, check=True, timeout=30)
    return VendorLibrary(str(folder / "libwlt.so"))


def decode(library: VendorLibrary, timeout: float = 20.0, **changes: object) -> bytes:
    return VendorDecoder(replace(library, **changes), timeout=timeout).decode(PHOTO)  # type: ignore[arg-type]


def test_a_library_that_behaves_delivers_a_picture(library: VendorLibrary) -> None:
    picture = Image.open(io.BytesIO(decode(library, argument=5))).convert("RGB")
    assert picture.size == (102, 126)
    assert picture.getpixel((50, 60)) == (85, 85, 85)


def test_a_library_that_delivers_a_file(library: VendorLibrary) -> None:
    made = replace(library, function="file", output="bmp", output_bytes=1024)
    bmp = b"BM" + bytes(1022)
    assert VendorDecoder(made, timeout=20).decode(CardPhoto("wlt", bmp)) == bmp
    with pytest.raises(PhotoUndecodable, match="no BMP file"):
        VendorDecoder(made, timeout=20).decode(PHOTO)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("refuse", "returned -3"),
        ("crash", "child-died"),
        ("corrupt", "child-died"),
        ("leave", "child-died"),
        ("hungry", "returned -9"),
        ("no_such_function", "has no function"),
    ],
)
def test_a_library_that_fails_makes_the_photograph_undecodable(
    library: VendorLibrary, function: str, told: str
) -> None:
    with pytest.raises(PhotoUndecodable, match=told):
        decode(library, function=function)


@pytest.mark.parametrize("function", ["hang", "hang_with_child"])
def test_a_library_that_hangs_is_ended_in_time_with_all_that_it_started(library: VendorLibrary, function: str) -> None:
    start = time.monotonic()
    with pytest.raises(PhotoUndecodable, match="in time"):
        decode(library, timeout=1.0, function=function)
    assert time.monotonic() - start < 4
    assert not [pid for pid in children_with(library.path) if pid != os.getpid()]


def test_what_a_library_prints_does_not_come_into_the_picture(library: VendorLibrary) -> None:
    assert decode(library, function="talk") == decode(library)


def test_the_files_that_a_library_leaves_are_gone(library: VendorLibrary, tmp_path: Path) -> None:
    rows = decode(library, function="litter", bottom_up=False)[54:]
    folder = Path(rows[: rows.index(b"\0")].decode())
    assert folder.name.startswith("kiosk-photo-")
    assert not folder.exists()
    assert not Path("zp.bmp").exists()


def test_what_a_killed_terminal_left_is_removed_by_the_next_one() -> None:
    left = Path(tempfile.mkdtemp(prefix="kiosk-photo-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    (left / "zp.bmp").write_bytes(b"BM")
    VendorDecoder(VendorLibrary("/nonexistent/libwlt.so"))
    assert left.exists()  # it may be in use
    os.utime(left, (0, 0))
    VendorDecoder(VendorLibrary("/nonexistent/libwlt.so"))
    assert not left.exists()


def test_a_library_that_is_not_there_and_a_photograph_that_is_ready() -> None:
    with pytest.raises(PhotoUndecodable, match="has no function"):
        VendorDecoder(VendorLibrary("/nonexistent/libwlt.so"), timeout=20).decode(PHOTO)
    assert VendorDecoder(VendorLibrary("/nonexistent/libwlt.so")).decode(CardPhoto("bmp", b"BM")) == b"BM"
    with pytest.raises(PhotoUndecodable):
        NoDecoder().decode(PHOTO)


def test_too_few_pixels_are_no_picture() -> None:
    with pytest.raises(PhotoUndecodable, match="too little"):
        bmp_of(bytes(100), bottom_up=True)


def children_with(path: str) -> list[int]:
    """Processes that have this library in their memory."""
    found = []
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if path in maps.read_text(encoding="utf-8", errors="replace"):
                found.append(int(maps.parent.name))
        except OSError:  # ended meanwhile
            continue
    return found
