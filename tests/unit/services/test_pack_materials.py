"""Papers that are scanned, in a pack: mistakes are named with their cure; what a machine lacks is said before."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from devices.contracts.device import State, Status
from kiosk.counter.abilities import abilities
from kiosk.domain.envelope import Envelope, Origin
from kiosk.domain.text import Text
from kiosk.services import forms
from kiosk.services.check import check_pack
from kiosk.services.loader import load_builtin
from kiosk.services.model import MaterialSpec, ServicePack, Verdict
from tests.unit.visit_world import BUSINESS

ENTRY = """materials:
  - key: premises_proof
"""
LEASE = MaterialSpec("lease", Text("合同", "Lease"), Text("每一页", "Each page"), 2)


def pack_file(tmp_path: Path, old: str, new: str) -> Path:
    text = (files("kiosk.services") / "builtin" / f"{BUSINESS}.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = tmp_path / "pack.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "path", "cure"),
    [
        ("reads: { premises: address }", "reads: { trade: address }", "materials[0].reads.trade", "Name one"),
        ("reads: { premises: address }", "reads: { nothing: address }", "materials[0].reads.nothing", "Name one"),
        ("    document: premises_proof\n", "", "materials[0]", "Correct it"),
        ("    document: premises_proof\n", "    document: letter\n", "materials[0].document", "allowed values"),
        ("    pages: 8\n", "    pages: 0\n", "materials[0].pages", "Correct it"),
        ("    pages: 8\n", "    pages: 8\n    required: true\n", "materials[0].required", "Leave it out"),
        (ENTRY, ENTRY.replace("premises_proof", "shop_name"), "materials[0].key", "another key"),
    ],
)
def test_a_mistake_is_named_with_its_cure(tmp_path: Path, old: str, new: str, path: str, cure: str) -> None:
    found = check_pack(pack_file(tmp_path, old, new))
    assert any(one.path == path and cure in one.cure for one in found), [str(one) for one in found]


def with_lease(required: bool = False) -> ServicePack:
    pack = load_builtin()[BUSINESS]
    return replace(pack, materials=(*pack.materials, replace(LEASE, required=required)))


def able(required: bool, camera: Status | None) -> tuple[Verdict, tuple[str, ...]]:
    pack = with_lease(required)
    statuses = dict.fromkeys(("id_reader", "page_printer", "receipt_printer", "camera"), Status(State.ONLINE))
    if camera is not None:
        statuses["document_camera"] = camera
    event = abilities({BUSINESS: pack}, statuses, online=True, enrolled=True, numbers_left=lambda kind: 5)
    assert event.document_camera is (camera is not None and camera.usable)
    ability = event.abilities[BUSINESS]
    return ability.verdict, tuple(key for key in ability.lacking if "document" in key)


def test_what_a_machine_without_a_document_camera_cannot_do_is_said_before_the_visit() -> None:
    well, lost = Status(State.ONLINE), Status(State.NO_DEVICE)
    assert able(False, well) == (Verdict.CAN, ())
    for camera in (lost, None):
        assert able(False, camera) == (Verdict.CAN, ("document_camera",)), "it is brought to the counter"
        assert able(True, camera) == (Verdict.CANNOT, ("document_camera_required",))
    assert able(True, well) == (Verdict.CAN, ())


def test_a_scanned_paper_is_told_in_both_languages() -> None:
    pack = with_lease()
    for pages, zh, en in ((1, "已扫描 1 页", "Scanned, 1 page"), (2, "已扫描 2 页", "Scanned, 2 pages")):
        envelope = Envelope().with_fields(forms.scanned(material, pages) for material in pack.materials)
        for language, words in (("zh_CN", zh), ("en", en)):
            rows = {row.key: row for row in forms.review_rows(pack, envelope, language)}  # type: ignore[arg-type]
            assert [(rows[key].value, rows[key].origin) for key in ("premises_proof", "lease")] == [
                (words, Origin.SCANNED)
            ] * 2
