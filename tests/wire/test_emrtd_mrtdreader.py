"""The simulated travel document against mrtdreader, a reader that nobody here wrote (Debian; BAC with 3DES).

mrtdreader speaks to NFC hardware through libnfc. Here a small library in C takes libnfc's place: it carries each APDU
to the chip in the test's process over a Unix socket. Nothing of mrtdreader itself is changed.
"""

from __future__ import annotations

import io
import re
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from devices.simulators.emrtd_chip import CardPulled, EmrtdChip
from devices.simulators.emrtd_issuer import COM, SOD, Document, issue

SHIM = r"""
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* libnfc 1.8, as far as mrtdreader uses it; a device is a socket to the chip */
static int wire = -1;
static int whole(uint8_t *at, size_t count) {
  for (size_t got = 0; got < count;) {
    ssize_t part = read(wire, at + got, count - got);
    if (part <= 0) return -1;
    got += part;
  }
  return 0;
}
void nfc_init(void **context) { *context = &wire; }
void nfc_exit(void *context) {}
size_t nfc_list_devices(void *context, char (*names)[1024], size_t room) { strcpy(names[0], "chip"); return 1; }
void *nfc_open(void *context, const char *name) {
  struct sockaddr_un where = {.sun_family = AF_UNIX};
  strncpy(where.sun_path, getenv("CHIP_SOCKET"), sizeof where.sun_path - 1);
  wire = socket(AF_UNIX, SOCK_STREAM, 0);
  return connect(wire, (struct sockaddr *)&where, sizeof where) ? NULL : &wire;
}
void nfc_close(void *device) { close(wire); }
int nfc_initiator_init(void *device) { return 0; }
const char *nfc_device_get_name(void *device) { return "chip"; }
int nfc_device_set_property_bool(void *device, int property, bool enable) { return 0; }
int nfc_initiator_select_passive_target(void *device, uint64_t kind, const uint8_t *init, size_t size, void *target) {
  return 1;
}
void nfc_perror(const void *device, const char *what) { fprintf(stderr, "%s failed\n", what); }
int nfc_initiator_transceive_bytes(void *device, const uint8_t *out, size_t size, uint8_t *in, size_t room, int ms) {
  uint8_t head[2] = {size >> 8, size};
  if (write(wire, head, 2) != 2 || write(wire, out, size) != (ssize_t)size || whole(head, 2)) exit(7);
  size_t count = head[0] << 8 | head[1];
  uint8_t answer[65536];
  if (whole(answer, count) || count > room) exit(8);
  memcpy(in, answer, count);
  return count;
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("mrtdreader") is None:
        pytest.skip("needs Debian's mrtdreader")
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler (Debian's gcc)")
    folder = tmp_path_factory.mktemp("nfc")
    (folder / "nfc.c").write_text(SHIM, encoding="ascii")
    subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", "nfc.so", "nfc.c"], cwd=folder, check=True, timeout=30)
    return folder / "nfc.so"


class Field:
    """Where a chip lies: a Unix socket that takes one reader after the other."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "field"
        self._chip: EmrtdChip | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def put(self, chip: EmrtdChip) -> None:
        self._chip = chip

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            with wire, wire.makefile("rb") as stream:
                while self._chip is not None and (head := stream.read(2)):
                    try:
                        answer = self._chip.answer(stream.read(struct.unpack(">H", head)[0]))
                    except CardPulled:
                        break
                    wire.sendall(struct.pack(">H", len(answer)) + answer)


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    field = Field(tmp_path)
    yield field
    field.close()


def read(field: Field, shim: Path, key: str) -> subprocess.CompletedProcess[bytes]:
    """mrtdreader with a key: number, birth and expiry with their check digits, 24 characters."""
    return subprocess.run(
        ["mrtdreader", key],
        cwd=field.path.parent,
        env={"LD_PRELOAD": str(shim), "CHIP_SOCKET": str(field.path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=30,
        check=False,
    )


def files_told(out: bytes) -> list[bytes]:
    """The contents that it prints in hexadecimal: EF.COM, EF.SOD."""
    return [bytes.fromhex(digits.decode()) for digits in re.findall(rb"File content: ([0-9a-f]+)", out)]


def face(document: Document) -> bytes:
    group = document.files[0x0102]
    return group[group.index(b"\xff\xd8\xff") :]


@pytest.mark.parametrize("role", ["passport", "card", "minor"])
def test_it_opens_the_chip_and_reads_every_file(field: Field, shim: Path, role: str) -> None:
    document = issue(role)
    field.put(EmrtdChip(document))
    done = read(field, shim, document.mrz_key.decode())
    assert done.returncode == 0, done.stderr
    assert b"Challenge successful" in done.stdout
    assert files_told(done.stdout) == [document.files[COM], document.files[SOD]]
    assert "".join(document.mrz).encode() in done.stdout
    (written,) = field.path.parent.glob("image*")
    assert written.read_bytes().rstrip(b"\0") == face(document).rstrip(b"\0")
    assert Image.open(io.BytesIO(written.read_bytes())).size == (240, 320)


def test_a_wrong_key_is_refused_and_nothing_is_read(field: Field, shim: Path) -> None:
    document = issue("passport")
    chip = EmrtdChip(document)
    field.put(chip)
    done = read(field, shim, "L898902C<369080619406236")
    assert done.returncode != 0
    assert b"Challenge failed" in done.stderr
    assert chip.state()["sessions"] == 0
    assert chip.state()["wrong_keys"] == 1
    assert document.mrz[1].encode() not in done.stdout


def test_a_chip_pulled_in_the_middle_serves_the_next_reader(field: Field, shim: Path) -> None:
    document = issue("card")
    chip = EmrtdChip(document)
    field.put(chip)
    chip.act("pulled", {"at": 5, "times": 1})
    assert read(field, shim, document.mrz_key.decode()).returncode == 7
    chip.reset()
    assert read(field, shim, document.mrz_key.decode()).returncode == 0
