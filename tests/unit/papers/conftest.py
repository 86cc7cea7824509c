"""An office with its keys, a terminal of it, and papers that the terminal has printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from kiosk import wire
from kiosk.domain.papers import PaperContent
from kiosk.papers.listing import PaperKey, PaperList, RevokedPaper, ServiceName, signed
from kiosk.papers.mark import marked
from tests.unit.documents.conftest import case as case  # the documents room's made-up cases

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
Case = Callable[..., dict[str, PaperContent]]


def pair(seed: int, suite: str = "international") -> tuple[bytes, bytes]:
    if suite == "shangmi":
        from kiosk.suites import by_name

        return by_name("shangmi").new_signing_pair()
    private = bytes([seed]) * 32
    return private, wire.public_of(private)


@dataclass
class Office:
    """The backend's keys by epoch, and the list that it publishes."""

    epochs: list[tuple[bytes, bytes]] = field(default_factory=lambda: [pair(1)])
    terminal: tuple[bytes, bytes] = field(default_factory=lambda: pair(9))
    issued: datetime = NOON + timedelta(hours=1)
    revoked: list[RevokedPaper] = field(default_factory=list)
    withdrawn: str = ""
    until: str = ""
    replaced: str = ""
    since: datetime = NOON - timedelta(days=10)

    @property
    def root(self) -> bytes:
        return self.epochs[0][1]

    def print(self, paper: PaperContent, at: datetime = NOON) -> PaperContent:
        return marked(paper, self.terminal[0], at)

    def public(self) -> list[wire.KeyEpoch]:
        made: list[wire.KeyEpoch] = []
        for number, (_, public) in enumerate(self.epochs, 1):
            epoch = wire.KeyEpoch(number, wire.b64(b"s" * 32), wire.b64(public), "2026-01-01T00:00:00+00:00")
            if made:
                epoch = replace(epoch, endorsement=wire.sign(self.epochs[number - 2][0], epoch.canonical()))
            made.append(epoch)
        return made

    def list(self) -> PaperList:
        _, public = self.terminal
        key = PaperKey(
            wire.key_id(public), "140213-ABCDEF", wire.b64(public), self.since.isoformat(), self.until, self.withdrawn,
            self.replaced,
        )  # fmt: skip
        return PaperList(
            self.issued.isoformat(), (self.issued + timedelta(days=1)).isoformat(), self.public(), [key],
            list(self.revoked), [ServiceName("individual_business", "个体工商户设立登记", "Registration of a shop")],
            "0352-0000000",
        )  # fmt: skip

    def published(self) -> str:
        return signed(self.list(), self.epochs[-1][0])


@pytest.fixture
def office() -> Office:
    return Office()
