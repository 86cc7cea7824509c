"""What the operator does at the command line, beside a running backend: save, put back, change keys, withdraw.

Each prints one line of JSON and returns the exit status: 0 done, 1 done with something missing. Raises BackendError.
"""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.backend import backup as saving
from kiosk.backend import keys
from kiosk.backend.core import Backend
from kiosk.backend.settings import BackendError, Settings


def backup(settings: Settings, out: Path | None, keys_out: Path | None) -> int:
    if out is None:
        raise BackendError("no-file", "say where: kiosk backend backup --out FILE")
    made = saving.backup(settings, out, keys_out)
    beside = keys_out or saving.keys_beside(out)
    _say(backup=str(out), keys=str(beside), materials=made.materials, missing=made.missing, kind=made.kind)
    return 1 if made.missing else 0


def restore(settings: Settings, source: Path | None, keys_source: Path | None) -> int:
    if source is None:
        raise BackendError("no-file", "say from where: kiosk backend restore --from FILE")
    made = saving.restore(settings, source, keys_source)
    _say(restored=str(source), made_at=made.made_at, materials=made.materials, missing=made.missing, kind=made.kind)
    return 1 if made.missing else 0


def rotate_keys(settings: Settings) -> int:
    made = keys.rotate(settings.keys_path(), settings.clock())
    _say(epoch=made.public.epoch, sealing_key=made.sealing_id, signing_key=made.signing_id)
    return 0


def revoke(settings: Settings, terminal_id: str) -> int:
    backend = Backend(settings)
    try:
        if backend.find_terminal(terminal_id) is None:
            raise BackendError("no-such-terminal", "no terminal of this name is enrolled: check --terminal and --db")
        backend.revoke(terminal_id)
    finally:
        backend.close()
    _say(revoked=terminal_id)
    return 0


def _say(**what: object) -> None:
    print(json.dumps(what, ensure_ascii=False))
