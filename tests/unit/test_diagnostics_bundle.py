"""The diagnostics bundle: the same content gives the same bytes, every change is seen, and no form lets a person in."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.contracts.device import Action, DeviceInfo, Fault, State, Status
from kiosk import suites, wire
from kiosk.cli import main
from kiosk.health.bundle import MANIFEST, SIGNATURE, BadBundle, check, made
from kiosk.health.bundle_parts import Parts
from kiosk.health.proofs import Proof
from kiosk.health.readiness import broken
from kiosk.journal.inspecting import LogRow

PRIVATE, PUBLIC = wire.new_signing_pair()
PARTS = {"log.json": [{"seq": 1, "event": "journal.opened"}], "counts.json": {"queued": 3}}
AT = datetime(2026, 11, 27, tzinfo=UTC)
PERSON = ("王某某", "140213195803010021", "13800000001", "南关街18号底商")


def bundle(private: bytes = PRIVATE) -> bytes:
    return made(
        PARTS, terminal="T-1", made_at="2026-11-27T03:12:05+08:00", key=wire.public_of(private),
        sign=lambda message: wire.unb64(suites.sign(private, message)),
    )  # fmt: skip


def changed(data: bytes, **files: bytes | None) -> bytes:
    """The same with other files; None takes one away."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        there: dict[str, bytes | None] = {name: packed.read(name) for name in packed.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in {**there, **{name.replace("__", "."): one for name, one in files.items()}}.items():
            if content is not None:
                packed.writestr(name, content)
    return out.getvalue()


def test_what_was_made_is_found_whole_and_the_same_content_is_the_same_bytes() -> None:
    found = check(bundle())
    assert (found.terminal, found.key) == ("T-1", wire.b64(PUBLIC))
    assert {name: json.loads(data) for name, data in found.files.items()} == PARTS
    assert bundle() == bundle()


def test_the_suite_of_national_algorithms_signs_it_too() -> None:
    private, public = wire.new_signing_pair(suites.by_name("shangmi"))
    assert check(bundle(private)).key == wire.b64(public)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"log__json": b"[]\n"}, "altered"), ({"log__json": None}, "altered"), ({"more__json": b"{}"}, "altered"),
        ({"manifest__json": None}, "not-a-bundle"), ({"manifest__sig": b"{}"}, "not-a-bundle"),
        ({"manifest__json": b'{"format": 1, "files": [], "terminal": "T-2", "made_at": ""}'}, "bad-signature"),
    ],
)  # fmt: skip
def test_whatever_is_changed_is_seen(files: dict[str, bytes | None], code: str) -> None:
    with pytest.raises(BadBundle) as told:
        check(changed(bundle(), **files))
    assert told.value.code == code


def test_no_flipped_byte_passes() -> None:
    """Bytes of zip's own that nothing is read from may differ; what is read never does."""
    data = bundle()
    whole = check(data)
    for at in range(0, len(data), 7):
        broken_one = bytearray(data)
        broken_one[at] ^= 0x40
        try:
            found = check(bytes(broken_one))
        except BadBundle:
            continue
        assert (found.files, found.key, found.terminal) == (whole.files, whole.key, whole.terminal)


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(MANIFEST, bytes(40 << 20))
        packed.writestr(SIGNATURE, b"{}")
    with pytest.raises(BadBundle, match="MB"):
        check(out.getvalue())


def test_the_command_says_whose_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.zip"
    file.write_bytes(bundle())
    assert main(["bundle", "check", str(file)]) == 3
    assert main(["bundle", "check", str(file), "--key", wire.b64(PUBLIC)]) == 0
    assert main(["bundle", "check", str(file), "--key", wire.b64(wire.new_signing_pair()[1])]) == 1
    file.write_bytes(changed(bundle(), log__json=b"[]\n"))
    assert main(["bundle", "check", str(file), "--json"]) == 1
    assert '"altered"' in capsys.readouterr().out
    assert main(["bundle", "check", str(tmp_path / "none.zip")]) == 2


def test_no_form_lets_a_person_in() -> None:
    """Planted wherever a text can be given: nothing of it is in what is written, and that something was is told."""
    parts = Parts()
    for planted in PERSON:
        fault = Fault(planted, Action.NONE, planted)
        status = Status(State.ONLINE, (fault,), details={"evidence": planted, "name": planted, planted: "x"})
        parts.doctor([broken(planted, planted, planted)])
        doctor = parts.files["doctor.json"]
        info = DeviceInfo("id_reader", planted, planted, planted, planted, planted)
        parts.devices({"id_reader": status}, {"id_reader": info}, {"id_reader": {planted: 1}}, 0.0)
        devices = parts.files["devices.json"]
        parts.proofs([Proof(AT, planted, planted, "failed", planted, (planted,), planted, planted)])
        parts.log([
            LogRow(1, AT, "journal.opened", planted, {"schema": 6, "sqlite": planted}), LogRow(2, AT, planted),
            LogRow(3, AT, "journal.opened", details={"schema": 6, planted: planted}),
        ])  # fmt: skip
        text = json.dumps([doctor, devices, parts.done()], ensure_ascii=False)
        assert planted not in text
    assert parts.left_out > 20


def test_an_address_loses_what_opens_it() -> None:
    parts = Parts()
    assert parts._address("rtsp://admin:geheim@10.0.0.5:554/live?key=geheim") == "rtsp://10.0.0.5:554/live"
