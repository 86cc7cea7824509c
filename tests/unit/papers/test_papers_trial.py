"""A paper of a trial is whole and genuine, and nobody takes it for a yes, by eye or by exit status."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

from kiosk import wire
from kiosk.domain.papers import PaperContent
from kiosk.papers import commands
from kiosk.papers.statement import fields_of
from tests.unit.papers.conftest import Office


def test_a_script_does_not_take_a_trial_s_paper_for_a_true_one(
    office: Office, case: Callable[..., dict[str, PaperContent]], tmp_path: Path
) -> None:
    listed = tmp_path / "papers.jws"
    listed.write_text(office.published(), encoding="ascii")

    def status(paper: PaperContent, root: str = wire.b64(office.root)) -> int:
        return commands.verify(paper.qr, list_file=listed, root=root, out=io.StringIO(), now=lambda: office.issued)

    true, trial = (office.print(case(test=test)["receipt"]) for test in (False, True))
    assert (status(true), status(trial)) == (0, commands.WITHOUT_EFFECT)
    assert status(trial, root="") == 3, "nobody vouches for the list: that is said first"


def test_what_a_receipt_says_may_be_typed_off_as_an_object_too(
    office: Office, case: Callable[..., dict[str, PaperContent]], tmp_path: Path
) -> None:
    listed, typed = tmp_path / "papers.jws", tmp_path / "fields.json"
    listed.write_text(office.published(), encoding="ascii")
    paper = office.print(case(test=False)["receipt"])
    rows = dict(fields_of(paper))
    assert list(rows) != sorted(rows), "or the order tells nothing"
    for said, expected in ((rows, 0), (list(rows.items()), 0), (rows | {next(iter(rows)): "x"}, 1)):
        typed.write_text(json.dumps(said), encoding="utf-8")
        status = commands.verify(
            paper.qr, list_file=listed, root=wire.b64(office.root), fields=typed, out=io.StringIO(),
            now=lambda: office.issued,
        )  # fmt: skip
        assert status == expected
