"""An electronic certificate handed in to be checked: whole and genuine, one bit changed, revoked since."""

from __future__ import annotations

from kiosk.backend.core import Backend
from kiosk.backend.public.vouching import Vouching
from tests.backend.conftest import Terminal
from tests.backend.test_backend_certificates import AUTHORITY, drawn_here, elder, office

__all__ = ["drawn_here", "office"]  # fixtures


def test_a_sealed_certificate_is_judged_by_the_list_of_this_minute(office: Backend, terminal: Terminal) -> None:
    case, seconds = elder(terminal), [0.0]
    pdf = office.certificates.of(case.case_id).pdf
    vouching = Vouching(office.late, office.now, lambda: seconds[0])
    found = vouching.file(pdf)
    assert (found.verdict, found.authority, found.notes) == ("genuine", AUTHORITY, ("sample",))
    assert found.void, "its seal is a sample: the page says that it proves nothing"
    assert found.said is not None
    assert (found.said.case_no, found.said.kind) == (case.case_no, "certificate")
    middle = pdf.index(b"endobj") - 9
    assert vouching.file(pdf[:middle] + bytes([pdf[middle] ^ 1]) + pdf[middle + 1 :]).verdict != "genuine"
    office.late.settle(case.case_id, "revoked")
    assert vouching.file(pdf).verdict == "genuine", "a list is used for a minute"
    seconds[0] = 61.0
    assert vouching.file(pdf).verdict == "revoked"
