"""The pages behind ``/p``: which there are, and what each does. What they say stands in words.toml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.responses import Response
from starlette.routing import BaseRoute

from kiosk import wire
from kiosk.backend.core import Backend
from kiosk.backend.lives import Known
from kiosk.backend.public import looking, sending, uploads
from kiosk.backend.public.handing import Paper, supplement
from kiosk.backend.public.vouching import Vouched, Vouching
from kiosk.backend.web.forms import SMALL
from kiosk.backend.web.throttle import take
from kiosk.backend.web.turn import Page, Turn
from kiosk.domain.life import May, Stand
from kiosk.domain.life_table import State
from kiosk.domain.my_case import lacking
from kiosk.domain.progress import Progress, progress
from kiosk.domain.rating import level_word, levels, options, reasons
from kiosk.domain.rating_task import TaskState, finding_word
from kiosk.papers.statement import moment, serial_of

FILES, LARGEST_FORM = 24, 40 * 1024 * 1024  # of one supplement: files, bytes of the whole form
EACH = 8  # files for one thing that is lacking
ACCEPT = "image/jpeg,image/png,application/pdf"
_UPLOADS = (4 / 60, 8)  # forms with files a second of one address, and at once
_CHECKS = (10 / 60, 20)
TONES = {
    State.APPROVED: "ok", State.ANSWERED: "ok", State.SUPPLEMENTING: "warn", State.HELD: "warn", State.REFUSED: "bad",
    State.NOT_ACCEPTED: "bad", State.VOIDED: "bad",
}  # fmt: skip
VERDICT_TONES = {"genuine": "ok", "revoked": "bad", "altered": "bad", "withdrawn": "bad", "sample": "bad"}
# What a page says at its top.
SAID = ("done", "waits", "added", "rated", "incomplete", "not_asked", "too_late", "not_theirs")


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """A case as its page shows it. ``rated``: None where it was not rated."""

    known: Known
    stands: Stand
    shown: Progress
    rated: wire.CaseRating | None


def routes(backend: Backend) -> list[BaseRoute]:
    vouching = Vouching(backend.late, backend.now, backend.settings.monotonic)
    both = ("GET", "POST")
    return [
        Page("/p/", _home),
        Page("/p/progress", _progress, methods=both),
        Page("/p/mark", partial(_mark, vouching=vouching), methods=both),
        Page("/p/case", _case),
        Page("/p/case/leave", _leave, methods=("POST",)),
        Page("/p/case/supplement", _supplement, methods=both, limit=LARGEST_FORM, files=FILES),
        Page("/p/case/rating", _rating, methods=both),
        Page("/p/check", partial(_check, vouching=vouching), methods=both, limit=uploads.LARGEST + SMALL, files=1),
        *sending.routes(backend),
    ]


def _home(turn: Turn) -> Response:
    return turn.render("public/home.html")


# -- whose case ---------------------------------------------------------------------------------------


def _progress(turn: Turn) -> Response:
    """Number and check. The number may come with the address: the code on the receipt brings it along."""
    if turn.request.method != "POST":
        number = looking.normal(turn.query("no"))
        return turn.render("public/progress.html", number=number if number.isalnum() else "", wrong=False)
    case_id = looking.find(turn, turn.field("number"), turn.field("ending"))
    if not case_id:
        number = looking.normal(turn.field("number"))
        return turn.render("public/progress.html", 404, number=number if number.isalnum() else "", wrong=True)
    looking.admit(turn, case_id, looking.ACT)
    return turn.redirect("/p/case")


def _mark(turn: Turn, vouching: Vouching) -> Response:
    """The mark of a receipt that was scanned: whoever has the paper may see how its case stands, and nothing more."""
    if turn.request.method != "POST":
        return turn.redirect("/p/progress")
    take(turn.site.throttle("check", *_CHECKS), turn.address)
    found = vouching.mark(turn.field("mark")[:5000])
    said = found.said
    if found.verdict == "genuine" and said is not None:
        for case_id in turn.site.backend.lives.numbered(said.case_no):
            if serial_of(case_id) == said.serial:
                looking.admit(turn, case_id, looking.LOOK)
                return turn.redirect("/p/case")
    return _vouched(turn, found, 404)


def _leave(turn: Turn) -> Response:
    looking.leave(turn)
    return turn.redirect("/p/")


# -- one case -----------------------------------------------------------------------------------------


def _case(turn: Turn) -> Response:
    ticket = looking.ticket(turn)
    if ticket is None:
        return turn.redirect("/p/progress")
    seen, holder = _seen(turn, ticket.case_id), ticket.scope == looking.ACT
    said, rated = turn.query("said"), seen.rated
    return turn.render(
        "public/case.html", seen=seen, state=seen.shown.state, tone=TONES.get(seen.shown.state, "plain"), holder=holder,
        said=said if said in SAID else "",
        supplements=holder and May.SUPPLEMENT in seen.stands.may and bool(seen.shown.lacking),
        adds=holder and rated is not None and rated.added == 0, rates=_rates(seen) and holder,
        rating=None if rated is None or not holder else _words(turn, rated),
    )  # fmt: skip


def _words(turn: Turn, rated: wire.CaseRating) -> dict[str, object]:
    """The rating and what came of it, in words."""
    language = turn.language
    return {
        "level": level_word(rated.level).of(language),
        "reasons": reasons(rated.level, tuple(rated.options), language),
        "task": TaskState(rated.task).word.of(language) if rated.task else "",
        "due": "" if rated.answered else rated.due,
        "finding": finding_word(rated.finding).of(language) if rated.finding else "",
        "longer": "" if rated.answered else rated.longer,
        "answer": rated.answer,
        "answered": rated.answered,
        "added": level_word(rated.added).of(language) if rated.added else "",
    }


def _seen(turn: Turn, case_id: str) -> Seen:
    backend = turn.site.backend
    known = backend.lives.known(case_id)
    stands = known.stand(turn.now, backend.lives.calendar())
    life = known.life
    shown = progress(stands, case_id, life.case_no, life.service_id, known.about.name, here=False)
    return Seen(known, stands, shown, backend.ratings.shown([case_id]).get(case_id))


def _supplement(turn: Turn) -> Response:
    """All that is lacking, at once; what was chosen is chosen anew where one file is not taken: a browser forgets."""
    ticket = looking.acting(turn)
    seen = _seen(turn, ticket.case_id)
    asked = lacking(seen.shown)
    if May.SUPPLEMENT not in seen.stands.may or not asked:
        return turn.redirect("/p/case?said=not_asked")
    if turn.request.method != "POST":
        return _ask(turn, seen)
    take(turn.site.throttle("upload", *_UPLOADS), turn.address)
    errors: dict[str, str] = {}
    papers: list[Paper] = []
    for place, (key, _) in enumerate(asked):
        field, found = f"paper{place}", turn.files(f"paper{place}")
        if not found or len(found) > EACH:
            errors[field] = "none" if not found else "many"
        for file in found if field not in errors else ():
            try:
                papers.append(Paper(key, *uploads.cleaned(file.file.read())))
            except uploads.NotTakenError as error:
                errors[field] = error.code
                break
    if turn.field("true") != "yes":
        errors["true"] = "true"
    if errors:
        return _ask(turn, seen, errors)
    answer = supplement(turn.site.backend, ticket.case_id, papers, turn.field("note"))
    return turn.redirect(f"/p/case?said={answer if answer in SAID else 'waits'}")


def _ask(turn: Turn, seen: Seen, errors: dict[str, str] | None = None) -> Response:
    asked = [(f"paper{place}", text) for place, (_, text) in enumerate(lacking(seen.shown))]
    return turn.render(
        "public/supplement.html", 422 if errors else 200, seen=seen, asked=asked, errors=errors or {}, accept=ACCEPT,
        each=EACH, megabytes=uploads.LARGEST // 1024 // 1024, note=turn.field("note"), most=wire.MAX_NOTE,
    )  # fmt: skip


def _rates(seen: Seen) -> bool:
    """Whether it may be rated now for the first time: as at a terminal (kiosk.domain.my_case)."""
    return seen.rated is None and seen.shown.state.final


def _rating(turn: Turn) -> Response:
    """The rating of a case that has none yet, or one word more about it (追评): nothing is chosen beforehand."""
    ticket = looking.acting(turn)
    seen = _seen(turn, ticket.case_id)
    first = _rates(seen)
    if not first and (seen.rated is None or seen.rated.added):
        return turn.redirect("/p/case")
    chosen = turn.field("level")
    if turn.request.method == "POST" and chosen in {str(value) for value, _ in levels("zh_CN")}:
        return turn.redirect(f"/p/case?said={_rate(turn, ticket.case_id, int(chosen), first=first)}")
    wrong = turn.request.method == "POST"
    return turn.render(
        "public/rating.html", 422 if wrong else 200, seen=seen, wrong=wrong, first=first,
        rating=None if seen.rated is None else _words(turn, seen.rated),
        levels=[(value, text, options(value, turn.language) if first else ()) for value, text in levels(turn.language)],
        said=turn.field("said"), most=wire.MAX_NOTE,
    )  # fmt: skip


def _rate(turn: Turn, case_id: str, level: int, *, first: bool) -> str:
    """What its page says then. Reasons of another level than the one that was chosen do not count."""
    ratings, words = turn.site.backend.ratings, turn.field("said")
    if not first:
        return "added" if ratings.add(case_id, level, (), words) else ""
    known = {code for code, _ in options(level, "zh_CN")}
    codes = sorted(known.intersection(turn.fields("why")))
    return "rated" if ratings.rate(case_id, level, codes, words) else ""


# -- is a paper genuine -------------------------------------------------------------------------------


def _check(turn: Turn, vouching: Vouching) -> Response:
    if turn.request.method != "POST":
        return turn.render("public/check.html", error="", megabytes=uploads.LARGEST // 1024 // 1024)
    take(turn.site.throttle("check", *_CHECKS), turn.address)
    files, text = turn.files("paper"), turn.field("code")[:5000]
    try:
        if files:
            found = vouching.file(files[0].file.read())
        elif text:
            found = vouching.mark(text)
        else:
            raise uploads.NotTakenError("none")
    except uploads.NotTakenError as error:
        return turn.render("public/check.html", 422, error=error.code, megabytes=uploads.LARGEST // 1024 // 1024)
    return _vouched(turn, found)


def _vouched(turn: Turn, found: Vouched, status: int = 200) -> Response:
    printed = None if found.said is None else moment(found.said.printed_at)
    verdict = "sample" if found.void else found.verdict
    tone = VERDICT_TONES.get(verdict, "warn")
    # The verdict on a sample says what these notes say.
    notes = [note for note in found.notes if verdict != "sample" or note not in ("sample", "test")]
    return turn.render(
        "public/vouched.html", status, found=found, notes=notes, verdict=verdict, tone=tone, printed=printed
    )
