"""What is said of the form, the papers, the promise, the review and the signature. See speech.py."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.visit import screen as s
from kiosk.visit.speech_line import Line, Say


def form(body: s.FormBody, say: Say) -> Iterator[Line]:
    """What was typed is said with the page, not with every key."""
    yield Line(say("form.count", body.index, body.total))
    yield Line(body.title)
    if body.complaint:
        yield Line(body.complaint, live=True)
    yield Line(body.help)
    for option in body.options:
        chosen = f"{say('speech.chosen')}: " if option.chosen else ""
        yield Line(f"{chosen}{option.label}{f'. {option.detail}' if option.detail else ''}")
    if body.hidden:
        yield from (Line(say("speech.answer", body.hidden)), Line(say("form.hidden")))
    elif body.value and not body.options:
        yield Line(say("speech.answer", f"{body.value}{body.unit}" if body.unit else body.value))
    yield Line(body.preview)
    if body.unlent:
        yield Line(say(f"form.unlent.{body.unlent}", body.licence))
    if body.suggestions and not body.value and not body.hidden:
        yield Line(say("form.suggested"))
        yield from (Line(each.label) for each in body.suggestions)
    if body.read:
        yield Line(say(f"form.read.{'confirm' if body.read == 'unconfirmed' else 'offered'}"), live=True)
        yield Line(say("form.read.right"))
    elif body.reading:
        yield Line(say("form.reading"), live=True)
    elif body.scan:
        yield Line(say("form.scan"))


def material(body: s.MaterialBody, say: Say) -> Iterator[Line]:
    """The hints of the live picture are not in the snapshot: the window says them (ui/speech.py)."""
    if body.stage == "taken":
        yield from (Line(say("desk.look"), live=True), Line(say("desk.look.lead")))
    else:
        yield from (Line(say("desk.title", body.label)), Line(body.help))
    if body.stage == "taking":
        yield Line(say("desk.still"), live=True)
    if body.problem:
        yield Line(_problem(body, say), live=True)
    if body.pages:
        yield Line(say("desk.count", len(body.pages)))
    if body.phone and body.stage != "taken":
        yield Line(say("desk.phone" if body.phone == "can" else "desk.phone.offline"))
    if not body.fills and body.skippable and body.stage != "taken":
        yield Line(say("desk.skip.later", body.later) if body.later else say("desk.skip"))


def upload(body: s.UploadBody, say: Say) -> Iterator[Line]:
    """What a code leads to cannot be heard: who does not see it takes the document camera."""
    if body.stage == "look":
        yield from (Line(say("upload.look"), live=True), Line(say("upload.look.lead", body.number)))
        yield Line(say("upload.more", body.more) if body.more else "")
    else:
        yield from (Line(say("upload.title", body.label)), Line(say("upload.lead")))
        if not body.problem:
            yield Line(say(f"upload.{body.stage}"), live=True)
    if body.problem:
        yield Line(say(f"upload.problem.{body.problem}"), live=True)
    if body.count:
        yield Line(say("upload.count", body.count))


def _problem(body: s.MaterialBody, say: Say) -> str:
    if body.problem == "slow":
        return say("desk.slow")
    if body.problem != "lost":
        return say("desk.missed", say(f"desk.hint.{body.problem}"))
    if body.later and body.skippable and not body.fills:
        return say("desk.lost.later", body.later)
    return say(f"desk.lost.{'fills' if body.fills else 'skip' if body.skippable else 'wait'}")


def commitment(body: s.CommitmentBody, say: Say) -> Iterator[Line]:
    yield from (Line(body.title), Line(body.notice))
    if body.replaces:
        yield Line(say("commit.replaces", body.replaces))
    for number, (clause, agreed) in enumerate(body.clauses, 1):
        yield Line(say("speech.clause.agreed" if agreed else "speech.clause", number, clause))
    if body.otherwise:
        yield Line(say("commit.otherwise", body.otherwise))
    missing = sum(not agreed for _, agreed in body.clauses)
    if missing:
        yield Line(say("commit.every", missing))


def review(body: s.ReviewBody, say: Say) -> Iterator[Line]:
    yield Line(say("review.title"))
    if body.problem:
        yield Line(say(f"review.problem.{body.problem}"), live=True)
    yield Line(say("review.lead" if any(line.editable for line in body.lines) else "review.fixed"))
    for line in body.lines:
        yield Line(line.group)
        yield Line(say("speech.row", line.label, line.value, say(f"origin.{line.origin}")))
    if body.keepable:
        names = say("review.remember.and").join(body.keepable)
        yield from (Line(say("review.remember", names)), Line(say("review.remember.detail", body.keep_days)))
    if body.known_until:
        yield Line(say("review.known", body.known_until))
    yield Line(say("review.end", len(body.lines)))
    yield Line(say("review.promise.sign" if body.signature else "review.promise.submit"))


def sign(body: s.SignBody, say: Say) -> Iterator[Line]:
    yield Line(say("sign.title"))
    yield Line(say("sign.lead.name", body.name) if body.name else say("sign.lead"))


def query(body: s.QueryBody, say: Say) -> Iterator[Line]:
    key = f"query.{body.problem}" if body.problem else "query"
    yield from (Line(body.name), Line(say(f"{key}.title"), live=True), Line(say(f"{key}.lead", body.office), live=True))
    if body.problem:
        yield from (Line(body.elsewhere), Line(say("query.nothing_kept")))


def licence(body: s.LicenceBody, say: Say) -> Iterator[Line]:
    key, news = f"licence.{body.problem or body.stage}", body.stage != "consent"
    yield from (Line(say(f"{key}.title", body.name), live=news), Line(say(f"{key}.lead", body.keeper), live=news))
    if body.stage == "consent":
        between = say("licence.and")
        yield Line(say("licence.untyped", between.join(body.answers)) if body.answers else "")
        yield Line(say("licence.unscanned", between.join(body.papers)) if body.papers else "")
        yield Line(say("licence.once"))
    for label, value in body.lines:
        yield Line(f"{label}: {value}", live=True)
    if body.stage != "failed":
        yield Line(say("licence.other" if body.stage == "found" else "licence.decline"))


def resume(body: s.ResumeBody, say: Say) -> Iterator[Line]:
    yield Line(say("resume.title"))
    if body.saved:
        yield Line(say("resume.lead", body.answered, body.total, body.saved, body.name))
    yield Line(say("resume.anew"))
    if body.until:
        yield Line(say("resume.until", body.until))
    yield from (Line(say("resume.erase")), Line(say("resume.erase.detail")))


def keep(body: s.KeepBody, say: Say) -> Iterator[Line]:
    yield from (Line(say("keep.title")), Line(say("keep.lead", body.name)))
    if body.problem:
        yield Line(say(f"keep.problem.{body.problem}"), live=True)
    said = [*(["replaces"] if body.replaces else []), *(["pages"] if body.pages else []), "where", "who", "end"]
    yield from (Line(say(f"keep.meaning.{word}")) for word in said)
    if body.keeping:
        yield Line(say("keep.keeping"), live=True)
