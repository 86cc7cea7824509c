"""A document of the issuer, its chip, and a terminal that has opened it by basic access control."""

from __future__ import annotations

import pytest

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_issuer import Document, issue
from tests.unit.emrtd_chip.chip_room import Terminal, bac


@pytest.fixture(scope="session")
def document() -> Document:
    return issue()


@pytest.fixture
def chip(document: Document) -> EmrtdChip:
    return EmrtdChip(document)


@pytest.fixture
def terminal(chip: EmrtdChip, document: Document) -> Terminal:
    return bac(chip, document.mrz_key)
