"""Made-up cases and the papers they give."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.documents.compose import papers
from kiosk.domain.case import CaseDraft, Commitment
from kiosk.domain.codes import case_no, credit_code, id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import Language
from kiosk.services import forms, rules
from kiosk.services.loader import load_builtin

PLACE = Place(
    "140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000",
    "https://office.example/progress",
)  # fmt: skip
ANSWERS = {"trade": "small_restaurant", "shop_name": "南关小面馆", "premises": "南关街18号底商", "staff": "2",
           "phone": "13800000001"}  # fmt: skip
MORNING = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
DAY = date(2026, 11, 22)
CREDIT_CODE = credit_code("140213", 31234)
CASE_NO = case_no("140213", DAY, 318)
Case = Callable[..., dict[str, PaperContent]]


@pytest.fixture
def case() -> Case:
    def make(
        service: str = "individual_business",
        *,
        name: str = "王某某",
        online: bool = True,
        committed: bool = True,
        verification: Verification = Verification.FACE,
        language: Language = "zh_CN",
        test: bool = False,
        place: Place = PLACE,
        birth: date = date(1958, 3, 1),
        **answers: str,
    ) -> dict[str, PaperContent]:
        pack = load_builtin(place)[service]
        first = f"140213{birth:%Y%m%d}002"
        document = IdentityDocument(
            DocumentKind.RESIDENT, first + id_check_digit(first), name, "2", birth, date(2015, 1, 1), None
        )
        envelope = Envelope().with_fields(forms.prefill(pack, document))
        for question in pack.questions:
            envelope = envelope.with_field(forms.answer(question, (ANSWERS | answers)[question.key]))
        envelope = forms.derive(pack, envelope)
        promise = Commitment("premises", "1.0", (), MORNING) if committed and pack.commitment else None
        facts = rules.facts_of(document, envelope, verification, promise, online=online, today=DAY)
        draft = CaseDraft(
            "case", pack.pack_id, pack.item_code, envelope, verification, rules.decide(pack, facts), (), promise,
            MORNING, test,
        )  # fmt: skip
        code = CREDIT_CODE if "uscc" in pack.number_blocks else ""
        made = papers(
            pack, draft, case_no=CASE_NO, credit_code=code, place=place, committed_at=MORNING, language=language
        )
        return {paper.paper_id: paper for paper in made}

    return make
