"""Every way in which PC/SC fails has a name, advice, and says whether trying again can help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devices.transports import pcsc_errors
from devices.transports.pcsc_session import Session, choose

ROOT = Path(__file__).resolve().parents[2]

# pcsclite.h of pcsc-lite 1.9.9
CODES = {
    0x8010001D: "pcscd-gone",
    0x8010001E: "pcscd-gone",
    0x80100013: "pcscd-gone",
    0x80100003: "pcscd-gone",
    0x80100009: "unplugged",
    0x80100017: "unplugged",
    0x8010002E: "unplugged",
    0x80100069: "card-pulled",
    0x80100068: "card-pulled",
    0x8010000C: "card-pulled",
    0x80100066: "card-mute",
    0x80100067: "card-mute",
    0x80100016: "card-mute",
    0x8010000B: "port-busy",
    0x8010006A: "port-denied",
    0x8010000A: "no-answer",
    0x80100011: "pcsc-failed",
}


@pytest.mark.parametrize(("code", "name"), CODES.items(), ids=[f"{code:08X}" for code in CODES])
def test_each_return_code_has_its_name(code: int, name: str) -> None:
    for number in (code, code - 2**32):  # pyscard gives either
        error = pcsc_errors.failure(number, "Reader 00 00", "SCardConnect")
        assert (error.code, bool(error.advice)) == (name, True)


@pytest.mark.parametrize("call", ["SCardGetStatusChange", "SCardTransmit", "SCardEstablishContext", "SCardStatus"])
def test_a_connection_that_pcscd_closed_is_no_refusal_where_polkit_is_not_asked(call: str) -> None:
    """Seen when pcscd is killed during a look, about once in ten times."""
    assert pcsc_errors.failure(0x8010006A, "Reader 00 00", call).code == "pcscd-gone"


def test_a_refusal_names_the_polkit_rule() -> None:
    assert pcsc_errors.POLKIT_RULE in pcsc_errors.ReaderDenied().advice
    readme = (ROOT / "devices/drivers/pcsc/README.md").read_text(encoding="utf-8")
    assert pcsc_errors.POLKIT_RULE in readme
    assert "org.debian.pcsc-lite.access_card" in readme


def test_a_reader_is_found_by_its_name_its_beginning_or_as_the_only_one() -> None:
    two = ("ACME One 00 00", "ACME Two 01 00")
    assert choose("ACME Two 01 00", two) == "ACME Two 01 00"
    assert choose("ACME Two", two) == "ACME Two 01 00"
    assert choose("", two[:1]) == two[0]
    for port, readers, code in (
        ("Other", two, "port-missing"),
        ("", (), "port-missing"),
        ("ACME", two, "port-ambiguous"),
    ):
        with pytest.raises(pcsc_errors.StreamError) as caught:
            choose(port, readers)
        assert caught.value.code == code
        assert all(repr(name) in caught.value.advice for name in readers)
        assert readers or "none at all" in caught.value.advice


@pytest.mark.parametrize("package", ["absent", "another author's"])
def test_without_pyscard_the_cause_is_named(tmp_path: Path, package: str) -> None:
    """In a process of its own, where the import finds nothing, or the package that has taken pyscard's name."""
    (tmp_path / "smartcard").mkdir()
    text = "raise ImportError('gone')" if package == "absent" else ""
    (tmp_path / "smartcard" / "__init__.py").write_text(text, encoding="ascii")
    command = [sys.executable, "-m", "devices.drivers.pcsc", "status", "--json"]
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=30)
    assert (done.returncode, '"code": "pcsc-missing"' in done.stdout) == (1, True), done.stdout + done.stderr


def test_a_session_without_a_context_releases_nothing() -> None:
    Session("any").release()
