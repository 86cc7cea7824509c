"""A card on the reader: its name is on the way to the screen before anything is looked up, and nothing outlasts it."""

from __future__ import annotations

from dataclasses import replace

from devices.contracts.identity import CardGone, CardRead, IdentityDocument, PhotoUndecodable
from kiosk.counter.cards import CardDesk
from kiosk.visit import events
from tests.unit.visit_world import person


class Undecodable:
    def decode(self, photo: object) -> bytes:
        raise PhotoUndecodable("no library")


def desk(heard: list[str]) -> CardDesk:
    def known(document: IdentityDocument) -> None:
        heard.append(f"known {document.number}")

    return CardDesk(
        Undecodable(),  # type: ignore[arg-type]  # all that the desk uses of a decoder
        lambda event: heard.append(type(event).__name__),
        known,
        lambda: heard.append("forgotten"),
    )


def test_the_name_goes_to_the_screen_before_the_papers_are_looked_up() -> None:
    heard: list[str] = []
    desk(heard).hear(CardRead(person()))
    assert heard == [events.CardShown.__name__, f"known {person().number}"]


def test_a_card_without_a_photograph_is_looked_up_all_the_same() -> None:
    heard: list[str] = []
    desk(heard).hear(CardRead(replace(person(), photo=None)))
    assert heard[-1] == f"known {person().number}"


def test_what_was_derived_from_a_card_is_forgotten_when_it_leaves() -> None:
    heard: list[str] = []
    desk(heard).hear(CardGone())
    assert heard == ["forgotten", events.CardGone.__name__]
