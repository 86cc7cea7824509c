"""What `kiosk paper verify` does.

Exit status: 0 genuine, 1 anything else about the paper, 2 no list to go by, 3 it fits the list and nobody vouches for
that list, 4 it is genuine and of no effect, because it was printed for trying out (``test`` among the notes).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from kiosk import wire
from kiosk.domain.beijing import CHINA, beijing_now
from kiosk.domain.text import shown
from kiosk.papers import listing
from kiosk.papers.judging import Judgement, Verdict, judge
from kiosk.papers.listing import BadList, PaperList
from kiosk.papers.statement import Statement, fields_hash, moment
from kiosk.suites import SuiteMissing

VERDICTS = {
    Verdict.GENUINE: "genuine: a terminal of this office printed it, and it was not revoked by the date of the list",
    Verdict.ALTERED: "altered: what the code says, or the paper, does not fit the signature",
    Verdict.REVOKED: "revoked: it was genuine once and proves nothing any more",
    Verdict.UNKNOWN_KEY: "unknown key: nobody in this list has signed it",
    Verdict.REPLACED_KEY: "replaced key: its terminal had given this key up before the date of the paper; whoever has "
    "kept it can sign so: call the office",
    Verdict.UNVOUCHED: "not vouched for: the paper fits this list, and nobody vouches for the list; anyone can make "
    "both",
    Verdict.NO_MARK: "there is no mark in this",
}
NOTES = {
    "test": "a sample, not valid",
    "copy": "a copy, printed again",
    "provisional": "provisional when it was printed: it takes effect once confirmed",
    "list-older-than-paper": "the list is older than the paper, and cannot know what was revoked since",
    "list-old": "the list is out of date: check with a newer one",
    "key-withdrawn": "this terminal was withdrawn, so that its dates cannot be trusted: call the office",
    "key-out-of-time": "the paper's date is before the time of its key",
    "key-changing": "its terminal had not been heard yet with the key that was to follow",
    "exchange": "what it says holds, but the paper is to be exchanged",
    "replaced": "a corrected version has taken its place: ask for that one",
}
NO_ROOT = "nobody vouches for this list: name the office's first key with --root, learnt by another way"
STATUS = {Verdict.GENUINE: 0, Verdict.UNVOUCHED: 3}  # of all others 1
WITHOUT_EFFECT = 4  # whole, and made for trying out: no script takes it for a yes


class NotReadable(Exception):
    """A file that cannot be used; the message says which and why."""


def verify(
    text: str, *, image: Path | None = None, list_file: Path, root: str = "", fields: Path | None = None,
    as_json: bool = False, out: TextIO | None = None, now: Callable[[], datetime] = beijing_now,
) -> int:  # fmt: skip
    """``text``: what the code holds, or ``image``: a picture of the paper. ``root``: base64, or a file that holds it.

    ``fields``: JSON of what the paper says, as an object or as pairs, to be held against the hash in the mark.
    """
    out = out or sys.stdout
    try:
        published = read_list(list_file, root)
        text = text if image is None else _code_in(image)
        said = () if fields is None else _fields(fields)
        found = judge(text, published, now())
    except BadList as error:
        return _refused(f"{error.code}: {list_file}", error.advice, as_json, out)
    except NotReadable as error:
        return _refused("not-readable: " + str(error), "", as_json, out)
    except SuiteMissing as error:
        return _refused(f"{error.code}: {error}", error.advice, as_json, out)
    if said and found.statement is not None and found.statement.fields not in map(fields_hash, said):
        found = Judgement(Verdict.ALTERED, found.statement, found.key, found.revocation, found.notes)
    if found.verdict is Verdict.GENUINE and not root:
        found = replace(found, verdict=Verdict.UNVOUCHED)
    if as_json:
        print(json.dumps(_answer(found, published, rooted=bool(root)), ensure_ascii=False), file=out)
    else:
        _tell(found, published, now(), rooted=bool(root), out=out)
    return STATUS.get(found.verdict, 1) or (WITHOUT_EFFECT if "test" in found.notes else 0)


def _tell(found: Judgement, published: PaperList, now: datetime, *, rooted: bool, out: TextIO) -> None:
    print(VERDICTS[found.verdict], file=out)
    for note in found.notes:
        print(f"  note: {NOTES[note]}", file=out)
    if found.revocation is not None:
        print(f"  since {found.revocation.since}: {found.revocation.why}", file=out)
    if found.statement is not None:
        for name, value in _said(found.statement, published):
            print(f"  {name}: {shown(value)}", file=out)
    hours = published.age(now).total_seconds() / 3600
    print(f"by the list of {published.issued_at}, {hours:.0f} hours old", file=out)
    if not rooted:
        print(NO_ROOT, file=out)


def _said(said: Statement, published: PaperList) -> list[tuple[str, str]]:
    names = {service.id: service for service in published.services}
    service = names.get(said.service)
    rows = [
        ("case number", said.case_no),
        ("matter", f"{service.zh} / {service.en}" if service is not None else said.service),
        ("paper", said.kind),
        ("outcome", said.outcome),
        ("rung", said.rung),
        ("decided", f"{moment(said.decided_at).astimezone(CHINA):%Y-%m-%d %H:%M}"),
        ("printed", f"{moment(said.printed_at).astimezone(CHINA):%Y-%m-%d %H:%M}"),
    ]
    if said.kind == "report":  # of a terminal, not of a case
        rows = [("report number", said.case_no), rows[2], rows[-1]]
    rows += [("the paper shows", text) for text in said.shown]
    return rows + ([("copy", str(said.copy))] if said.copy else [])


def _answer(found: Judgement, published: PaperList, *, rooted: bool) -> dict[str, Any]:
    said = None
    if found.statement is not None:
        said = asdict(found.statement)
        said |= {"fields": found.statement.fields.hex(), "serial": found.statement.serial.hex()}
    return {
        "verdict": found.verdict.value,
        "notes": list(found.notes),
        "statement": said,
        "terminal": found.key.terminal if found.key is not None else None,
        "revoked": asdict(found.revocation) if found.revocation is not None else None,
        "list": {"issued_at": published.issued_at, "next_at": published.next_at, "rooted": rooted},
    }


def _refused(message: str, advice: str, as_json: bool, out: TextIO) -> int:
    code = message.partition(":")[0]
    if as_json:
        error = {"code": code, "message": message, "advice": advice}
        print(json.dumps({"error": error}, ensure_ascii=False), file=out)
    else:
        print(f"{message}\n{advice}".rstrip(), file=sys.stderr)
    return 2


def read_list(file: Path, root: str) -> PaperList:
    """The list in a file, held against the office's first key where that is named. Raises NotReadable, BadList."""
    return listing.read(_text(file), _root(root))


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a list"
        raise NotReadable(f"{file}: {why}") from error


def _root(root: str) -> bytes | None:
    if not root:
        return None
    path = Path(root)
    try:
        return wire.unb64(path.read_text("ascii").strip() if path.is_file() else root)
    except (OSError, ValueError) as error:
        raise NotReadable("--root is neither a key in base64 nor a file that holds one") from error


def _fields(file: Path) -> tuple[list[tuple[str, str]], ...]:
    """As they may have been hashed: a receipt's rows in their order, an object also by name, as a certificate's."""
    try:
        raw = json.loads(file.read_text("utf-8"))
        pairs = list(raw.items()) if isinstance(raw, dict) else [(name, value) for name, value in raw]
        if not all(isinstance(text, str) for pair in pairs for text in pair):
            raise ValueError
    except (OSError, ValueError, TypeError) as error:
        raise NotReadable(f"{file}: not the paper's fields in JSON") from error
    return (pairs, sorted(pairs)) if isinstance(raw, dict) else (pairs,)


def _code_in(image: Path) -> str:
    """What the mark's code in a picture holds; of several codes, the one with a mark."""
    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    from kiosk.papers.mark import NoMark, find

    try:
        with Image.open(image) as opened:
            codes = zxingcpp.read_barcodes(opened.convert("L"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise NotReadable(f"{image}: no picture that can be read") from error
    for code in codes:
        try:
            find(code.text)
        except NoMark:
            continue
        return str(code.text)
    return codes[0].text if codes else ""
