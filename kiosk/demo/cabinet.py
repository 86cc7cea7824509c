"""The demo's cabinet: which twins stand on which wires, and the profile of the terminal that uses them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from kiosk.demo import whole
from kiosk.domain.text import Language
from kiosk.profile import Profile, load
from kiosk.suites import DEFAULT, SuiteName

STREET = {"zh": "南关街道", "en": "Nanguan Subdistrict"}
NAME = {"zh": "3 号机", "en": "No. 3"}
AREA_CODE = "140213"
PICTURES = dict.fromkeys(("resident", "elder", "minority", "hmt"), "portrait") | {"long_term": "stranger:7"}
"""Whose cards bear the face that the camera sees (long_term: somebody else's). All others cannot be decoded."""


CAMERA_RATE = 15.0  # pictures a second
DESK = {"kind": "document_camera", "width": 2000, "rate": 5}
"""4.8 pixels a millimetre: as little as print of 4 mm is still read at."""
WORKER = "0107"  # the number of the demo's community worker
KEEP_AFTER = 60.0  # seconds after which a smart card that nobody takes is kept: short, so that it can be shown


def spec(
    papers: Path,
    backend_url: str,
    camera_rate: float = CAMERA_RATE,
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """What ``python -m devices.simulators`` is to set up; ``more`` are further twins, or others in place of these."""
    return {
        "devices": {
            "id_reader": {"kind": "sdt", "pictures": PICTURES},
            "page_printer": {"kind": "ipp", "spool": str(papers), "pace": 0.4},
            "receipt_printer": {"kind": "escpos", "transport": "tcp", "out": str(papers)},
            "camera": {"kind": "camera", "rate": camera_rate},
            "document_camera": DESK,
            "network": {"kind": "network", "target": backend_url},
        }
        | dict(more or {})
    }


PROFILE = "terminal.toml"  # the demo's profile, in its folder: the editor of maintenance mode changes it


def profile(
    ports: Mapping[str, str],
    folder: Path,
    *,
    enrolment_code: str,
    size: tuple[int, int],
    language: Language,
    camera_rate: float = CAMERA_RATE,
    more: Mapping[str, Mapping[str, Any]] | None = None,
    suite: SuiteName = DEFAULT,
    publishing: Sequence[str] = (),
    progress_url: str = "",
) -> Profile:
    """The terminal in front of these twins, written to PROFILE in ``folder`` and read from there; ``more`` are further
    devices, or others in place of these.

    ``publishing``: the public keys of those who may publish for it. ``progress_url``: where its papers' codes lead.
    """
    secret = folder / "staff.secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(f"{WORKER}: {base64.b32encode(secrets.token_bytes(20)).decode('ascii')}", encoding="ascii")
    table = {
        "terminal": {
            "area_code": AREA_CODE, "province": "山西省", "city": "大同市", "district": "平城区", "street": STREET,
            "name": NAME, "registrar": "大同市平城区行政审批服务管理局", "phone": "0352-12345", "language": language,
            "progress_url": progress_url,
            "test": True,  # its papers name a real office: each says that it is a sample
        },
        "data": {"folder": "data"},
        "keys": {"suite": suite},
        "publishing": {"keys": list(publishing)},
        "backend": {"url": ports["network"], "enrolment_code": enrolment_code},
        "devices": {
            "id_reader": {"driver": "sdt", "port": ports["id_reader"]},
            "page_printer": {"driver": "ipp", "port": ports["page_printer"]},
            "receipt_printer": {"driver": "escpos", "port": ports["receipt_printer"]},
            "camera": {"driver": "camera", "port": ports["camera"], "rate": camera_rate},
        }
        | _desk(ports) | dict(more or {}),
        "cards": {"keep_after": KEEP_AFTER},
        "access": {"staff_secret_file": secret.name} | _staff_cards(folder, more or {}),
        "screen": {"size": f"{size[0]}x{size[1]}", "fullscreen": False},
    }  # fmt: skip
    file = folder / PROFILE
    file.write_text(tomlkit.dumps(table), encoding="utf-8")
    return load(file)


def _staff_cards(folder: Path, more: Mapping[str, Any]) -> dict[str, Any]:
    """Where there is a slot that reads them, whose cards open maintenance mode."""
    if "staff_card" not in more:
        return {}
    (folder / whole.STAFF_CARDS).write_text(whole.staff_cards(), encoding="utf-8")
    return {"staff_cards_file": whole.STAFF_CARDS}


def _desk(ports: Mapping[str, str]) -> dict[str, Any]:
    """The document camera, where it stands on a wire."""
    port = ports.get("document_camera")
    return {} if port is None else {"document_camera": {"driver": "document_camera", "port": port}}
