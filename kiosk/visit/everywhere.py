"""What may happen on any page: language, size, help, quitting, the card leaving, time running out, machine facts."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import CallHelp, SetTimer
from kiosk.visit.events import (
    AbilitiesChanged,
    BackPressed,
    CardFailed,
    CardGone,
    CardShown,
    ElderChosen,
    HelpClosed,
    HelpPressed,
    LanguageChosen,
    NextPressed,
    QuitPressed,
    StillHere,
    TimerFired,
)
from kiosk.visit.finishing import farewell, printing
from kiosk.visit.identifying import with_photo
from kiosk.visit.keeping import ask_to_keep, keepable
from kiosk.visit.missing import ask_for_card
from kiosk.visit.states import BEFORE_COMMIT, NEEDS_CARD, State
from kiosk.visit.table import Result, cancel, go, late, on, stay
from kiosk.visit.visit import Now, Visit


@on(LanguageChosen)
def language(visit: Visit, event: LanguageChosen, now: Now) -> Result:
    return stay(visit, language=event.language)


@on(ElderChosen)
def elder(visit: Visit, event: ElderChosen, now: Now) -> Result:
    return stay(visit, elder=event.on)


@on(HelpPressed)
def call_help(visit: Visit, event: HelpPressed, now: Now) -> Result:
    return stay(visit, CallHelp(visit.state.value), help_called=True)


@on(HelpClosed)
def close_help(visit: Visit, event: HelpClosed, now: Now) -> Result:
    return stay(visit, help_called=False)


@on(StillHere)
def still_here(visit: Visit, event: StillHere, now: Now) -> Result:
    """The touch itself starts the time again; see step."""
    return stay(visit, warning=False)


@on(QuitPressed, *BEFORE_COMMIT)
def quit_before(visit: Visit, event: QuitPressed, now: Now) -> Result:
    """Only who collects papers may have one coming out before a commit; with one in the hand the visit is done."""
    if printing(visit):
        return stay(visit)
    if visit.state is State.HELPER:
        visit = replace(visit, state=visit.left or State.HOME)
    if visit.state is not State.KEEP and keepable(visit, now):
        return ask_to_keep(visit)
    return farewell(replace(visit, keep_agreed=False), "done" if _came_out(visit) else "quit")


@on(QuitPressed, State.OUTCOME, State.TROUBLE, State.RATE, State.HANDED_IN)
def quit_after(visit: Visit, event: QuitPressed, now: Now) -> Result:
    """Paper that is still coming out is waited for: it bears the citizen's name."""
    return stay(visit) if printing(visit) else farewell(visit, "done")


@on(QuitPressed, State.COMMITTING, State.FAREWELL)
def quit_never(visit: Visit, event: QuitPressed, now: Now) -> Result:
    return stay(visit)


@on(AbilitiesChanged)
def abilities(visit: Visit, event: AbilitiesChanged, now: Now) -> Result:
    machine = replace(
        visit.machine,
        abilities=event.abilities,
        online=event.online,
        camera=event.camera,
        page_printer=event.page_printer,
        receipt_printer=event.receipt_printer,
        identity_reader=event.identity_reader,
        document_camera=event.document_camera,
    )
    return stay(visit, machine=machine)


# -- the card while it is needed ---------------------------------------------------------------------


@on(CardGone, *NEEDS_CARD)
def card_taken(visit: Visit, event: CardGone, now: Now) -> Result:
    """Ask for it back before anything is thrown away. Who takes card and paper together is done."""
    if _came_out(visit) and not printing(visit):
        return farewell(visit, "done")
    return ask_for_card(visit, now)


@on(CardShown, *NEEDS_CARD)
def card_back(visit: Visit, event: CardShown, now: Now) -> Result:
    """The same card: go on. Another card is another person: the first one's visit ends and is wiped."""
    if visit.document is not None and event.document.number != visit.document.number:
        if printing(visit):  # the first one's paper is waited for, as if the card were merely gone
            return ask_for_card(visit, now)
        return farewell(visit, "card_changed")
    back = replace(visit, card_missing=False, card_until=None)
    if not back.photo_due or event.photo_due:
        return stay(back, *cancel("card_missing"))
    decoded, effects = with_photo(replace(back, picture=event.picture, photo_due=False), now)
    return decoded, (*cancel("card_missing"), *effects)


@on(CardShown)
@on(CardGone)
@on(CardFailed)
def card_elsewhere(visit: Visit, event: CardShown | CardGone | CardFailed, now: Now) -> Result:
    """Where no card is needed only its being there counts (see step)."""
    return stay(visit)


def _came_out(visit: Visit) -> bool:
    return visit.state is State.COLLECT and any(paper.state == "done" for paper in visit.papers)


# -- time --------------------------------------------------------------------------------------------


@on(TimerFired)
def timer(visit: Visit, event: TimerFired, now: Now) -> Result:
    if event.name == "card_missing" and printing(visit):  # the paper bears the citizen's name: it is waited for
        return ask_for_card(visit, now)
    if event.name == "card_missing":
        return farewell(visit, "card_gone") if visit.card_missing and visit.state in NEEDS_CARD else stay(visit)
    if event.name == "quiet":
        if printing(visit):
            return stay(visit)
        if visit.state is State.OUTCOME:  # 评价: the terminal goes to the rating page by itself
            return go(visit, State.RATE)
        return stay(visit, SetTimer("grace", visit.machine.delays.grace), warning=True)
    if event.name == "grace" and visit.warning:
        return farewell(visit, "done" if visit.saved or _came_out(visit) else "timeout")
    return stay(visit)


late(
    NextPressed,
    but=(
        State.GUIDE, State.COLLECT, State.RESUME, State.FORM, State.MATERIAL, State.COMMITMENT, State.REVIEW,
        State.OUTCOME, State.FAREWELL, State.SUPPLEMENT, State.HANDED_IN, State.QUERY, State.LICENCE, State.UPLOAD,
    ),
)  # fmt: skip
late(
    BackPressed,
    but=(
        State.HOME, State.SEARCH, State.GUIDE, State.IDENTIFY, State.CONSENT, State.FACE, State.OTHER_WAY,
        State.COLLECT, State.RESUME, State.FORM, State.MATERIAL, State.COMMITMENT, State.REVIEW, State.SIGN, State.KEEP,
        State.CASES, State.CASE, State.SUPPLEMENT, State.WITHDRAW, State.HELPER, State.QUERY,
        State.LICENCE, State.UPLOAD,
    ),
)  # fmt: skip
