"""What is said aloud of a page, made of the same snapshot that is drawn: instructions, prompts, errors, the outcome and
its paper. Pure: the words of message keys are given by who draws them, nothing is played here.

A page is said from its heading on. On a page that was said before only what is *live* and new is said: a complaint, a
hint, a jam. A panel over a page is said instead of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kiosk.domain.text import Language
from kiosk.visit import screen as s
from kiosk.visit import screen_cases as c
from kiosk.visit import speech_arriving as arriving
from kiosk.visit import speech_ending as ending
from kiosk.visit import speech_filling as filling
from kiosk.visit.speech_line import Line, Say
from kiosk.visit.speech_text import speakable

_WITH_CHROME: dict[type, Callable[[Any, s.Chrome, Say], Iterator[Line]]] = {
    s.AttractBody: arriving.attract, s.IdentifyBody: arriving.identify, s.NoticeBody: arriving.closed,
    s.EntryBody: arriving.entry,
}  # fmt: skip
_PAGES: dict[type, Callable[[Any, Say], Iterator[Line]]] = {
    s.HomeBody: arriving.home, s.SearchBody: arriving.search, s.GuideBody: arriving.guide,
    s.ConsentBody: arriving.consent, s.FaceBody: arriving.face, s.OtherWayBody: arriving.other_way,
    s.HelperBody: arriving.helper,
    s.FormBody: filling.form, s.MaterialBody: filling.material, s.UploadBody: filling.upload,
    s.CommitmentBody: filling.commitment, s.ReviewBody: filling.review, s.SignBody: filling.sign,
    s.QueryBody: filling.query, s.LicenceBody: filling.licence, s.ResumeBody: filling.resume, s.KeepBody: filling.keep,
    s.OutcomeBody: ending.outcome, s.TroubleBody: ending.trouble, s.RateBody: ending.rate,
    s.FarewellBody: ending.farewell, s.CollectBody: ending.collect, c.CasesBody: ending.cases, c.CaseBody: ending.case,
    c.SupplementBody: ending.supplement, c.WithdrawBody: ending.withdraw, c.HandedInBody: ending.handed_in,
}  # fmt: skip
_PLAIN = {"recovering": ("attract.recovering",), "wiping": ("attract.wiping",),
          "committing": ("committing.title", "committing.lead"),
          "maintenance": ()}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """``place``: which page, question or panel it is of. ``said``: all of it, sentence by sentence; ``news``: those
    that are said when they are new on a page that was said already. Speakable, and as personal as the page.
    """

    place: str
    language: Language
    said: tuple[str, ...]
    news: tuple[str, ...]


def reading(screen: s.Screen, say: Say, seconds: int = 0) -> Reading:
    """``say``: words of message keys in the screen's language; ``seconds``: until the visit ends by itself."""
    language = screen.chrome.language
    panel = next(_panels(screen.chrome, say, seconds), None)
    lines = written(screen, say) if panel is None else panel[1]
    spoken = [(line, speakable(line.text, language, screen.says)) for line in lines]
    said = tuple(dict.fromkeys(text for _, text in spoken if text))
    news = tuple(dict.fromkeys(text for line, text in spoken if text and line.live))
    place = _place(screen) if panel is None else f"{screen.page} {panel[0]}"
    return Reading(place, language, said, news)


def written(screen: s.Screen, say: Say) -> tuple[Line, ...]:
    """What is said of the page, as it is written."""
    body = screen.body
    if screen.page in _PLAIN:
        return tuple(Line(say(key)) for key in _PLAIN[screen.page])
    chromed = _WITH_CHROME.get(type(body))
    lines = chromed(body, screen.chrome, say) if chromed is not None else _PAGES[type(body)](body, say)
    return tuple(line for line in lines if line.text)


def _place(screen: s.Screen) -> str:
    """Where one is: another question, or a paper to look at, is another page to the ear."""
    body = screen.body
    match body:
        case s.FormBody():
            return f"form {body.index} {body.key}"
        case s.LicenceBody():
            return f"licence {body.name} {body.stage}"
        case s.MaterialBody():
            return f"material {body.label} {len(body.pages)} {body.stage == 'taken'}"
        case s.UploadBody():
            return f"upload {body.stage} {body.count} {body.more}"
        case s.OutcomeBody():
            return f"outcome {body.reasons_shown}"
        case s.HomeBody():
            return f"home {body.category}"
        case s.OtherWayBody():
            return f"other_way {body.way}"
        case c.CaseBody():
            return f"case {body.line.case_id}"
    return screen.page


def _panels(chrome: s.Chrome, say: Say, seconds: int) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """The panel that lies over the page, the weightiest first (ui/qml/Kiosk/Controls/Overlays.qml)."""
    if chrome.power:
        told = say(f"power.{chrome.power}", seconds)
        yield "power", (Line(say("power.title")), Line(told))
    if chrome.warning:
        yield "warning", (Line(say("warning.title")), Line(say("warning.lead", seconds)), Line(say("warning.stay")))
    if chrome.help_called:
        phone = chrome.help_phone
        told = say("help.phone", phone) if phone else say("help.lead")
        yield "help", (Line(say("help.title" if phone else "help.nearby")), Line(told))
    if chrome.card_missing:
        told = say("card.lead", seconds) if chrome.expires_at is not None else say("card.wait")
        yield "card", (Line(say("card.title")), Line(told))
    if chrome.handover:
        lines = [say(f"own.{chrome.handover}.title"), say(f"own.{chrome.handover}.lead")]
        lines += [say("own.face.lead")] if chrome.handover_face else []
        yield "own", tuple(map(Line, lines))
