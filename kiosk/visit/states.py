"""The states of a visit. A page of the screen bears the same name."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where the citizen is. Starting *is* recovering: a card may lie in the field, paper in the path."""

    RECOVERING = "recovering"
    ATTRACT = "attract"
    HOME = "home"
    SEARCH = "search"  # a matter is looked for by its name
    GUIDE = "guide"
    IDENTIFY = "identify"
    CONSENT = "consent"  # separate consent to the face check
    FACE = "face"
    OTHER_WAY = "other_way"
    COLLECT = "collect"  # papers of an earlier visit, the person being certain
    RESUME = "resume"  # a matter that was begun at an earlier visit, the person being certain
    CASES = "cases"  # 我的办件: this person's cases, the person being certain
    CASE = "case"  # one of them
    SUPPLEMENT = "supplement"  # the papers that the office asks for are put together
    WITHDRAW = "withdraw"  # is it really to be withdrawn?
    QUERY = "query"  # a department's register is asked about the person
    LICENCE = "licence"  # an electronic licence may be asked for, which spares typing and papers
    FORM = "form"
    MATERIAL = "material"  # papers are scanned
    UPLOAD = "upload"  # or sent by telephone
    COMMITMENT = "commitment"
    REVIEW = "review"
    SIGN = "sign"
    HELPER = "helper"  # a member of staff begins to help (帮办): their code
    KEEP = "keep"  # leaving with something entered: is it to be kept?
    COMMITTING = "committing"
    OUTCOME = "outcome"  # decided and saved; papers are being printed
    TROUBLE = "trouble"  # decided and saved; a paper did not come out
    HANDED_IN = "handed_in"  # a supplement or a withdrawal is saved; its receipt is being printed
    RATE = "rate"
    FAREWELL = "farewell"
    WIPING = "wiping"
    OUT_OF_SERVICE = "out_of_service"
    ENTRY = "entry"  # staff: the PIN of the card in the slot, or a one-time code
    MAINTENANCE = "maintenance"  # somebody of the staff was let in: the maintenance window is shown
    UNDER_WORK = "under_work"  # their session has locked: the public is told that work is going on


BEFORE_COMMIT = frozenset(
    {
        State.HOME, State.SEARCH, State.GUIDE, State.IDENTIFY, State.CONSENT, State.FACE, State.OTHER_WAY,
        State.COLLECT, State.RESUME, State.CASES, State.CASE, State.SUPPLEMENT, State.WITHDRAW, State.QUERY,
        State.FORM, State.MATERIAL, State.COMMITMENT, State.REVIEW, State.SIGN, State.KEEP,
        State.HELPER, State.LICENCE, State.UPLOAD,
    }
)  # fmt: skip
"""Leaving one of these leaves nothing behind but what the citizen wants kept."""

NOBODY = frozenset({State.ATTRACT, State.OUT_OF_SERVICE, State.UNDER_WORK})
"""No visit is under way: staff may ask to be let in."""

NEEDS_CARD = frozenset(
    {
        State.CONSENT, State.FACE, State.OTHER_WAY, State.COLLECT, State.RESUME, State.CASES, State.CASE,
        State.SUPPLEMENT, State.WITHDRAW, State.QUERY, State.FORM, State.MATERIAL, State.COMMITMENT, State.REVIEW,
        State.SIGN, State.LICENCE, State.UPLOAD,
    }
)  # fmt: skip
"""The card that was read should stay in the field."""
