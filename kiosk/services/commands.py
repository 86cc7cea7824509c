"""What ``kiosk pack check|list|key|sign|diff`` does. Problems are told with file, line and cure."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from kiosk import wire
from kiosk.domain.text import counted, shown
from kiosk.services import signing
from kiosk.services.check import check_pack
from kiosk.services.document import read_document
from kiosk.services.loader import load_builtin, read_checked
from kiosk.services.signing import PublishingKey, SigningError


def check(files: Sequence[Path], *, as_json: bool = False) -> int:
    """Check packs; 0 when all are good, 1 when one is not."""
    problems = [problem for file in files for problem in check_pack(file, files)]
    if as_json:
        found = [{key: value if key == "line" else shown(value) for key, value in asdict(p).items()} for p in problems]
        print(json.dumps({"ok": not problems, "problems": found}, ensure_ascii=False))
    else:
        for problem in problems:
            print(shown(str(problem)))
        print(f"{counted(len(files), 'pack')}, {counted(len(problems), 'problem')}")
    return 1 if problems else 0


def list_packs(profile_path: Path | None = None, *, as_json: bool = False) -> int:
    """The built-in packs; with a profile those that its terminal uses, and where they come from."""
    origins: dict[str, str] = {}
    packs = load_builtin()
    if profile_path is not None:
        from kiosk.health.downloads import packs_of
        from kiosk.profile import ProfileError, load

        try:
            packs, origins = packs_of(load(profile_path))
        except ProfileError as error:
            return _fail(str(error))
    rows = [
        {"id": pack.pack_id, "version": pack.version, "name": pack.name.zh, "name_en": pack.name.en,
         "offline": pack.offline.value, "from": pack.effective.since, "until": pack.effective.until,
         "origin": origins.get(pack.pack_id, "built-in")}
        for pack in packs.values()
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            line = f"{row['id']}  {row['version']}  {row['name']}  offline: {row['offline']}  from: {row['origin']}"
            days = f"  in force: {row['from']}..{row['until']}" if row["from"] else ""
            print(shown(line + days))
    return 0


def make_key(out: Path, suite: str, *, as_json: bool = False) -> int:
    """A new publishing key; what is printed is public, and goes into the profiles of the terminals."""
    try:
        key = signing.make_key(out, suite)
    except SigningError as error:
        return _fail(error.advice)
    public = wire.b64(key.public)
    if as_json:
        print(json.dumps({"key": str(out), "key_id": key.id, "public": public}, ensure_ascii=False))
    else:
        print(f'key {key.id} in {shown(str(out))}; in each terminal\'s profile:\n[publishing]\nkeys = ["{public}"]')
    return 0


def sign(files: Sequence[Path], key_file: Path, *, as_json: bool = False) -> int:
    """Check packs in full and sign them; one that has a problem is not signed, and then none is."""
    if problems := [problem for file in files for problem in check_pack(file, files)]:
        for problem in problems:
            print(shown(str(problem)), file=sys.stderr)
        return 1
    try:
        key = signing.load_key(key_file)
        signed = [_sign(file, key) for file in files]
    except SigningError as error:
        return _fail(error.advice)
    rows = [{"file": str(file), "signature": str(signing.signature_beside(file)), "id": artefact.name,
             "version": artefact.version, "sha256": artefact.sha256, "key_id": artefact.key_id}
            for file, artefact in zip(files, signed, strict=True)]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            print(shown(f"{row['id']} {row['version']} signed by {row['key_id']}: {row['signature']}"))
    return 0


def diff(before: Path, after: Path, *, as_json: bool = False) -> int:
    """Every value that differs between two packs; 0: none, 1: some, 2: a file cannot be read."""
    documents = [read_document(file) for file in (before, after)]
    if problems := [problem for document in documents for problem in document.problems]:
        return _fail(str(problems[0]))
    old, new = (dict(_leaves(document.data)) for document in documents)
    rows = [
        {"path": path, "before": old.get(path), "after": new.get(path)}
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            for sign_, value in (("-", row["before"]), ("+", row["after"])):
                if value is not None:
                    print(shown(f"{sign_} {row['path']}: {value}"))
        print(f"{counted(len(rows), 'difference')}")
    return 1 if rows else 0


def _leaves(data: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Lists are told apart by the ids of their parts where they have any: a rule that is put in moves no other."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            names = [value[key] for key in ("id", "key", "value") if isinstance(value, Mapping) and key in value]
            yield from _leaves(value, f"{path}[{names[0] if names else index}]")
    else:
        yield path, data


def _sign(file: Path, key: PublishingKey) -> wire.Artefact:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SigningError("not-signed", f"{file.name} cannot be read: {error.strerror}") from error
    pack = read_checked(data)  # it was checked above
    artefact = signing.sign_artefact("pack", pack.pack_id, pack.version, data, key)
    try:
        signing.write_signature(file, artefact)
    except OSError as error:
        raise SigningError("not-signed", f"the signature cannot be written: {error.strerror}") from error
    return artefact


def _fail(message: str) -> int:
    print(f"kiosk pack: {shown(message)}", file=sys.stderr)
    return 2
