"""The readiness report (就绪报告): what was tested when, what is wrong now, what runs out when; on a page and on paper.

Pure. It is made of message keys and codes alone, so nothing of a person can come on it; ``flat`` turns them into words
for a paper, by whoever knows words (``Speak``: ``ui.words.word`` of one language).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kiosk.documents import readiness as layout
from kiosk.domain.beijing import CHINA
from kiosk.domain.papers import PaperContent
from kiosk.maintenance import words
from kiosk.maintenance.moments import moment
from kiosk.maintenance.screen import Said, Tone, plain

if TYPE_CHECKING:
    from devices.contracts.device import Status
    from kiosk.domain.place import Place
    from kiosk.health.proofs import Proof

Speak = Callable[[str, Sequence[Any]], str]
"""A message key and its values to words. KeyError for a key that has none."""
ENGLISH = "Readiness report · every test with date and result"


@dataclass(frozen=True, slots=True)
class Line:
    """One row: ``tone`` is its state, ``when`` of its test."""

    key: str
    title: Said
    tone: Tone
    words: Said
    when: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    lines: tuple[Line, ...]

    @property
    def title(self) -> Said:
        return Said(f"maint.report.section.{self.name}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a report is made of. ``at``: Beijing time; ``terminal``: its number, "" before it is enrolled. ``supplies``,
    ``queue``, ``versions``: lines already."""

    at: datetime
    terminal: str = ""
    proofs: Sequence[Proof] = ()
    statuses: Mapping[str, Status] | None = None
    supplies: tuple[Line, ...] = ()
    queue: tuple[Line, ...] = ()
    versions: tuple[Line, ...] = ()
    test: bool = False


def sections(seen: Seen) -> tuple[Section, ...]:
    """Wrong first, then what was tested, then what runs out, what waits, what runs here."""
    found = (
        Section("faults", _faults(seen.statuses or {})),
        Section("tests", _tests(seen.proofs)),
        Section("supplies", seen.supplies),
        Section("queue", seen.queue),
        Section("versions", seen.versions),
    )
    return tuple(section for section in found if section.lines)


def standing(found: Sequence[Section]) -> Tone:
    """``unknown`` is never well: what nobody could tell wants a look."""
    tones = {line.tone for section in found for line in section.lines}
    return "broken" if "broken" in tones else "attention" if tones & {"attention", "unknown"} else "ok"


def counts(proofs: Sequence[Proof]) -> tuple[int, int, int]:
    """Passed, failed, unsure."""
    told = [proof.outcome for proof in proofs]
    return told.count("passed"), told.count("failed"), told.count("unsure")


def _faults(statuses: Mapping[str, Status]) -> tuple[Line, ...]:
    """What every device says is wrong with it now."""
    lines: list[Line] = []
    for kind, status in statuses.items():
        name = words.device(kind)
        if not status.faults and not status.usable:
            state = {"unknown": "unknown", "starting": "starting"}.get(status.state.value, "away")
            lines.append(Line(f"fault-{kind}", name, "unknown", Said(f"maint.report.state.{state}")))
        for number, fault in enumerate(status.faults):
            tone: Tone = "broken" if fault.blocking else "attention"
            told = plain(words.fault(fault.code), f" ({fault.code})")
            lines.append(Line(f"fault-{kind}-{number}", name, tone, told))
    return tuple(lines) or (Line("fault-none", Said("maint.report.no_faults"), "ok", plain("")),)


def _tests(proofs: Sequence[Proof]) -> tuple[Line, ...]:
    lines = [
        Line(
            f"proof-{one.subject}-{one.test}",
            plain(words.device(one.subject), " · ", Said(f"maint.tests.test.{one.test}")),
            words.tone(one),
            plain(Said(f"maint.common.outcome.{one.outcome}"), " · ", _said(one)),
            moment(one.at),
        )
        for one in sorted(proofs, key=lambda one: (one.subject, one.test))
    ]
    return tuple(lines) or (Line("proof-none", Said("maint.report.no_tests"), "unknown", plain("")),)


def _said(one: Proof) -> Said:
    """A device's fault is told by the fault's own words, whichever of its values the code is."""
    if one.code == words.DEVICE_FAULT and one.values:
        fault = words.fault(one.values[-1])
        return Said(f"maint.proof.{one.code}", (fault, fault))
    return Said(f"maint.proof.{one.code}", one.values)


# -- on paper --------------------------------------------------------------------------------------------


def flat(said: Said, speak: Speak) -> str:
    """In words. A code that has none is shown as it is: a report never fails for want of a word."""
    values = [flat(value, speak) if isinstance(value, Said) else value for value in said.values]
    if not said.key:
        return "".join(map(str, values))
    try:
        return speak(said.key, values)
    except (KeyError, IndexError):
        return said.key.rpartition(".")[2]


def content(seen: Seen, place: Place, speak: Speak, *, number: str, short: bool = False) -> PaperContent:
    """``number``: of this report, as it stands on it and in its mark. ``short``: for the receipt printer: only what is
    not well, and what runs out."""
    found = sections(seen)
    tone = standing(found)

    def say(key: str, *values: str | int) -> str:
        return flat(Said(f"maint.report.{key}", values), speak)

    at = f"{seen.at.astimezone(CHINA):%Y-%m-%d %H:%M}"
    terminal, standing_words, told = seen.terminal or say("not_enrolled"), say(f"standing.{tone}"), ""
    told = say("counts", *counts(seen.proofs))
    rows: list[tuple[str, str]] = []
    for section in _shortened(found) if short else found:
        rows.append(layout.section(flat(section.title, speak)))
        rows += [
            layout.row(flat(line.title, speak), line.tone, flat(line.words, speak), line.when) for line in section.lines
        ]
    return PaperContent(
        paper_id=layout.PAGE, kind="report", template=layout.RECEIPT if short else layout.PAGE, title=say("paper"),
        case_id=number, case_no=number, rows=tuple(rows), test=seen.test,
        values={
            "place": f"{place.district}{place.street} · {place.terminal}", "english": ENGLISH, "terminal": terminal,
            "at": at, "number": number, "tone": tone, "standing": standing_words, "counts": told,
            "label_terminal": say("terminal"), "label_at": say("at"), "label_number": say("number"),
        },
        qr=place.progress_url or number,
        mark={
            "item": layout.PAGE, "service": layout.PAGE, "outcome": "received", "rung": "receipt",
            "at": seen.at.isoformat(), "shown": "\n".join((terminal, at, standing_words, told)),
        },
    )  # fmt: skip


def _shortened(found: Sequence[Section]) -> list[Section]:
    kept = [
        Section(section.name, lines)
        for section in found
        if (lines := tuple(line for line in section.lines if line.tone not in ("ok", "plain")))
    ]
    return kept or [Section("faults", (Line("fault-none", Said("maint.report.no_faults"), "ok", plain("")),))]
