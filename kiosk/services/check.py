"""Checks a service pack: its shape by JSON Schema, its sense by rules of our own, each finding with its true line.

``python -m kiosk.services.check FILE...`` (the same as ``kiosk pack check``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kiosk.domain.text import shown
from kiosk.services import (
    bundle_check,
    bundle_loading,
    form_check,
    licence_check,
    limits,
    paper_check,
    query_check,
    rule_check,
    sense,
    shape,
    suggest_check,
    tables,
    text_check,
)
from kiosk.services.document import Document, PackProblem, read_document
from kiosk.services.loader import build, load_builtin
from kiosk.services.model import ServicePack
from kiosk.services.sense import Finding


def check_document(document: Document, others: Mapping[str, ServicePack] | None = None) -> list[PackProblem]:
    """Every problem of a document that was read, in the order of its lines.

    ``others``: the packs that the items of a bundle may be; None leaves them unlooked at, for a terminal, which learns
    of them one by one (kiosk.sync.taking.in_use).
    """
    if document.problems:
        return document.problems
    bundled = bundle_loading.is_bundle(document.data)
    findings = list(shape.findings(document.data, bundled=bundled))
    if not findings:
        pack = build(document.data)
        findings = list(_bundle(pack, document.data, others) if bundled else _sense(pack, document.data))
    found = [document.problem(path, message, cure) for path, message, cure in findings]
    return sorted(found, key=lambda problem: (problem.line, problem.path))


def check_pack(path: Path | str, beside: Sequence[Path | str] = ()) -> list[PackProblem]:
    """Every problem of a pack file; empty when it may be used.

    The items of a bundle are looked for among the packs that come with the program and those in the files ``beside``.
    """
    document = read_document(Path(path))
    return check_document(document, _known_packs(beside) if bundle_loading.is_bundle(document.data) else None)


def _known_packs(beside: Sequence[Path | str]) -> dict[str, ServicePack]:
    """One that has problems of its own, which are told of it, is not there for others."""
    found = load_builtin()
    for path in beside:
        document = read_document(Path(path))
        if not bundle_loading.is_bundle(document.data) and not check_document(document):
            pack = build(document.data)
            found[pack.pack_id] = pack
    return found


def _sense(pack: ServicePack, raw: Mapping[str, Any]) -> Iterator[Finding]:
    yield from form_check.findings(pack)
    yield from text_check.of_templates(pack)
    yield from text_check.of_other_texts(raw)
    yield from text_check.of_speech(raw)
    yield from paper_check.findings(pack)
    yield from rule_check.findings(pack)
    yield from sense.findings(pack, raw)
    yield from limits.findings(pack)
    yield from query_check.findings(pack)
    yield from suggest_check.findings(pack)
    yield from licence_check.findings(pack)
    conditions = [*sense.conditions(pack), *rule_check.conditions(pack)]
    yield from conditions
    if not conditions:
        yield from tables.findings(pack)


def _bundle(pack: ServicePack, raw: Mapping[str, Any], others: Mapping[str, ServicePack] | None) -> Iterator[Finding]:
    yield from form_check.of_questions(pack)
    yield from text_check.of_other_texts(raw)
    yield from sense.of_questions(pack)
    conditions = list(sense.conditions(pack))
    yield from conditions
    if others is not None and not conditions:
        yield from bundle_check.findings(pack, others)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check files; one line per problem; exit status 1 when there is any."""
    paths: list[str] = list(sys.argv[1:] if arguments is None else arguments)
    if not paths:
        print("usage: python -m kiosk.services.check FILE...", file=sys.stderr)
        return 2
    found = [problem for path in paths for problem in check_pack(path, paths)]
    for problem in found:
        print(shown(str(problem)))
    if not found:
        print(f"{len(paths)} pack(s) checked, no problem found")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
