"""The page of one case, its papers, and what is sent from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from starlette.responses import Response

from kiosk import wire
from kiosk.backend.certificates import NotCertified
from kiosk.backend.console.acting import FOUR_EYES, Proposed, Refused, Wanted, offered
from kiosk.backend.console.casefile import TYPES, CaseFile, NoPage
from kiosk.backend.console.gate import staff_of
from kiosk.backend.console.roles import Matter, may_check, may_take, sees, why_not
from kiosk.backend.desks import above
from kiosk.backend.lives_about import name_in
from kiosk.backend.settings import BackendError
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.turn import Turn
from kiosk.domain.life import Deed, Lack, LifeError, Stand
from kiosk.domain.life_table import rule
from kiosk.domain.text import EMPTY, Text

MOST_TEXT = 1000  # characters of a reason
NOTES = 50  # entries of the log that are shown
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
PDF = "application/pdf"
ZOOMS = (1, 2, 3)


def show(turn: Turn) -> Response:
    return _show(turn, _case_id(turn))


def take(turn: Turn) -> Response:
    case_id = _case_id(turn)
    return _tried(turn, case_id, lambda: turn.site.backend.console.acting.take(staff_of(turn), case_id))


def release(turn: Turn) -> Response:
    case_id = _case_id(turn)
    turn.site.backend.console.acting.release(staff_of(turn), case_id)
    return turn.redirect("/console/queue")


def act(turn: Turn) -> Response:
    case_id, acting = _case_id(turn), turn.site.backend.console.acting
    file = turn.site.backend.console.files.read(case_id)
    wanted = _wanted(turn, file)

    def work() -> None:
        if wanted.deed is Deed.CORRECTED:
            _correct(turn, case_id, wanted, file)
        acting.act(staff_of(turn), case_id, wanted)

    return _tried(turn, case_id, work, wanted.deed.value)


def confirm(turn: Turn) -> Response:
    case_id, acting = _case_id(turn), turn.site.backend.console.acting
    return _tried(turn, case_id, lambda: acting.confirm(staff_of(turn), case_id, _seen(turn)))


def put_back(turn: Turn) -> Response:
    case_id, acting = _case_id(turn), turn.site.backend.console.acting
    return _tried(turn, case_id, lambda: acting.put_back(staff_of(turn), case_id))


def check(turn: Turn) -> Response:
    case_id, acting = _case_id(turn), turn.site.backend.console.acting
    return _tried(turn, case_id, lambda: acting.check(staff_of(turn), case_id, turn.field("found")))


def page(turn: Turn) -> Response:
    """The bytes of one page, opened in memory, for this answer alone."""
    case_id = _case_id(turn)
    try:
        data, media_type = turn.site.backend.console.files.page(case_id, int(turn.path("number")))
    except NoPage:
        raise WebError("not-found") from None
    if media_type == PDF:
        headers = {"content-disposition": "inline", "content-security-policy": PICTURE_POLICY.removesuffix("; sandbox")}
        return Response(data, media_type=PDF, headers=headers)
    if media_type not in TYPES:  # nothing that a browser would run
        return Response(data, media_type="application/octet-stream", headers={"content-disposition": "attachment"})
    return Response(data, media_type=media_type, headers={"content-security-policy": PICTURE_POLICY})


def view(turn: Turn) -> Response:
    """One page of a paper alone, as large as is wanted."""
    case_id, number = _case_id(turn), int(turn.path("number"))
    file = turn.site.backend.console.files.read(case_id)
    found = next((each for each in file.pages if each.number == number), None)
    if found is None or not found.is_picture:
        raise WebError("not-found")
    asked = turn.query("zoom", "1")
    zoom = int(asked) if asked in {str(each) for each in ZOOMS} else 1
    return turn.render("console/page.html", case_id=case_id, page=found, pages=file.pages, zoom=zoom, zooms=ZOOMS)


def certificate(turn: Turn) -> Response:
    case_id = _case_id(turn)
    try:
        pdf = turn.site.backend.certificates.of(case_id).pdf
    except NotCertified:
        raise WebError("not-found") from None
    headers = {"content-disposition": "inline", "content-security-policy": PICTURE_POLICY.removesuffix("; sandbox")}
    return Response(pdf, media_type=PDF, headers=headers)


# -- what is sent from the page -----------------------------------------------------------------------


def _wanted(turn: Turn, file: CaseFile) -> Wanted:
    """The deed as it was filled in: sentences of the pack in both languages, one's own as they are."""
    try:
        deed = Deed(turn.field("deed"))
    except ValueError:
        raise WebError("bad-form") from None
    review = None if file.pack is None else file.pack.review
    phrases = () if review is None else review.phrases.get(deed.value, ())
    said = _chosen(phrases, turn.fields("phrase"))
    own = [line.strip()[:MOST_TEXT] for line in turn.field("reason")[:MOST_TEXT].splitlines() if line.strip()]
    texts = [*said, *(Text(line, line) for line in own)]
    lacking: tuple[Lack, ...] = ()
    if rule(deed).lacking:
        names = file.names()
        papers = tuple(Lack(names[key], key) for key in turn.fields("material") if key in names)
        lacking, texts = (*papers, *(Lack(each) for each in texts)), []
    points = () if review is None or deed is not Deed.APPROVED else review.checklist
    ticked = _chosen(points, turn.fields("point"))
    return Wanted(
        deed, _seen(turn), _joined(texts), lacking, turn.field("desk") if deed is Deed.FORWARDED else "",
        turn.field("approval")[:64], tuple(ticked), len(points) - len(ticked),
    )  # fmt: skip


def _chosen(texts: Sequence[Text], places: Sequence[str]) -> list[Text]:
    """Those that were ticked, by their place as the page has it."""
    return [each for at, each in enumerate(texts) if str(at) in places]


def _joined(texts: list[Text]) -> Text:
    if not texts:
        return EMPTY
    return Text("\n".join(each.zh for each in texts), "\n".join(each.en for each in texts))


def _correct(turn: Turn, case_id: str, wanted: Wanted, file: CaseFile) -> None:
    """The paper's next version, where a field of it is to be put right; what has no paper is put right by the word."""
    key, value = turn.field("correct"), turn.field("value")[:200]
    if not key or not value:
        return
    if key not in {each.key for each in file.correctable()}:  # no page of ours has offered it
        raise WebError("bad-form")
    backend, who = turn.site.backend, staff_of(turn)
    matter = backend.console.acting.matter(case_id)
    if why_not(who.scope, Deed.CORRECTED, matter):
        raise Refused("right-decides")
    backend.console.acting.check_hold(who, case_id, wanted)
    try:
        backend.certificates.correct(case_id, {key: value}, "clerical-error")
    except NotCertified as error:
        raise Refused("not-certified") from error


def _tried(turn: Turn, case_id: str, work: Callable[[], object], deed: str = "") -> Response:
    """Does it, and shows the case as it stands; or shows the same page with what stood in the way."""
    try:
        work()
    except Refused as refused:
        return _show(turn, case_id, refused.code, deed)
    except LifeError as error:
        return _show(turn, case_id, error.code, deed)
    except BackendError as error:
        if error.retryable or error.code == "no-such-case":
            raise
        return _show(turn, case_id, "backend", deed)
    return turn.redirect(f"/console/cases/{case_id}")


# -- the page -----------------------------------------------------------------------------------------


def _show(turn: Turn, case_id: str, refused: str = "", deed: str = "") -> Response:
    console, who, now = turn.site.backend.console, staff_of(turn), turn.now
    file = console.files.read(case_id)
    known, beside = file.known, console.acting.beside(who, file.known.life, NOTES)
    matter, holder, proposed, later = beside.matter, beside.holder, beside.proposed, beside.later
    stands = known.stand(now, console.lives.calendar())
    mine, log = holder is not None and holder[0] == who.staff_id, beside.log
    names = console.accounts.names([each.staff_id for each in log] + ([holder[0]] if holder else []))
    if not refused:
        console.accounts.note(who, "look", case_id)
    theirs = console.acting.seen_by(who, [life for life, _ in file.others])
    others = [each for each in file.others if each[0].case_id in theirs]
    elsewhere = sum(life.case_id not in theirs and life.service_id == matter.service_id for life, _ in file.others)
    confirms = (
        proposed is not None and not proposed.stale and proposed.staff_id != who.staff_id
        and not why_not(who.scope, proposed.deed, matter)
    )  # fmt: skip
    return turn.render(
        "console/case.html", 200 if not refused else 409, file=file, others=others, elsewhere=elsewhere,
        name=name_in(known.life), stands=stands, matter=matter, mine=mine,
        holder=names.get(holder[0], "") if holder else "", until=_moment(holder[1]) if holder else None,
        may_take=may_take(who.scope, matter), deeds=_deeds(file, matter, stands, turn, proposed) if mine else (),
        refused=refused, tried=deed, later=later, may_check=later is not None and not later[1]
        and may_check(who.scope, matter), may_revoke=not why_not(who.scope, Deed.VOIDED, matter), log=log, names=names,
        proposed=proposed, confirms=confirms, above=above(matter.desk) if matter.desk else (),
        typed=turn.field("reason"), corrects=turn.field("correct"), corrected=turn.field("value"), rule=rule,
    )  # fmt: skip


def _deeds(file: CaseFile, matter: Matter, stands: Stand, turn: Turn, proposed: Proposed | None) -> tuple[Deed, ...]:
    """What is offered; where a decision waits to be confirmed, no other one beside it."""
    found = offered(staff_of(turn), matter, file.known, stands)
    waits = proposed is not None and not proposed.stale
    found = tuple(each for each in found if not (waits and each in FOUR_EYES))
    return tuple(each for each in found if each is not Deed.FORWARDED or above(matter.desk))


def _case_id(turn: Turn) -> str:
    """A case that this person may see; any other is as if there were none."""
    case_id = turn.path("case_id")
    if not wire.ID.fullmatch(case_id):
        raise WebError("not-found")
    if not sees(staff_of(turn).scope, turn.site.backend.console.acting.matter(case_id)):
        raise WebError("not-found")
    return case_id


def _seen(turn: Turn) -> int:
    seen = turn.field("seen")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 7):
        raise WebError("bad-form")
    return int(seen)


def _moment(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
