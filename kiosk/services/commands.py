"""What ``kiosk pack check|list`` does: problems with file, line and cure; the packs that come with the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from kiosk.domain.text import counted, shown
from kiosk.services.check import check_pack
from kiosk.services.loader import load_builtin


def check(files: Sequence[Path], *, as_json: bool = False) -> int:
    """Check packs; 0 when all are good, 1 when one is not."""
    problems = [problem for file in files for problem in check_pack(file)]
    if as_json:
        found = [{key: value if key == "line" else shown(value) for key, value in asdict(p).items()} for p in problems]
        print(json.dumps({"ok": not problems, "problems": found}, ensure_ascii=False))
    else:
        for problem in problems:
            print(shown(str(problem)))
        print(f"{counted(len(files), 'pack')}, {counted(len(problems), 'problem')}")
    return 1 if problems else 0


def list_packs(*, as_json: bool = False) -> int:
    """The built-in packs."""
    packs = load_builtin().values()
    rows = [
        {"id": pack.pack_id, "version": pack.version, "name": pack.name.zh, "name_en": pack.name.en,
         "offline": pack.offline.value}
        for pack in packs
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            print(f"{row['id']}  {row['version']}  {row['name']}  offline: {row['offline']}")
    return 0
