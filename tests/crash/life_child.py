"""A journal that erases, keeps or ends a draft, takes a supplement; killed by the failpoint that its caller armed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.domain.case import new_case_id
from kiosk.journal.deeds import DeedRecord
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.journal import Journal
from kiosk.journal.records import CaseRecord, Numbers, SealedMaterial

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CLAIM = b"0123456789abcdef"
DEED, CASE = "01970000-0000-7000-8000-000000000001", "01970000-0000-7000-8000-000000000002"


def main(folder: Path, deed: str) -> None:
    with Journal.open(folder, bytes(range(32)), clock=lambda: NOW) as journal:
        print("open", flush=True)
        match deed:
            case "erase":
                journal.erase_next(NOW)
            case "supplement":
                page = SealedMaterial.of("page", bytes(200_000))
                journal.commit_deed(DeedRecord(DEED, CASE, "supplement", NOW, False, b"sealed", (page,)))
            case "keep":
                journal.keep_draft(KeptDraft(CLAIM, b"newer", NOW + timedelta(days=7)))
            case "commit":
                journal.commit(
                    lambda numbers: CaseRecord(
                        new_case_id(), f"T-{_taken(numbers)}", "p", "1", "approved", "final", "face", NOW, False,
                        b"sealed", draft=CLAIM,
                    )
                )  # fmt: skip


def _taken(numbers: Numbers) -> int:
    return numbers.take("case")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
