"""What ``kiosk bundle check FILE`` does. Exit status: 0 whole and signed by the key named, 1 not what a terminal wrote,
2 not readable, 3 whole, and nobody vouches for its key (``--key`` was not given).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from kiosk import wire
from kiosk.domain.text import shown
from kiosk.health.bundle import BadBundle, check

NO_KEY = "nobody vouches for its key: name the terminal's with --key, as the backend's list of terminals has it"


def run(file: Path, *, key: str = "", as_json: bool = False, out: TextIO | None = None) -> int:
    """``key``: the terminal's public key in base64, or a file that holds it."""
    out = out or sys.stdout
    try:
        known = Path(key).read_text("ascii").strip() if key and Path(key).is_file() else key
        found = check(file.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        return _told(
            {"code": "not-readable", "message": f"{file}: {getattr(error, 'strerror', error)}"}, as_json, out, 2
        )
    except BadBundle as error:
        told = {"code": error.code, "message": str(error), "advice": error.advice}
        return _told(told, as_json, out, 2 if error.code == "not-a-bundle" else 1)
    if known and known != found.key:
        return _told(
            {"code": "other-key", "message": "whole, and signed by another key than the one named"}, as_json, out, 1
        )
    answer = {
        "ok": bool(known), "terminal": found.terminal, "made_at": found.made_at, "key": found.key,
        "key_id": wire.key_id(wire.unb64(found.key)), "vouched": bool(known), "files": sorted(found.files),
    }  # fmt: skip
    if as_json:
        print(json.dumps(answer, ensure_ascii=False), file=out)
    else:
        print(
            f"whole: {len(found.files)} files of terminal {shown(found.terminal)}, made {shown(found.made_at)}",
            file=out,
        )
        print(f"signed by key {answer['key_id']}", file=out)
        if not known:
            print(NO_KEY, file=out)
    return 0 if known else 3


def _told(error: dict[str, str], as_json: bool, out: TextIO, status: int) -> int:
    if as_json:
        print(json.dumps({"error": error}, ensure_ascii=False), file=out)
    else:
        print(f"{error['code']}: {error['message']}\n{error.get('advice', '')}".rstrip(), file=sys.stderr)
    return status
