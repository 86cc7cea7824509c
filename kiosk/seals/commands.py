"""What `kiosk paper verify-seal` does: who sealed a PDF, when, and whether a bit of it has changed. Needs no line.

Exit status: 0 genuine, 1 anything else about the file, 2 it or the list cannot be read, 3 whole, and nobody vouches for
whose seal it is. A sample is genuine and says so: look at the notes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from kiosk.domain.beijing import CHINA, beijing_now
from kiosk.domain.text import shown
from kiosk.papers import commands as papers
from kiosk.papers import listing
from kiosk.papers.judging import Judgement, judge
from kiosk.papers.judging import Verdict as Marked
from kiosk.seals import making
from kiosk.seals.checking import Found, Verdict, check
from kiosk.seals.errors import SealError
from kiosk.suites import SuiteMissing

VERDICTS = {
    Verdict.GENUINE: "genuine: sealed by the authority that is named, and not a bit has changed since",
    Verdict.ALTERED: "altered: it is not what was sealed",
    Verdict.NO_SEAL: "there is no seal in this file",
    Verdict.UNKNOWN_SEAL: "unknown seal: nobody who is vouched for has sealed it",
    Verdict.EXPIRED: "expired: the seal's certificate does not hold for this day, and nobody else vouches for it",
    Verdict.WITHDRAWN: "withdrawn: the office does not stand for this seal any more",
    Verdict.UNVOUCHED: "not vouched for: unchanged, but nobody tells whose seal it is: name --list and --root, "
    "or --trust",
}
NOTES = {
    "sample": "a sample, not valid (样章)",
    "certificate-expired": "the seal's certificate has run out since; the office's list stands for it",
    "sm2": "the SM2 signature beside it holds too",
    **papers.NOTES,
}
STATUS = {Verdict.GENUINE: 0, Verdict.UNVOUCHED: 3}  # of all others 1
VOID, WITHOUT_EFFECT = frozenset({"sample", "test"}), papers.WITHOUT_EFFECT


def verify_seal(
    file: Path, *, sm2: Path | None = None, list_file: Path | None = None, root: str = "", trust: Sequence[Path] = (),
    as_json: bool = False, out: TextIO | None = None, now: Callable[[], datetime] = beijing_now,
) -> int:  # fmt: skip
    """``trust``: PEM files of seals' or of a CA's certificates. ``root``: as for `kiosk paper verify`."""
    out = out or sys.stdout
    try:
        pdf, beside = _bytes(file), None if sm2 is None else _bytes(sm2)
        trusted = [each for pem in trust for each in making.certificates_in(_bytes(pem))]
        published = None if list_file is None else papers.read_list(list_file, root)
        vouched = published.seals if published is not None and root else []
        found = check(pdf, now(), vouched=vouched, trusted=trusted, sm2=beside)
    except (listing.BadList, SealError, SuiteMissing) as error:
        return _refused(f"{error.code}: {error}", error.advice, as_json, out)
    except papers.NotReadable as error:
        return _refused(f"not-readable: {error}", "", as_json, out)
    marked = judge(found.mark, published, now()) if published is not None and found.mark else None
    if as_json:
        print(json.dumps(_answer(found, marked), ensure_ascii=False), file=out)
    else:
        _tell(found, marked, out)
    status = STATUS.get(found.verdict, 1)
    if marked is not None and marked.verdict is not Marked.GENUINE:
        return max(status, 1)
    notes = {*found.notes, *(() if marked is None else marked.notes)}
    return status or (WITHOUT_EFFECT if notes & VOID else 0)


def _tell(found: Found, marked: Judgement | None, out: TextIO) -> None:
    print(VERDICTS[found.verdict], file=out)
    for note in found.notes:
        print(f"  note: {NOTES[note]}", file=out)
    for name, value in _said(found).items():
        print(f"  {name}: {shown(str(value))}", file=out)
    if marked is not None:
        print(f"the certificate itself: {papers.VERDICTS[marked.verdict]}", file=out)
        for note in marked.notes:
            print(f"  note: {NOTES[note]}", file=out)


def _said(found: Found) -> dict[str, str]:
    if found.sealed_at is None:
        return {}
    at = f"{found.sealed_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    return {"sealed by": found.authority, "sealed at (its own word)": at, "why": found.reason}


def _answer(found: Found, marked: Judgement | None) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "notes": list(found.notes),
        "authority": found.authority,
        "sealed_at": found.sealed_at.isoformat() if found.sealed_at is not None else None,
        "reason": found.reason,
        "certificate": None if marked is None else {"verdict": marked.verdict.value, "notes": list(marked.notes)},
    }


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise papers.NotReadable(f"{file}: {error.strerror}") from error


def _refused(message: str, advice: str, as_json: bool, out: TextIO) -> int:
    if as_json:
        error = {"code": message.partition(":")[0], "message": message, "advice": advice}
        print(json.dumps({"error": error}, ensure_ascii=False), file=out)
    else:
        print(f"{message}\n{advice}".rstrip(), file=sys.stderr)
    return 2
