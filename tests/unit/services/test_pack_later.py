"""A paper that is given once a person has approved: declared as such, and no printer is asked for at the visit."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.domain.clock_terms import terms
from kiosk.health.services import needs
from kiosk.services import bundle
from kiosk.services.check import check_pack
from kiosk.services.loader import builtin
from kiosk.services.model import PaperKind
from kiosk.services.terms import terms_of
from tests.unit.services.edited_packs import edited

LATER = "    later: true\n"
RECEIPT = "    kind: receipt\n"


def test_the_voucher_of_a_granted_allowance_is_owed_and_comes_out_at_no_visit() -> None:
    pack = builtin("elder_allowance")
    (voucher,) = [paper for paper in pack.papers if paper.kind is PaperKind.CERTIFICATE]
    assert (voucher.later, voucher.certificate_now, bundle.is_certificate(voucher)) == (True, False, False)
    assert needs(pack) == ("id_reader", "receipt_printer"), "nobody is sent home for want of an A4 printer"
    assert terms_of(pack).deliver == terms("licence").deliver, "行政许可法 第四十四条"
    assert builtin("elder_card").papers[0].certificate_now


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("elder_allowance", LATER, "", "it would never come out"),
        ("elder_card", "    template: certificate\n", f"    template: certificate\n{LATER}", "comes out at once"),
        ("elder_allowance", RECEIPT, RECEIPT + LATER, "only a certificate is given later"),
        ("elder_allowance", "    template: certificate\n", "    template: licence\n", "given at the visit"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, name: str, old: str, new: str, told: str) -> None:
    path, _ = edited(tmp_path, name, old, new)
    assert any(told in each.message for each in check_pack(path)), [str(each) for each in check_pack(path)]
