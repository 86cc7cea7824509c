"""A built-in pack with one edit."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

FOLDER = Path(str(files("kiosk.services"))) / "builtin"


def edited(tmp_path: Path, name: str, old: str, new: str) -> tuple[Path, int]:
    """A copy of pack ``name`` in which the first ``old`` reads ``new``, and the line of the edit, from 1."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text, old
    path = tmp_path / "edited.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path, text[: text.index(old)].count("\n") + 1
