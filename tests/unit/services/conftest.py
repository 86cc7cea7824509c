"""Made-up people and a place for the tests of packs, rules and forms."""

from collections.abc import Callable
from datetime import date

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.domain.codes import id_check_digit
from kiosk.domain.place import Place
from kiosk.services.loader import load_builtin
from kiosk.services.model import ServicePack

PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
Person = Callable[..., IdentityDocument]


@pytest.fixture
def place() -> Place:
    return PLACE


@pytest.fixture
def packs() -> dict[str, ServicePack]:
    return load_builtin(PLACE)


@pytest.fixture
def business(packs: dict[str, ServicePack]) -> ServicePack:
    return packs["individual_business"]


@pytest.fixture
def pension(packs: dict[str, ServicePack]) -> ServicePack:
    return packs["pension_verification"]


@pytest.fixture
def person() -> Person:
    def make(
        birth: date = date(1988, 5, 6),
        kind: DocumentKind = DocumentKind.RESIDENT,
        name: str = "王某某",
        **other: object,
    ) -> IdentityDocument:
        first = f"140213{birth:%Y%m%d}002"
        items: dict[str, object] = {
            "number": first + id_check_digit(first),
            "sex": "2",
            "valid_from": date(2015, 1, 1),
            "valid_to": None,
            "address": "山西省大同市平城区某街道某社区",
        } | other
        return IdentityDocument(kind=kind, name=name, birth=birth, **items)  # type: ignore[arg-type]

    return make
