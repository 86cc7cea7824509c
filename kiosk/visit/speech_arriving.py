"""What is said of the pages up to the form: waiting, choosing, the guide, the card, who it is. See speech.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from kiosk.visit import screen as s
from kiosk.visit.speech_line import Line, Say

OF_AGE = 18  # whoever is older needs no guardian
FEW = 6  # services that are read one by one; of more, the categories
PLACED = ("card_lift", "card_unreadable", "reader_down", "slot_card")  # the advice says what to do with the card


def attract(body: s.AttractBody, chrome: s.Chrome, say: Say) -> Iterator[Line]:
    yield Line(say("attract.title"))
    if not body.notice or body.able:
        yield Line(say("attract.lead"))
    starting = [light for light in body.lights if light.key == "starting"]
    for light in starting or body.lights:
        yield Line(say(f"light.{light.key}.{'ok' if light.ok else 'bad'}", light.count))
    if body.notice:
        yield Line(say(f"attract.notice.{body.notice}", body.able))
    if body.nearest:
        yield Line(say("out.nearest", body.nearest))
    yield from (Line(say("attract.start")), Line(f"{chrome.place}, {chrome.terminal}"), Line(say("attract.call")))


def home(body: s.HomeBody, say: Say) -> Iterator[Line]:
    counts = Counter(card.category for card in body.services)
    many = len(body.services) > FEW
    if many and body.category:
        yield from (Line(say(f"category.{body.category}")), Line(say("home.lead")))
        yield from _cards([card for card in body.services if card.category == body.category], say)
        return
    yield Line(say("home.title"))
    if body.problem:
        yield Line(say("home.resume.not_now"), live=True)
    yield Line(say("home.greeting", body.greeting) if body.greeting else say("home.lead"))
    if body.collect:
        waiting = f"home.waiting.{body.collect}"
        yield from (Line(say(waiting, body.collect_count)), Line(say(f"{waiting}.detail")))
    if body.unfinished and not body.problem:
        yield from (Line(say("home.resume")), Line(say("home.resume.detail")))
    if not many:
        yield from _cards(body.services, say)
        return
    yield Line(say("home.often"))
    yield from _cards([card for card in body.services if card.verdict != "cannot"][:4], say)
    yield from _categories(counts.items(), say)
    yield Line(say("home.search"))


def search(body: s.SearchBody, say: Say) -> Iterator[Line]:
    yield Line(say("search.title"))
    if not body.query:
        yield Line(say("search.hint"))
    elif not body.services:
        yield Line(say("search.none"), live=True)
        yield Line(say("search.call", body.phone) if body.phone else say("search.ask"))
        yield from _categories(body.categories, say)
    else:
        yield from _cards(body.services, say)
        if body.more:
            yield Line(say("search.more", body.more))


def _cards(cards: Iterable[s.ServiceCard], say: Say) -> Iterator[Line]:
    for card in cards:
        able = card.badge if card.verdict == "can" else say(f"home.{card.verdict}")
        if card.hours:
            able = say("home.hours", card.hours)
        yield Line(f"{card.name}: {able}")


def _categories(counts: Iterable[tuple[str, int]], say: Say) -> Iterator[Line]:
    for key, count in sorted(counts, key=lambda each: each[0] == "other"):
        yield Line(f"{say(f'category.{key}')}: {say('home.count', count)}")


def guide(body: s.GuideBody, say: Say) -> Iterator[Line]:
    verdict = body.ability.verdict.value
    taken = body.taken and verdict in ("can", "receipt_later")
    yield Line(body.full_name or body.name)
    yield Line(say(f"guide.{'taken' if taken else 'verdict'}.{verdict}"))
    yield Line(body.lead)
    for key in body.ability.lacking:
        yield Line(say(f"ability.lacking.{key.removeprefix('ability.')}", body.ability.hours))
    yield Line(say("guide.line.minutes", body.minutes))
    if body.fewest is None or body.fewest == body.questions:
        yield Line(_amount("guide.line.questions", body.questions, say))
    else:
        yield Line(say("guide.line.questions.range", body.fewest, body.questions))
    yield Line(_amount("guide.line.errands", body.errands, say))
    if body.prepare:
        yield Line(say("guide.prepare"))
    for title, detail in body.prepare:
        yield from (Line(title), Line(detail))
    yield Line(say("guide.basis", body.basis))


def _amount(key: str, number: int, say: Say) -> str:
    return say(key, number) if number else say(f"{key}.none")


def identify(body: s.IdentifyBody, chrome: s.Chrome, say: Say) -> Iterator[Line]:
    if not body.problem:
        yield from (Line(say("identify.title")), Line(say("identify.lead")), Line(say("identify.other")))
        return
    yield Line(say(f"problem.{body.problem}.title", body.detail), live=True)
    if body.problem not in PLACED:
        yield Line(say("identify.lift"), live=True)
    if body.problem == "card_kind" and chrome.help_phone:
        advice = say("problem.card_kind.phone", chrome.help_phone)
    elif body.problem == "under_age" and int(body.detail or 0) > OF_AGE:
        advice = say("problem.under_age.later")
    else:
        advice = say(f"problem.{body.problem}.advice", body.detail)
    yield Line(advice, live=True)


def consent(body: s.ConsentBody, say: Say) -> Iterator[Line]:
    yield Line(say("consent.title.name", body.name) if body.name else say("consent.title"))
    yield Line(say("consent.lead"))
    for word in ("what", *(("moves",) if body.moves else ()), "where", "gone", "free"):
        yield Line(say(f"consent.{word}"))
    yield Line(say("consent.other.detail" if body.later_possible else "consent.other.staff"))


def face(body: s.FaceBody, say: Say) -> Iterator[Line]:
    """A movement is said at once, and so is what keeps the check from going on."""
    if body.move:
        yield Line(say(f"face.move.{body.move}"), live=True)
        if not body.number:
            yield Line(say("face.move.first", body.total), live=True)
        else:
            done = "done" if body.move == "straight" else "step"
            yield Line(say(f"face.move.{done}", body.number, body.total), live=True)
    else:
        yield from (Line(say("face.title")), Line(say("face.lead")))
    if body.hint or not body.move:
        yield Line(say(f"hint.{body.hint or 'looking'}"), live=True)
    yield Line(say("face.free"))


def other_way(body: s.OtherWayBody, say: Say) -> Iterator[Line]:
    if body.way == "staff":
        yield from (Line(say("way.staff.title")), Line(say("way.staff.lead")))
        yield from refusal(body, say)
        return
    yield from (Line(say("way.title")), Line(say(f"way.reason.{body.reason}"), live=True))
    possible = {
        "staff": body.staff_possible, "later": body.later_possible, "own": body.own_possible,
        "face": body.face_possible,
    }  # fmt: skip
    for way in (way for way, can in possible.items() if can):
        yield Line(f"{say(f'way.{way}')}: {say(f'way.{way}.detail')}")


def helper(body: s.HelperBody, say: Say) -> Iterator[Line]:
    yield from (Line(say("helper.title")), Line(say("helper.lead")))
    yield from refusal(body, say)
    yield from (Line(say(f"helper.meaning.{word}")) for word in ("seen", "masked", "own"))


def refusal(body: s.OtherWayBody | s.HelperBody, say: Say) -> Iterator[Line]:
    """Why a code was not taken. The code itself is never said."""
    if body.problem:
        value = round(body.locked_for) if body.problem == "code_locked" else body.attempts_left
        yield Line(say(f"way.problem.{body.problem}", value), live=True)


def closed(body: s.NoticeBody, chrome: s.Chrome, say: Say) -> Iterator[Line]:
    work = body.reason == "under_work"
    yield Line(say("work.title" if work else "out.title"))
    yield Line(say(f"out.reason.{body.reason or 'other'}"))
    if body.expected:
        yield Line(say("out.expected", body.expected), live=True)
    yield Line(say("out.advice"))
    if body.nearest:
        yield Line(say("out.nearest", body.nearest))
    if chrome.help_phone:
        yield Line(say("out.phone", chrome.help_phone))


def entry(body: s.EntryBody, chrome: s.Chrome, say: Say) -> Iterator[Line]:
    """For staff. What has to be read out is said place by place; what is typed never is."""
    yield Line(say("entry.title"))
    if body.problem:
        yield Line(say(f"entry.problem.{body.problem}", body.attempts_left), live=True)
    if body.checking:
        yield Line(say("entry.checking"), live=True)
    if body.lead:
        yield Line(say(f"entry.lead.{body.lead}"), live=True)
    if body.challenge:
        yield Line(f"{say('entry.terminal')} {body.terminal}")
        yield Line(f"{say('entry.hour')} {body.hour}")
        yield Line(f"{say('entry.challenge')} {' '.join(body.challenge)}")
    if body.way in ("code", "none") and chrome.help_phone:
        yield Line(say("entry.phone", chrome.help_phone))
    if body.card_told:
        yield Line(say("entry.card"))
    if body.other:
        yield Line(say(f"entry.other.{body.other}"))
