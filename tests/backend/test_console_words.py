"""Every word that a page of the console asks for is there, in both languages; and none that nobody asks for."""

from __future__ import annotations

import re
from pathlib import Path

import kiosk.backend.console as room
from kiosk.backend.console import entry_pages
from kiosk.backend.console.acting import ORDER
from kiosk.backend.console.keeping import PASSWORD_ADVICE
from kiosk.backend.console.lists import TABS
from kiosk.backend.console.roles import BY_LINE, AccountDeed, Role
from kiosk.backend.console.staff_pages import FIELDS
from kiosk.backend.desks import DESKS
from kiosk.backend.entry_codes import ROLES as ENTRY_ROLES
from kiosk.backend.oidc.problems import CODES as OIDC_CODES
from kiosk.backend.web.problems import CODES
from kiosk.backend.web.words import words_of
from kiosk.domain import life
from kiosk.domain.decision import Outcome
from kiosk.domain.envelope import Origin, Trust
from kiosk.domain.life import WHY, Deed, State
from kiosk.services.loader import BUILTIN, builtin

CONSOLE = Path(room.__file__).parent
WEB = CONSOLE.parent / "web"
RIGHTS = ("role", "area", "service", "desk", "decides")
OWN = ("taken", "not-yours", "not-held", "changed", "checklist-open", "nothing-proposed", "same-person",
       "nothing-to-check", "not-certified", "backend")  # fmt: skip
FAMILIES = {  # words that a page puts together of what it shows
    "role.": [*(each.value for each in Role), *(each.value for each in life.Role)],
    "desk.": DESKS,
    "deed.": [each.value for each in ORDER],
    "origin.": [each.value for each in Origin],
    "trust.": [each.value for each in Trust],
    "outcome.": [each.value for each in Outcome],
    "state.": [each.value for each in State],
    "clock.": ["answer", "decide", "promise", "whole", "deliver", "reply"],
    "queue.tab_": TABS,
    "queue.desk_": DESKS,
    "sign_in.": ["wrong", "locked", "by_password", "break_glass", "not_ended"],
    "second.": [
        "wrong",
        "locked",
        "differs",
        *(f"password-{why}" for why in PASSWORD_ADVICE),
        *(f"{what}_{page}" for what in ("title", "lead") for page in ("setup", "give", "renew")),
    ],
    "oidc.": OIDC_CODES,
    "account.": [
        *FIELDS,
        *(f"role_{each.value}" for each in Role),
        *(f"done_{each.value}" for each in AccountDeed),
        *(f"deed_{each.value}" for each in AccountDeed if each is not AccountDeed.ADD),
    ],
    "check.": ["confirmed", "revoked"],
    "entry.": [
        *entry_pages.FIELDS,
        *(f"role_{each}" for each in ENTRY_ROLES),
        *(f"may_{each}" for each in ENTRY_ROLES),
    ],
    "log.": ["look", "take", "release", "act", "propose", "put-back", "check", "sign-in", "sign-in-first", "sign-out"],
    "refused.": [*WHY, *OWN, *(f"right-{each}" for each in RIGHTS)],
}


def asked() -> set[str]:
    """What the templates name."""
    found = set()
    for file in (CONSOLE / "templates").glob("*.html"):
        found |= set(re.findall(r"w\('([a-z_]+\.[a-z_-]+)'[,)]", file.read_text(encoding="utf-8")))
    return found | {prefix + name for prefix, names in FAMILIES.items() for name in names}


def test_every_word_is_there_and_no_other() -> None:
    known, common = set(words_of(CONSOLE)), set(words_of(WEB))
    assert asked() - known - common == set()
    assert known - asked() == {f"desk.{each}" for each in DESKS} - asked()
    assert {f"problem.{code}" for code in CODES} <= common


def test_every_deed_that_staff_can_do_has_its_place() -> None:
    assert set(ORDER) == set(Deed) - {Deed.RECEIVED} - BY_LINE


def test_what_packs_say_for_staff_belongs_to_deeds_that_can_say_it() -> None:
    packs = [builtin(name) for name in BUILTIN]
    with_words = [pack for pack in packs if pack.review.checklist]
    assert len(with_words) >= 3
    for pack in with_words:
        assert all(Deed(deed) in ORDER for deed in pack.review.phrases)
        assert all(text.zh and text.en for said in pack.review.phrases.values() for text in said)
