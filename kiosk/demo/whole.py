"""The rest of the demo's cabinet (``--devices all``): every device that has a twin which this machine can start."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BOARD = {
    "unit": 1,
    "doors": {"upper": {"input": 0}, "lower": {"input": 1}},
    "tamper": {"input": 2},
    "presence": {"input": 3},
    "headphone": {"input": 4},
    "help_button": {"input": 5},
    "lights": {"reader": {"coil": 0}, "printer": {"coil": 1}, "help": {"coil": 2}, "status": {"coil": 3}},
}
LOCKER = {
    "unit": 2,
    "boxes": {"A1": {"lock": {"coil": 0}, "door": {"input": 0}}, "A2": {"lock": {"coil": 1}, "door": {"input": 1}}},
}
UPS = "kiosk"

STAFF = "0417"  # the number of the demo's technician, who has a card, too
STAFF_CARDS = "staff-cards.toml"


def staff_cards() -> str:
    """The list of staff cards (kiosk/access/cards.py): the card ``piv:staff`` is the technician's."""
    from devices.simulators.applets import piv

    lines = [f'"{name}" = {{ number = "{STAFF}", role = "technician" }}' for name in piv.certificates(piv.staff())]
    return "\n".join(["[cards]", *lines, ""])


def left_out() -> dict[str, str]:
    """Twins that stand on other people's programs, where these are not here: device -> what it needs."""
    from devices.simulators import cups_daemon

    needs = {
        "document_scanner": "" if shutil.which("scanimage") else "needs the Debian package sane-utils",
        "sound": "" if shutil.which("aplay") else "needs the Debian package alsa-utils",
        "page_printer": cups_daemon.missing() or ("" if find_spec("cups") else "needs the extra 'cups'"),
    }
    return {device: need for device, need in needs.items() if need}


def twins(papers: Path, without: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Device -> its entry in the cabinet's spec. The page printer stands behind a cupsd of its own, where one can."""
    found: dict[str, dict[str, Any]] = {
        "page_printer": {"kind": "cups", "spool": str(papers), "pace": 0.4},
        "card_reader": {"kind": "xfs4iot", "service": "CardReader1"},
        "document_scanner": {"kind": "sane"},
        "code_scanner": {"kind": "scanner", "terminator": "cr"},
        "sensors": {"kind": "modbus", "board": BOARD, "locker": LOCKER},
        "ups": {"kind": "nut", "ups": UPS},
        "sound": {"kind": "alsa"},
    }
    return {device: entry for device, entry in found.items() if device not in without}


def devices(ports: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The profile's ``devices`` in front of these twins."""
    found: dict[str, dict[str, Any]] = {
        "card_reader": {"driver": "xfs4iot"},
        "document_scanner": {"driver": "sane", "program": _scanimage(ports.get("document_scanner", ""))},
        "code_scanner": {"driver": "code_scanner", "terminator": "cr"},
        "sensors": {"driver": "modbus_io", "map": BOARD},
        "ups": {"driver": "nut", "ups": UPS},
        "sound": {"driver": "alsa"},
    }
    riders: dict[str, dict[str, Any]] = {
        "social_card": {"driver": "sscard", "on": "card_reader"},
        "travel_document": {"driver": "emrtd", "on": "card_reader"},
        "staff_card": {"driver": "staff_card", "on": "card_reader"},
        "locker": {"driver": "locker", "on": "sensors", "map": LOCKER},
    }
    here = {device: {**table, "port": ports[device]} for device, table in found.items() if device in ports}
    if ports.get("page_printer", "").startswith("cups:"):
        here["page_printer"] = {"driver": "cups", "port": ports["page_printer"]}
    return here | {device: table for device, table in riders.items() if table["on"] in here}


def _scanimage(port: str) -> str:
    """The twin's own scanimage, beside its configuration: ``sane:FOLDER#DEVICE``."""
    return str(Path(port.removeprefix("sane:").partition("#")[0]) / "scanimage")
